#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The kernel takes 64 bits of clone's flags, but looks at 32 of them.

load ../lib/common
load attack

setup() {
	attack_setup new-userns
}

teardown() {
	attack_teardown
}

@test "outside, and with RestrictNamespaces=no, a user namespace can be had by clone-high" {
	works ./new-userns clone-high
	works "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no ./new-userns clone-high
}

@test "inside, it cannot" {
	fails_under_all ./new-userns clone-high
}
