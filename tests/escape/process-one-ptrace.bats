#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Process 1 inside is set up by the launcher and stays outside the filter: whoever steers it is out.

load ../lib/common
load attack

setup() {
	attack_setup process-peek
}

teardown() {
	attack_teardown
}

@test "outside, and inside against a child of one's own, ptrace and its kin work" {
	local way

	for way in attach seize readv writev getfd; do
		works ./process-peek "$way"
	done
	works "$SANDBOX" -p shell ./process-peek attach
}

@test "process 1 cannot be traced, read or written" {
	local way

	for way in attach seize readv writev getfd kcmp; do
		fails_under_all ./process-peek "$way" 1
	done
}

@test "not by root inside either" {
	local way

	for way in attach seize readv writev; do
		fails "$SANDBOX" -p shell --user root ./process-peek "$way" 1
	done
}
