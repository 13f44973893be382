#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The caller's session keyring is inherited like a descriptor: it holds tokens and tickets.

load ../lib/common
load attack

setup() {
	attack_setup keyring
}

teardown() {
	attack_teardown
}

@test "outside, the session's key is read by whoever it starts" {
	works ./keyring hold probe-key t0ken ./keyring find probe-key
	[[ $output == *t0ken* ]]
}

@test "inside, it is not, not even when the calls are let through" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails ./keyring hold probe-key t0ken "$SANDBOX" -p "$profile" ./keyring find probe-key
		fails ./keyring hold probe-key t0ken "$SANDBOX" -p "$profile" \
			--set 'Seccomp.SystemCallFilter=keyctl add_key request_key' ./keyring find probe-key
	done
}

@test "a key of the sandbox's own is found when the calls are let through, so the probe works there" {
	works "$SANDBOX" -p build --set 'Seccomp.SystemCallFilter=keyctl add_key request_key' \
		./keyring hold probe-key t0ken ./keyring find probe-key
}
