#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# modify_ldt makes segments of 16 and 32 bits: CVE-2014-9090 and others behind it.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "modify_ldt cannot be reached" {
	calls_unreachable modify_ldt
}
