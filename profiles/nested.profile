# SPDX-License-Identifier: MIT
[Profile]
Description=Programs that make sandboxes of their own: bubblewrap, podman, browsers, sandbox
Inherit=shell

[Filesystem]
# The copy of a tree in which something is mounted, as on .git here, needs it. With a file system of its own a program
# can hold up who reads its files or memory, ps(1) too, and the kernel itself in attacks on races.
DeviceAllow=-/dev/fuse

[Seccomp]
# A user namespace gives its maker rights over what it makes; much more of the kernel can be reached.
RestrictNamespaces=no
# The keys of the caller's sessions are in reach of the caller's id; as on a kernel that has none.
SystemCallFilter=@mount @keyring:ENOSYS sethostname setdomainname
RestrictAddressFamilies=
RestrictSUIDSGID=no
