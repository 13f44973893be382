#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# core.fsmonitor, core.hooksPath, core.pager, aliases, filters: the repository's configuration names programs that
# git runs.

load ../lib/common
load attack
load git

setup() {
	attack_setup
	git_setup
}

teardown() {
	git_teardown
}

@test "appended, written by git, replaced, renamed over" {
	git_attack . 'printf "[core]\n\tfsmonitor = %s\n" "$PWD/payload" >>.git/config'
	git_attack . 'git config core.fsmonitor "$PWD/payload"'
	git_attack . 'mkdir h; cp payload h/pre-commit; cp .git/config c
		printf "[core]\n\thooksPath = h\n" >>c; mv -f c .git/config'
	git_attack . 'cp .git/config c; printf "[core]\n\tfsmonitor = ./payload\n" >>c
		rm .git/config; ln -f c .git/config || ln -s ../c .git/config'
}

@test "through a link and a descriptor" {
	git_attack . 'ln -s .git g; printf "[core]\n\tfsmonitor = ./payload\n" >>g/config'
	git_attack . 'exec 3<.git/config; printf "[core]\n\tbare = false\n\tfsmonitor = ./payload\n" >>/proc/self/fd/3'
}

@test "the file for one worktree, where the repository has switched that on" {
	git config extensions.worktreeConfig true
	git_attack . 'printf "[core]\n\tfsmonitor = ./payload\n" >.git/config.worktree'
}
