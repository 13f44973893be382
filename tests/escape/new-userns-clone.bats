#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# clone(2) makes a user namespace as unshare(2) does.

load ../lib/common
load attack

setup() {
	attack_setup new-userns
}

teardown() {
	attack_teardown
}

@test "outside, and with RestrictNamespaces=no, a user namespace can be had by clone" {
	works ./new-userns clone
	works "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no ./new-userns clone
}

@test "inside, it cannot" {
	fails_under_all ./new-userns clone
}
