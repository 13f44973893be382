# SPDX-License-Identifier: MIT
[Profile]
Description=Work on the project in the working directory, offline: shells, editors, git, debuggers
Inherit=base

[Filesystem]
ReadWritePaths=.
ReadOnlyPaths=-~/.gitconfig -~/.config/git

[Seccomp]
# ptrace(2) reaches the program's own children, and nothing else that is in the sandbox.
SystemCallFilter=@debug
LockPersonality=no

[Environment]
PassEnvironment=CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS GIT_AUTHOR_* GIT_COMMITTER_*
