#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# io_uring does opens, connects and sends without the system calls that a filter looks at.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "io_uring cannot be reached" {
	local profile call

	for call in io_uring_setup io_uring_enter io_uring_register; do
		works ./reach "$call"
		for profile in "${ALL_PROFILES[@]}"; do
			fails "$SANDBOX" -p "$profile" --set Seccomp.SystemCallErrorNumber=EUCLEAN ./reach "$call"
		done
	done
}
