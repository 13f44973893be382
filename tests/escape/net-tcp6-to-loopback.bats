#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Services of the host on ::1, which filters for 127.0.0.1 forget.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

@test "outside, and with --net host, the listener on the loopback is reached" {
	background listener ./net-listen tcp6
	works ./net-reach tcp6 "$(first_line listener)"
	works "$SANDBOX" -p build --net host ./net-reach tcp6 "$(first_line listener)"
	wait_for 2 sh -c '[ "$(grep -c hello listener.out)" = 2 ]'
}

@test "inside, it is not" {
	background listener ./net-listen tcp6
	first_line listener
	fails_under_all ./net-reach tcp6 "$(first_line listener)"
	"$SANDBOX" -p build ./net-reach tcp6 "$(first_line listener)" || true
	"$SANDBOX" -p shell --user root ./net-reach tcp6 "$(first_line listener)" || true
	fails grep hello listener.out
}
