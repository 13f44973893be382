#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A FIFO of the host in a copied tree: what is written into the copy must not reach the daemon that reads there.

load ../lib/common
load attack
load cow

setup() {
	attack_setup
	mkfifo -m 0666 commands
	background reader cat commands
}

teardown() {
	attack_teardown
}

write_into='exec timeout 0.5 sh -c "echo evil >$1" - "$1"'

@test "outside, the reader takes the line" {
	works sh -c "$write_into" - commands
	wait_for 2 grep -q evil reader.out
}

@test "in a copy it does not, without Landlock either" {
	local overlay landlock

	for overlay in "${OVERLAYS[@]}"; do
		for landlock in auto no; do
			run $(under "$overlay" --keep=no --set "Filesystem.Landlock=$landlock") sh -c "$write_into" - commands
			[ "$status" = 124 ] || { echo "$overlay: $status $output" >&2; return 1; }
			run $(under "$overlay" --keep=no --set "Filesystem.Landlock=$landlock") \
				sh -c "chmod 600 commands; mv commands c2; $write_into" - c2
			[ "$status" = 124 ] || { echo "$overlay: $status $output" >&2; return 1; }
		done
	done
	fails grep evil reader.out
}
