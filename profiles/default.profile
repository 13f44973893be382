# SPDX-License-Identifier: MIT
[Profile]
Description=Look but do not touch: changes to the working directory go into a copy, no home, no network
Inherit=base
# Where the host gives no cgroup for them (`sandbox doctor`) it runs without.
Optional=MemoryMax TasksMax

[Filesystem]
CopyOnWritePaths=.

[Resources]
MemoryMax=75%
TasksMax=4096
