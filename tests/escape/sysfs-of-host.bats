#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# /sys tells about, and writes to, the host's devices, cgroups, kernel and network.

load ../lib/common
load attack

setup() {
	attack_setup writable-files
}

teardown() {
	attack_teardown
}

@test "outside, /sys has thousands of files" {
	[ "$(find /sys -xdev -type f 2>/dev/null | head -n 2000 | wc -l)" = 2000 ]
}

@test "inside, it has a few, none writable; cgroups, firmware and the kernel's are not there" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" sh -c 'find /sys -type f 2>/dev/null | wc -l'
		[ "$output" -lt 500 ] || { echo "$profile: $output" >&2; return 1; }
		fails "$SANDBOX" -p "$profile" ./writable-files /sys
		run "$SANDBOX" -p "$profile" sh -c 'ls -A /sys/fs/cgroup /sys/firmware /sys/module /sys/block 2>/dev/null
			ls -A /sys/kernel 2>/dev/null | grep -vx mm'
		[ -z "$output" ] || { echo "$profile: $output" >&2; return 1; }
	done
	fails "$SANDBOX" -p shell --user root ./writable-files /sys
	: >plain
	works ./writable-files "$PWD"
}
