#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The kernel looks at 32 bits of a socket's family: a filter that compares 64 is passed with a higher one set.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "outside, the higher bits make no difference" {
	works ./socket-family others high
	works ./socket-family 16 high
}

@test "inside, they do not help" {
	fails_under_all ./socket-family others high
	fails "$SANDBOX" -p untrusted ./socket-family 16 high
}
