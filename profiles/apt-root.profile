# SPDX-License-Identifier: MIT
#
#	sandbox -p apt-root -n tools apt-get update
#	sandbox -p apt-root -n tools apt-get install -y jq
#	sandbox -p apt-root -n tools jq . data.json
#
# Root of the sandbox and nobody in particular on the host, on a copy of the whole system: what packages install is there
# for whoever runs something under the same name, and the host does not have it.
#
# The mirrors are those of the host's sources.list(5); passwords for them (/etc/apt/auth.conf.d) are the host's root's
# to read, and so are not in the copy. A mirror that sends elsewhere (a redirect) needs --allow HOST.
[Profile]
Description=apt-get and dpkg as root of a copy of the system: apt's mirrors, and no other host
Inherit=base
# Where the host gives no cgroup for them (`sandbox doctor`) it runs without.
Optional=MemoryMax TasksMax

[Filesystem]
CopyOnWritePaths=/
# `apt-get install ./package.deb`, `apt-get build-dep .`: maintainer scripts may read the project, and nothing else of
# the caller's.
ReadOnlyPaths=.

[User]
Identity=root

[Network]
Mode=private
AllowHosts=@apt

[Resources]
MemoryMax=75%
TasksMax=4096

[Environment]
PassEnvironment=DEBIAN_FRONTEND DEBIAN_PRIORITY
