# SPDX-License-Identifier: MIT
[Profile]
Description=Compile and test the project in the working directory, offline
Inherit=base
# Where the host gives no cgroup for them (`sandbox doctor`) it runs without.
Optional=MemoryMax TasksMax

[Filesystem]
ReadWritePaths=.
# A build reads the repository at most (git describe); nothing in it that the host would run later can change.
ProtectGit=all

[Seccomp]
# Also with --user root, where it is not the rule.
RestrictSUIDSGID=yes

[Resources]
MemoryMax=75%
TasksMax=4096

[Environment]
PassEnvironment=CC CXX CPP AR AS LD NM RANLIB STRIP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS LDLIBS
PassEnvironment=MAKEFLAGS MAKELEVEL MFLAGS CONFIG_SITE PKG_CONFIG* CMAKE_* NINJA_STATUS DESTDIR V
