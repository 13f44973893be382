#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The user's other terminals are files in /dev/pts with his id: writing there shows anything, reading steals what he
# types.

load ../lib/common
load attack

setup() {
	attack_setup open-tty with-pty
}

teardown() {
	attack_teardown
}

start_terminal() {
	background terminal ./with-pty sh -c 'tty; sleep 300'
	TERMINAL=$(first_line terminal | tr -d '\r')
	[ -c "$TERMINAL" ]
}

@test "outside, the other terminal can be written to" {
	start_terminal
	works ./open-tty "$TERMINAL"
	wait_for 2 grep -q intruder terminal.out
}

@test "inside, it is not there" {
	local profile

	start_terminal
	for profile in "${ALL_PROFILES[@]}"; do
		fails "$SANDBOX" -p "$profile" ./open-tty "$TERMINAL"
	done
	run grep intruder terminal.out
	[ "$status" = 1 ]
}
