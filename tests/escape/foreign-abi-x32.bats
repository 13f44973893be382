#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The x32 table is the native one with a bit set: x32 numbers pass a filter that compares numbers from above only.
# Where the kernel has no x32 table, the control is that a call number with the bit is at least told apart.

load ../lib/common
load attack

setup() {
	attack_setup foreign-abi all-calls
}

teardown() {
	attack_teardown
}

@test "outside, the kernel itself answers a number with the x32 bit" {
	[ "$(uname -m)" = x86_64 ] || skip_or_fail "not-x86: this processor has no x32 calls"
	run ./foreign-abi x32
	[ "$status" = 0 ] || works grep -E 'enosys|reached' <(./all-calls 1073741863 1073741863)
}

@test "inside, an x32 call is not served" {
	fails_under_all ./foreign-abi x32
}

@test "inside, no x32 number is reached" {
	"$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN ./all-calls 1073741824 1073742400 >all
	[ "$(wc -l <all)" = 577 ]
	fails grep reached all
}
