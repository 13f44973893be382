# SPDX-License-Identifier: MIT
# What every profile begins with. Changing it changes all of them.
[Profile]
Description=The ground of all profiles: no home, no network, no namespaces

[Filesystem]
Root=host
# Homes are gone; an empty one of the program's own is in the place of the caller's.
InaccessiblePaths=-/home
TemporaryFileSystem=/tmp /run -/root -/var/tmp -~
# Other people's disks and trees; a project on one of them is visible again by the profile that opens it.
InaccessiblePaths=-/media -/mnt -/srv
ProtectGit=yes
Landlock=auto

[User]
Identity=self
Hostname=sandbox

[Seccomp]
SystemCallFilter=@system-service @sandbox @pkey
SystemCallErrorNumber=EPERM
RestrictNamespaces=yes
# No AF_UNIX: a socket of the host that is in view cannot be told from one of the program's own. socketpair(2) works.
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes

[Network]
Mode=none

[Environment]
PassEnvironment=PATH TERM COLORTERM NO_COLOR LANG LANGUAGE LC_* TZ COLUMNS LINES EDITOR VISUAL PAGER SOURCE_DATE_EPOCH
