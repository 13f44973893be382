#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# AF_ALG, AF_KEY, AF_TIPC, AF_BLUETOOTH, AF_XDP and all the other families: rarely used kernel code, some of it
# outside network namespaces.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "outside, some of the other families can be had" {
	works ./socket-family others
}

@test "inside, none but unix, inet, inet6 and netlink" {
	fails_under_all ./socket-family others
	fails "$SANDBOX" -p build --net host ./socket-family others
}
