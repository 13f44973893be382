#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The host's name must not be changed from inside.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "in a namespace of one's own the name can be changed" {
	works unshare -Ur --uts hostname intruder
}

@test "inside, it cannot, and the host's name stays" {
	local before profile user

	before=$(uname -n)
	for profile in build shell; do
		for user in self root; do
			run "$SANDBOX" -p "$profile" --user "$user" hostname intruder
			[ "$status" != 0 ]
			run "$SANDBOX" -p "$profile" --user "$user" sh -c 'echo intruder >/proc/sys/kernel/hostname'
			[ "$status" != 0 ]
		done
	done
	[ "$(uname -n)" = "$before" ]
}
