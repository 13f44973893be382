# SPDX-License-Identifier: MIT
[Profile]
Description=Packages on a copy of the host's own root
Inherit=base

[Filesystem]
WorkingDirectory=/
CopyOnWritePaths=/

[User]
Identity=root
