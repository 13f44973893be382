#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# In a linked worktree, .git is a file that names the directory, whose commondir names the repository.

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

worktree_setup() {
	git worktree add -q wt
	cp payload wt/
}

@test "the pointer of a worktree replaced" {
	worktree_setup
	git_attack wt 'git init -q --bare new; git -C new config core.bare false
		git -C new config core.fsmonitor "$PWD/payload"; git -C new config core.worktree "$PWD"
		printf "gitdir: new\n" >.git; mv .git old; printf "gitdir: new\n" >.git'
}

@test "configuration and hooks of the repository behind it" {
	worktree_setup
	git_attack wt 'printf "[core]\n\tfsmonitor = %s\n" "$PWD/payload" >>../.git/config' --rw "$PROJECT"
	git_attack wt 'cp payload ../.git/hooks/pre-commit' --rw "$PROJECT"
	git_attack wt 'cp -r ../.git ../new
		printf "[core]\n\tfsmonitor = %s\n" "$PWD/payload" >>../new/config
		echo ../../../new >../.git/worktrees/wt/commondir' --rw "$PROJECT"
}
