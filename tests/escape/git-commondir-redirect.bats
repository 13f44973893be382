#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A file .git/commondir, which a plain repository does not have, makes git read its configuration and hooks from
# another directory.

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

@test ".git/commondir created" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config; echo ../new >.git/commondir'
}

@test "HEAD, objects or refs removed, so that the project itself is taken for a bare repository" {
	git_attack . 'cp -r .git/HEAD .git/objects .git/refs .; rm -rf .git/HEAD .git/refs .git/objects
		printf "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = %s\n" "$PWD/payload" >config'
}
