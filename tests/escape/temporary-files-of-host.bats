#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Files in the host's /tmp, /dev/shm, /run and the runtime directory: tokens and half-written files of other programs.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

make_files() {
	shared_directory /tmp
	SHARED+=("/dev/shm/escape.$$")
	mkdir -p "$HOME/run"
	PATHS=("$DIR/file" "/dev/shm/escape.$$" "$HOME/run/file")
	local path

	for path in "${PATHS[@]}"; do
		echo s3cret >"$path"
	done
}

remove_files() {
	rm -f "/dev/shm/escape.$$"
}

@test "outside, they are read" {
	make_files
	works cat "${PATHS[@]}"
	remove_files
}

@test "inside, they are not, and files made there stay there" {
	local path profile

	make_files
	export XDG_RUNTIME_DIR=$HOME/run
	for path in "${PATHS[@]}"; do
		fails_under_all cat "$path"
	done
	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" sh -c '
			echo evil >/tmp/escape-inside; echo evil >/dev/shm/escape-inside; echo evil >/run/escape-inside'
	done
	[ ! -e /tmp/escape-inside ]
	[ ! -e /dev/shm/escape-inside ]
	[ ! -e /run/escape-inside ]
	[ "$(cat "${PATHS[@]}" | sort -u)" = s3cret ]
	remove_files
}
