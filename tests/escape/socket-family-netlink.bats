#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# AF_NETLINK reaches audit, netfilter, IPsec, crypto, the list of all sockets and many more parts of the kernel; only
# its routing protocol is what programs ask about addresses.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "outside, all can be had; the family can be allowed inside" {
	works ./socket-family 16
	works ./socket-family netlink
	works "$SANDBOX" -p untrusted --set Seccomp.RestrictAddressFamilies=AF_NETLINK ./socket-family 16
}

@test "inside, profile untrusted has none" {
	fails "$SANDBOX" -p untrusted ./socket-family 16
	fails "$SANDBOX" -p untrusted ./socket-family 16 high
}

@test "inside, no profile has another protocol than that of routes" {
	fails_under_all ./socket-family netlink
	fails_under_all ./socket-family netlink high
	fails "$SANDBOX" -p build --net host ./socket-family netlink
}
