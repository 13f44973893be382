# SPDX-License-Identifier: MIT
[Profile]
Description=A copy that has to be the kernel's
Inherit=base

[Filesystem]
WorkingDirectory=/
CopyOnWritePaths=/var
Overlay=kernel
