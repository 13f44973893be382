# SPDX-License-Identifier: MIT
[Profile]
Description=Look but do not touch: the working directory is read-only, no home, no network
Inherit=base

[Filesystem]
ReadOnlyPaths=.

[Seccomp]
RestrictSUIDSGID=yes
