#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Descriptor 0 is passed on. When it is a directory of the host, openat reaches what is hidden below it.

load ../lib/common
load attack

setup() {
	attack_setup stdin-reopen
}

teardown() {
	attack_teardown
}

@test "outside, and with the rule removed, the secret is opened through descriptor 0" {
	works ./stdin-reopen below .secret <"$HOME"
}

@test "inside, it is not" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" ./stdin-reopen below .secret <"$HOME"
		[ "$status" = 1 ] || [ "$status" = 125 ] || { echo "$profile: $status $output" >&2; return 1; }
	done
}
