# SPDX-License-Identifier: MIT
[Profile]
Description=A program that nobody knows: another user, on a copy of the project, the strictest filter
Inherit=base
# Where the host gives no cgroup for them (`sandbox doctor`) it runs without.
Optional=MemoryMax TasksMax CPUWeight

[Filesystem]
CopyOnWritePaths=.

[User]
Identity=separate

[Seccomp]
SystemCallFilter=~@chown ~@setuid ~@memlock ~@pkey ~@sandbox ~@aio ~@resources ~process_vm_readv ~process_vm_writev ~kcmp ~name_to_handle_at
RestrictAddressFamilies=
RestrictAddressFamilies=AF_INET
RestrictSUIDSGID=yes

[Resources]
MemoryMax=50%
TasksMax=1024
CPUWeight=50
