#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Standard input is a file of the copied tree, opened by the caller for reading: behind the descriptor is the real file,
# not the copy, and /proc/self/fd/0 opens it anew for writing. The path that Landlock allows is the copy's.

load ../lib/common
load attack
load cow

setup() {
	attack_setup stdin-reopen
	echo real >input
}

teardown() {
	attack_teardown
}

@test "where the tree itself is writable, so is what is behind the descriptor" {
	works "$SANDBOX" -p build ./stdin-reopen write <input
}

@test "where it is a copy, it is not" {
	local overlay identity

	for overlay in "${OVERLAYS[@]}"; do
		for identity in "${IDENTITIES[@]}"; do
			[ "$overlay/$identity" != kernel/separate ] || continue
			fails copied "$overlay" --keep=no --user "$identity" ./stdin-reopen write <input
			run copied "$overlay" --keep=no --user "$identity" sh -c 'echo evil >>/dev/stdin; echo evil >>/proc/self/fd/0
				echo copy >>input; cat input' <input
			[[ $output == *copy* ]]
			[ "$(cat input)" = real ]
		done
	done
	fails "$SANDBOX" --quiet --keep=no -p default --cow / ./stdin-reopen write <input
}
