#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Calls that move or advise the memory of other processes.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "none of them can be reached" {
	calls_unreachable move_pages migrate_pages process_madvise
}
