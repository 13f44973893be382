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

begin_victim() {
	background victim sleep 300
	wait_for 5 grep -qsx sleep "/proc/${BACKGROUND[0]}/comm"
}

@test "outside, another process of the user is found" {
	begin_victim
	works ./find-process "${BACKGROUND[0]}"
	works ./find-process sleep
}

@test "inside, it is not" {
	begin_victim
	fails_under_all ./find-process "${BACKGROUND[0]}"
	fails_under_all ./find-process sleep
	fails "$SANDBOX" -p shell --user root ./find-process sleep
	kill -0 "${BACKGROUND[0]}"
}
