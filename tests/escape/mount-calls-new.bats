#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2021-41133: filters that know mount(2) but not the calls of Linux 5.2 and later.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "the new mount calls cannot be reached" {
	calls_unreachable fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr
}
