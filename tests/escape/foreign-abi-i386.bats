#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The numbers of the 32-bit system call table mean other calls: a filter for the native table that lets them pass is
# no filter.

load ../lib/common
load attack

setup() {
	attack_setup foreign-abi
}

teardown() {
	attack_teardown
}

@test "outside, int 0x80 is served" {
	[ "$(uname -m)" = x86_64 ] || skip_or_fail "not-x86: this processor has no i386 calls"
	run ./foreign-abi i386
	[ "$status" = 0 ] || skip_or_fail "no-ia32: this kernel has no i386 calls"
}

@test "inside, it is not" {
	fails_under_all ./foreign-abi i386
}
