#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The flags of clone3 are in memory, where a filter cannot see them.

load ../lib/common
load attack

setup() {
	attack_setup new-userns
}

teardown() {
	attack_teardown
}

@test "outside, and with RestrictNamespaces=no, a user namespace can be had by clone3" {
	works ./new-userns clone3
	works "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no ./new-userns clone3
}

@test "inside, it cannot" {
	fails_under_all ./new-userns clone3
}
