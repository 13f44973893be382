#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2019-10063: the kernel looks at 32 bits of an ioctl's number, a filter that compares 64 is passed by setting a
# higher one.

load ../lib/common
load attack

setup() {
	attack_setup tiocsti with-pty
}

teardown() {
	attack_teardown
}

@test "outside, the higher bits make no difference" {
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] ||
		skip_or_fail "no-tiocsti: dev.tty.legacy_tiocsti is 0"
	works ./with-pty ./tiocsti high
	[[ $output == *pending=3* ]]
}

@test "inside, they do not help" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails ./with-pty "$SANDBOX" -p "$profile" ./tiocsti high
		[[ $output == *pending=0* ]]
	done
}
