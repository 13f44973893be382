#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The homes of the user, of others, and of root: listed or read.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "outside, the user's own home is full" {
	works ls -A "$HOME"
	[[ $output == *.secret* ]]
	works ls -A /home
	[ -n "$output" ]
}

@test "inside, /home and /root hold nothing but the way to the project" {
	local profile

	mkdir -p "$HOME/.ssh"
	echo s3cret >"$HOME/.ssh/id_ed25519"
	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" sh -c 'find /home /root -maxdepth 1 -mindepth 1 2>/dev/null | wc -l'
		[ "$output" -le 1 ] || { echo "$profile: $output" >&2; return 1; }
		run "$SANDBOX" -p "$profile" sh -c 'ls -A "$1"' - "$HOME"
		[[ $output != *.secret* && $output != *.ssh* ]]
		run "$SANDBOX" -p "$profile" sh -c 'grep -rls s3cret /home /root "$1"' - "$HOME"
		[ -z "$output" ]
	done
	rm -r "$HOME/.ssh"
}
