#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# UDP to the host, where 'no network' meant TCP.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

@test "outside, and with --net host, the listener on the loopback is reached" {
	background listener ./net-listen udp
	works ./net-reach udp "$(first_line listener)"
	works "$SANDBOX" -p build --net host ./net-reach udp "$(first_line listener)"
	wait_for 2 sh -c '[ "$(grep -c hello listener.out)" = 2 ]'
}

@test "inside, it is not" {
	background listener ./net-listen udp
	first_line listener
	"$SANDBOX" -p build ./net-reach udp "$(first_line listener)" || true
	"$SANDBOX" -p shell --user root ./net-reach udp "$(first_line listener)" || true
	fails grep hello listener.out
}
