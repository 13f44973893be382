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
	background reader sh -c 'exec cat <>commands'
	wait_for 5 test "/proc/${BACKGROUND[0]}/fd/0" -ef commands
}

teardown() {
	attack_teardown
}

# Who opens a FIFO waits for a reader, which is always there outside.
write_into='for f in commands c2 c3; do timeout $0 sh -c "echo evil >\$1" - "$f"; done; chmod 600 commands; ln commands c2
	mv commands c3; for f in commands c2 c3; do [ ! -e "$f" ] || timeout $0 sh -c "echo evil >\$1" - "$f"; done; :'

@test "outside, the reader takes the line" {
	works sh -c "$write_into" 30
	wait_for 5 grep -q evil reader.out
}

@test "in a copy it does not, without Landlock either" {
	local overlay landlock

	for overlay in "${OVERLAYS[@]}"; do
		for landlock in auto no; do
			works copied "$overlay" --keep=no --set "Filesystem.Landlock=$landlock" sh -c "$write_into" 1
		done
	done
	fails grep evil reader.out
}
