#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# bpf(2) is a large part of the kernel's attack surface and, with privileges, all of the kernel.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "bpf cannot be reached" {
	calls_unreachable bpf
}
