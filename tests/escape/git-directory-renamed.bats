#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# When .git/config cannot be written, .git is moved away and another takes its place.

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

@test "mv .git, cp -r back" {
	git_attack . 'mv .git old; cp -r old .git; rm -f .git/config
		printf "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ./payload\n" >.git/config'
}

@test "exchange with a prepared one" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config; mv .git old && mv -T new .git'
}

@test "a file .git that points elsewhere" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config
		mv .git old; rm -rf .git; echo "gitdir: new" >.git'
}

@test "a link .git that points elsewhere" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config
		mv .git old; rm -rf .git; ln -s new .git'
}
