#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# kexec loads another kernel.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "kexec cannot be reached" {
	calls_unreachable kexec_load kexec_file_load reboot
}
