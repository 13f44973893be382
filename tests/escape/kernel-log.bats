#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The kernel's log tells addresses and what other users' programs did.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "syslog(2) cannot be reached" {
	calls_unreachable syslog
}
