#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Services of the host on 127.0.0.1 (databases, debuggers, browsers) trust whoever reaches them.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

@test "outside, and with --net host, the listener on the loopback is reached" {
	background listener ./net-listen tcp
	works ./net-reach tcp "$(first_line listener)"
	works "$SANDBOX" -p build --net host ./net-reach tcp "$(first_line listener)"
	wait_for 2 sh -c '[ "$(grep -c hello listener.out)" = 2 ]'
}

@test "inside, it is not" {
	background listener ./net-listen tcp
	first_line listener
	fails_under_all ./net-reach tcp "$(first_line listener)"
	"$SANDBOX" -p build ./net-reach tcp "$(first_line listener)" || true
	"$SANDBOX" -p shell --user root ./net-reach tcp "$(first_line listener)" || true
	fails grep hello listener.out
}
