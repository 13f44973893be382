#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A hook left in .git/hooks runs with the user's rights at his next commit.

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

@test "a new hook" {
	git_attack . 'cp payload .git/hooks/pre-commit'
}

@test "a hook in place of the directory, or of one that is there" {
	cp /bin/true .git/hooks/pre-commit
	git_attack . 'cat payload >.git/hooks/pre-commit; cp payload x; mv x .git/hooks/pre-commit'
	git_attack . 'mv .git/hooks .git/hooks.old; rm -rf .git/hooks; mkdir .git/hooks; cp payload .git/hooks/post-checkout'
	git_attack . 'mkdir h; cp payload h/pre-commit; rm -rf .git/hooks; ln -s ../h .git/hooks; mv -T h .git/hooks'
}

@test "hooks in a repository that has no directory for them" {
	rm -rf .git/hooks
	git_attack . 'mkdir -p .git/hooks; cp payload .git/hooks/pre-commit'
}

@test "ProtectGit=no lets it happen" {
	cp -a . "$HOME/t/copy"
	cd "$HOME/t/copy"
	"$SANDBOX" -p build --set Filesystem.ProtectGit=no sh -c 'cp payload .git/hooks/pre-commit'
	[ "$(git_used .)" = ran ]
}
