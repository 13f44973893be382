#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Raw sockets and ICMP, where 'no network' meant TCP and UDP.

load ../lib/common
load attack

setup() {
	attack_setup net-reach
}

teardown() {
	attack_teardown
}

@test "root of a network namespace of his own has raw sockets" {
	run unshare -Urn ./net-reach raw 7f000001
	[[ $output == *'Network is unreachable'* || $output == *answer* ]] || { echo "$output" >&2; return 1; }
}

@test "inside, there are none" {
	fails_under_all ./net-reach raw 7f000001
	[[ $output == *'raw socket: '*[Pp]'erm'* || $output == *'not supported'* ]]
	fails "$SANDBOX" -p shell --user root ./net-reach raw 7f000001
	fails "$SANDBOX" -p build --net host ./net-reach raw 7f000001
}
