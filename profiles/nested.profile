# SPDX-License-Identifier: MIT
[Profile]
Description=Programs that make sandboxes of their own: bubblewrap, podman, browsers, sandbox
Inherit=shell

[Seccomp]
# A user namespace gives its maker rights over what it makes; much more of the kernel can be reached.
RestrictNamespaces=no
# The keys of the caller's sessions are in reach of the caller's id; as on a kernel that has none.
SystemCallFilter=@mount @keyring:ENOSYS sethostname setdomainname
RestrictAddressFamilies=
RestrictSUIDSGID=no
