# SPDX-License-Identifier: MIT
[Profile]
Description=A program that nobody knows: another user, nothing to change, the strictest filter
Inherit=base

[Filesystem]
ReadOnlyPaths=.

[User]
Identity=separate

[Seccomp]
SystemCallFilter=~@chown ~@setuid ~@memlock ~@pkey ~@sandbox ~@aio ~@resources ~process_vm_readv ~process_vm_writev ~kcmp ~name_to_handle_at
RestrictAddressFamilies=
RestrictAddressFamilies=AF_INET
RestrictSUIDSGID=yes
