#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Limits that the user was given by his administrator are not raised, not even by root inside.

load ../lib/common
load attack

setup() {
	attack_setup limits
}

teardown() {
	attack_teardown
}

@test "inside, no hard limit can be raised" {
	ulimit -n 500
	ulimit -c 0
	fails_under_all ./limits raise
	fails "$SANDBOX" -p shell --user root ./limits raise
	run "$SANDBOX" -p build sh -c 'ulimit -n 501'
	[ "$status" != 0 ]
}

@test "lowering one works, so the probe can set limits at all" {
	ulimit -n 500
	works "$SANDBOX" -p build sh -c 'ulimit -n 400'
	works sh -c 'ulimit -n 400'
}
