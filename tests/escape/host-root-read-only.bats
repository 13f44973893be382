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

setup_file() {
	OUTSIDE=$(mktemp -d /var/tmp/escape.XXXXXX)
	echo good >"$OUTSIDE/file"
}

@test "outside, and when it is made writable, files in /var/tmp can be changed" {
	setup_file
	works "$SANDBOX" -p build --rw "$OUTSIDE" ./write-ways "$OUTSIDE/file"
	rm -rf "$OUTSIDE" "$OUTSIDE.moved"
	setup_file
	works ./write-ways "$OUTSIDE/file"
	rm -rf "$OUTSIDE" "$OUTSIDE.moved"
}

@test "inside, they cannot" {
	local profile

	setup_file
	for profile in build shell python node default; do
		fails "$SANDBOX" -p "$profile" ./write-ways "$OUTSIDE/file"
		[ "$(ls -A "$OUTSIDE")" = file ]
	done
	[ "$(cat "$OUTSIDE/file")" = good ]
	rm -rf "$OUTSIDE"
}

@test "nothing below /etc, /usr/local, /opt, /srv, /mnt opens for writing" {
	local dir

	works ./writable-files "$PWD"
	for dir in /etc /usr/local /opt /srv /mnt; do
		fails "$SANDBOX" -p build ./writable-files "$dir"
		fails "$SANDBOX" -p build --user root ./writable-files "$dir"
	done
}
