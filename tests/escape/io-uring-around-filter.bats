#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# io_uring does opens, connects and sends without the system calls that a filter looks at.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "io_uring cannot be reached" {
	calls_unreachable io_uring_setup io_uring_enter io_uring_register
}
