#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The system's files, as far as the user may change some of them himself (in /var/tmp, say), are read-only.

load ../lib/common
load attack

setup() {
	attack_setup write-ways writable-files
}

teardown() {
	attack_teardown
}

make_file() {
	shared_directory /var/tmp
	OUTSIDE=$DIR
	echo good >"$OUTSIDE/file"
}

@test "outside, and when it is made writable, files in /var/tmp can be changed" {
	make_file
	works "$SANDBOX" -p build --rw "$OUTSIDE" ./write-ways "$OUTSIDE/file"
	make_file
	works ./write-ways "$OUTSIDE/file"
}

@test "inside, they are not there, or cannot" {
	local profile

	make_file
	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" ./write-ways "$OUTSIDE/file"
		[ "$status" != 0 ]
		run "$SANDBOX" -p "$profile" sh -c 'mkdir -p "$1"; echo evil >"$1/file"; mv "$1" "$1.moved"' - "$OUTSIDE"
		[ "$(ls -A "$OUTSIDE")" = file ]
	done
	[ "$(cat "$OUTSIDE/file")" = good ]
}

@test "nothing below /etc, /usr/local, /opt, /srv, /mnt opens for writing" {
	local dir

	works ./writable-files "$PWD"
	for dir in /etc /usr/local /opt /srv /mnt; do
		fails "$SANDBOX" -p build ./writable-files "$dir"
		fails "$SANDBOX" -p build --user root ./writable-files "$dir"
	done
}
