#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# /proc/self/fd/0 opens the file behind descriptor 0 anew: one that the caller opened for reading only becomes
# writable.

load ../lib/common
load attack

setup() {
	attack_setup stdin-reopen
}

teardown() {
	attack_teardown
}

@test "outside, it can be reopened for writing" {
	works ./stdin-reopen write <"$HOME/.secret"
}

@test "inside, it cannot" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails "$SANDBOX" -p "$profile" ./stdin-reopen write <"$HOME/.secret" || return 1
	done
}
