#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The mount calls of old, which a program that gets a user namespace may use.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "mount, umount2, pivot_root and chroot cannot be reached" {
	calls_unreachable mount umount2 pivot_root chroot
}
