#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2023-28100: TIOCLINUX selects and pastes text on a virtual console, which is input as with TIOCSTI.

load ../lib/common
load attack

setup() {
	attack_setup tioclinux with-pty
}

teardown() {
	attack_teardown
}

@test "outside, the terminal driver answers" {
	works ./with-pty ./tioclinux
}

@test "inside, the call does not get there" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails ./with-pty "$SANDBOX" -p "$profile" ./tioclinux
	done
}
