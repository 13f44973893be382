#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# userfaultfd stops the kernel in the middle of a copy: the tool that makes races in the kernel win.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "userfaultfd cannot be reached" {
	calls_unreachable userfaultfd
}
