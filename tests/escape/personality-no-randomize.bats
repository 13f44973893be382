#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# personality(2) switches address randomisation off for the programs started next.

load ../lib/common
load attack

setup() {
	attack_setup limits
}

teardown() {
	attack_teardown
}

@test "outside, and without LockPersonality, it works" {
	works ./limits persona
	works "$SANDBOX" -p build --set Seccomp.LockPersonality=no ./limits persona
}

@test "inside, it is refused" {
	local profile

	for profile in default build untrusted python node; do
		fails "$SANDBOX" -p "$profile" ./limits persona
	done
}
