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
	mkfifo -m 0666 commands
	background reader sh -c 'exec timeout 5 cat commands commands commands'
}

attack='exec 3<>commands || exit 1; echo evil >&3'

@test "outside, and without Landlock, the FIFO of a read-only tree takes the line" {
	start_reader
	works "$SANDBOX" -p default --set Filesystem.Landlock=no sh -c "$attack"
	wait_for 2 grep -q evil reader.out
	works sh -c "$attack"
}

@test "inside, it cannot be opened for writing" {
	local profile

	start_reader
	for profile in default untrusted; do
		run "$SANDBOX" -p "$profile" sh -c "$attack"
		[ "$status" != 0 ]
		run "$SANDBOX" -p "$profile" timeout 0.2 sh -c 'echo evil >commands'
		[ "$status" != 0 ]
	done
	run "$SANDBOX" -p build --ro . timeout 0.2 sh -c 'echo evil >commands'
	fails grep evil reader.out
}
