#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A read-only mount does not stop writing to a FIFO, any more than connecting to a socket: a daemon of the host that
# reads commands there gets ours. Landlock stops it.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

start_reader() {
	mkdir tree
	mkfifo -m 0666 tree/commands
	background reader sh -c 'exec cat <>tree/commands'
	wait_for 5 test "/proc/${BACKGROUND[0]}/fd/0" -ef tree/commands
}

write_into='exec timeout 30 sh -c "echo evil >\$1" - "$1"'

@test "outside, and without Landlock, the FIFO of a read-only tree takes the line" {
	start_reader
	works "$SANDBOX" -p build --bind "$PWD/tree:/opt:ro" --set Filesystem.Landlock=no sh -c "$write_into" - /opt/commands
	wait_for 5 grep -q evil reader.out
	works sh -c "$write_into" - tree/commands
}

@test "inside, it cannot be opened for writing" {
	local profile

	start_reader
	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" --bind "$PWD/tree:/opt:ro" sh -c "$write_into" - /opt/commands
		[ "$status" = 2 ] || { echo "$profile: $status $output" >&2; return 1; }
	done
	fails grep evil reader.out
}
