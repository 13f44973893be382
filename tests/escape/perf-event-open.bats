#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# perf_event_open reads the kernel's and other processes' behaviour, and has a long record of flaws.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "perf_event_open cannot be reached" {
	calls_unreachable perf_event_open
}
