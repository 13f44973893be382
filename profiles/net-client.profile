# SPDX-License-Identifier: MIT
[Profile]
Description=A client of the network: the project is read-only, and the loopback of this host closed
Inherit=base

[Filesystem]
ReadOnlyPaths=.

[Network]
Mode=private
