# SPDX-License-Identifier: MIT
[Profile]
Description=Look but do not touch: changes to the working directory go into a copy, no home, no network
Inherit=base

[Filesystem]
CopyOnWritePaths=.
