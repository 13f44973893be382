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

write_into='for f in commands c2 c3; do timeout 0.5 sh -c "echo evil >\$1" - "$f"; done; chmod 600 commands; ln commands c2
	mv commands c3; for f in commands c2 c3; do [ ! -e "$f" ] || timeout 0.5 sh -c "echo evil >\$1" - "$f"; done; :'

@test "outside, the reader takes the line" {
	works sh -c "$write_into"
	wait_for 2 grep -q evil reader.out
}

@test "in a copy it does not, without Landlock either" {
	local overlay landlock

	for overlay in "${OVERLAYS[@]}"; do
		for landlock in auto no; do
			works copied "$overlay" --keep=no --set "Filesystem.Landlock=$landlock" sh -c "$write_into"
		done
	done
	fails grep evil reader.out
}
