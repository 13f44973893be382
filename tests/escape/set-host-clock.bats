#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The clock has no namespace.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "the calls that set the clock cannot be reached" {
	calls_unreachable clock_settime settimeofday
}
