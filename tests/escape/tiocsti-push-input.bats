#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2017-5226: TIOCSTI puts a command line into the terminal's input, which the caller's shell runs afterwards.

load ../lib/common
load attack

setup() {
	attack_setup tiocsti with-pty
}

teardown() {
	attack_teardown
}

@test "outside, a line can be pushed into the terminal" {
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] ||
		skip_or_fail "no-tiocsti: dev.tty.legacy_tiocsti is 0"
	works ./with-pty ./tiocsti
	[[ $output == *pending=3* ]]
}

@test "nothing is pushed through descriptors 0, 1, 2 and /dev/tty" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails ./with-pty "$SANDBOX" -p "$profile" ./tiocsti
		[[ $output == *pending=0* ]]
	done
}

@test "nor from a terminal of its own inside the sandbox" {
	fails ./with-pty "$SANDBOX" -p shell ./with-pty ./tiocsti
}
