#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A hard link or a rename carries a file of a read-only tree into a writable one, or a file of ours out of it.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

attack='ln "$1/file" here || mv "$1/file" here || ln -L /proc/self/fd/3 here 3<"$1/file" ||
	mv own "$1/own" || ln own "$1/own"'

setup_tree() {
	mkdir -p "$HOME/t/other"
	echo good >"$HOME/t/other/file"
	echo evil >own
}

@test "outside, it works" {
	setup_tree
	works sh -c "$attack" - "$HOME/t/other"
	rm -r "$HOME/t/other"
}

@test "inside, it does not" {
	setup_tree
	fails "$SANDBOX" -p build --ro "$HOME/t/other" sh -c "$attack" - "$HOME/t/other"
	fails "$SANDBOX" -p build --ro "$HOME/t/other" --user root sh -c "$attack" - "$HOME/t/other"
	[ "$(cat "$HOME/t/other/file")" = good ]
	[ "$(ls -A "$HOME/t/other")" = file ]
	rm -r "$HOME/t/other"
}
