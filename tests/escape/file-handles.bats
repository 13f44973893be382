#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2014-6407 (shocker): open_by_handle_at opens a file by number, past every mount point and hidden directory.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "files cannot be opened by handle" {
	calls_unreachable open_by_handle_at
}
