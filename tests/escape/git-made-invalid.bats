#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# When git takes .git for damaged, it tries the directory around it as a bare repository, whose configuration is the
# attacker's: .git made unreadable, its parts removed or replaced by something else.

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

# The project as a bare repository with a configuration of its own; how .git is spoilt is the argument.
spoilt() {
	# shellcheck disable=SC2028 # for printf, inside
	echo 'cp -r .git/HEAD .git/objects .git/refs .
		printf "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n" >config
		printf "\tfsmonitor = %s\n" "$PWD/payload" >>config
		'"$1"
}

@test "by what is removed" {
	git_attack . "$(spoilt 'rm -rf .git/refs; mv .git/refs .git/r')"
	git_attack . "$(spoilt 'rm -rf .git/objects; mv .git/objects .git/o')"
	git_attack . "$(spoilt 'rm -f .git/HEAD')"
}

@test "by something else in the place of HEAD" {
	git_attack . "$(spoilt 'rm -f .git/HEAD; mkdir -p .git/HEAD/x')"
	git_attack . "$(spoilt 'echo nonsense >.git/HEAD')"
	git_attack . "$(spoilt 'rm -f .git/HEAD; ln -s nowhere .git/HEAD')"
	git_attack . "$(spoilt 'rm -f .git/HEAD; mkdir -p .git/HEAD.sandbox/x .git/HEAD.untrusted/x')"
}

@test "by modes" {
	git_attack . "$(spoilt 'chmod 0 .git/refs')"
	git_attack . "$(spoilt 'chmod 0 .git/objects')"
	git_attack . "$(spoilt 'chmod 0 .git/HEAD')"
	git_attack . "$(spoilt 'chmod 0 .git')"
}
