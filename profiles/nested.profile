# SPDX-License-Identifier: MIT
[Profile]
Description=Programs that make sandboxes of their own: bubblewrap, podman, browsers, sandbox
Inherit=shell

[Seccomp]
# A user namespace gives its maker rights over what it makes; much more of the kernel can be reached.
RestrictNamespaces=no
SystemCallFilter=@mount sethostname setdomainname
RestrictAddressFamilies=
RestrictSUIDSGID=no
