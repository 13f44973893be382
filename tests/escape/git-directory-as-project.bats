#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The directory of a repository itself, as working directory or opened by name: its hooks and its configuration are
# what git runs later.

load ../lib/common
load attack

setup() {
	attack_setup
	git init -q repo
	ATTACK='echo "exit 0" >hooks/pre-commit && exit 0; git config core.fsmonitor x 2>/dev/null && exit 0; exit 1'
}

teardown() {
	attack_teardown
}

@test "outside, and with ProtectGit=no, both are written" {
	cd repo/.git
	works sh -c "$ATTACK"
	works "$SANDBOX" -p build --set Filesystem.ProtectGit=no sh -c "$ATTACK"
}

@test "inside, neither" {
	local profile

	cd repo/.git
	for profile in build shell python; do
		fails "$SANDBOX" -p "$profile" sh -c "$ATTACK"
	done
	cd ../..
	fails "$SANDBOX" -p shell --rw repo/.git sh -c "cd repo/.git; $ATTACK"
}
