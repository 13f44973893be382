#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# AF_VSOCK talks to the hypervisor and is in no network namespace.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "inside, it is refused" {
	fails_under_all ./socket-family 40
	fails "$SANDBOX" -p build --net host ./socket-family 40
}

@test "outside, and with the family allowed, it works" {
	run ./socket-family 40
	[ "$status" = 0 ] || skip_or_fail "no-vsock: this kernel has no AF_VSOCK"
	works "$SANDBOX" -p build --set Seccomp.RestrictAddressFamilies=AF_VSOCK ./socket-family 40
}
