#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# AF_NETLINK reaches routing, audit, netfilter and many more parts of the kernel.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "outside, and with the family allowed, it works" {
	works ./socket-family 16
	works "$SANDBOX" -p build --set Seccomp.RestrictAddressFamilies=AF_NETLINK ./socket-family 16
}

@test "inside, it is refused" {
	fails_under_all ./socket-family 16
}
