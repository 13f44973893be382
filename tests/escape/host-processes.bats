#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Processes of the host seen in /proc tell their arguments and environment, and can be signalled.

load ../lib/common
load attack

setup() {
	attack_setup find-process
}

teardown() {
	attack_teardown
}

@test "outside, another process of the user is found" {
	background victim sleep 6
	wait_for 2 grep -qsx sleep "/proc/${BACKGROUND[0]}/comm"
	works ./find-process "${BACKGROUND[0]}"
	works ./find-process sleep
}

@test "inside, it is not" {
	background victim sleep 6
	fails_under_all ./find-process "${BACKGROUND[0]}"
	fails_under_all ./find-process sleep
	fails "$SANDBOX" -p shell --user root ./find-process sleep
	kill -0 "${BACKGROUND[0]}"
}
