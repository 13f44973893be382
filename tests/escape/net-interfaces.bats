#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# With no network there is the loopback alone: no other interface, no route, no cloud metadata at 169.254.169.254.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

interfaces() {
	"$@" awk -F: 'NR > 2 { gsub(/ /, "", $1); print $1 }' /proc/net/dev | sort | tr '\n' ' '
}

@test "with --net host, the interfaces of the host are there" {
	[ "$(interfaces env)" = "$(interfaces "$SANDBOX" -p build --net host)" ]
}

@test "inside, lo is alone and no address but its own is reached" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		[ "$(interfaces "$SANDBOX" -p "$profile")" = 'lo ' ]
	done
	run timeout 5 "$SANDBOX" -p build bash -c 'exec 3<>/dev/tcp/169.254.169.254/80'
	[ "$status" = 1 ]
	[[ $output == *unreachable* ]]
	run timeout 5 "$SANDBOX" -p build bash -c 'exec 3<>/dev/tcp/127.0.0.1/9'
	[[ $output == *refused* ]]
}
