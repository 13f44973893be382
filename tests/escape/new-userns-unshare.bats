#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who is root in a user namespace of his own reaches the kernel code that only root was meant to reach.

load ../lib/common
load attack

setup() {
	attack_setup new-userns
}

teardown() {
	attack_teardown
}

@test "outside, and with RestrictNamespaces=no, a user namespace can be had by unshare" {
	works ./new-userns unshare
	works "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no ./new-userns unshare
}

@test "inside, it cannot" {
	fails_under_all ./new-userns unshare
}
