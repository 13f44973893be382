# SPDX-License-Identifier: MIT
[Profile]
Description=A program that talks to the network, and neither to this host nor to your files
Inherit=base

[Filesystem]
ReadOnlyPaths=.

[Network]
Mode=private
