# SPDX-License-Identifier: MIT
[Profile]
Description=Copies, one in another, with real and hidden places in them
Inherit=base

[Filesystem]
CopyOnWritePaths=. /var/lib /var/spool
ReadOnlyPaths=/var/lib/service
InaccessiblePaths=/var/mail
NoExecPaths=/var/lib/service
Keep=yes
