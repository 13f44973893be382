#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A compiled filter in the cache that is empty, cut short, or not the user's own must not be what is loaded.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

cached() {
	find "$HOME/.cache/sandbox" -type f
}

# Leaves the files of the cache to a change, then runs twice.
after() {
	rm -rf "$HOME/.cache/sandbox"
	works "$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN true
	[ -n "$(cached)" ]
	cached | while read -r file; do
		chmod u+w "$file"
		"$@" "$file"
	done
	run "$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN ./reach keyctl
	[ "$status" = 1 ] || [ "$status" = 125 ] || { echo "$*: $status $output" >&2; return 1; }
}

replace_by_others() {
	cp "$1" "$1.new"
	mv -f "$1.new" "$1"
	chmod 0666 "$1"
	printf '\6\0\0\0\0\0\377\177' >"$1" # BPF: return ALLOW
}

@test "without a filter that forbids it, the call is reached" {
	works ./reach keyctl
	works "$SANDBOX" -p build --set Seccomp.SystemCallFilter=keyctl ./reach keyctl
}

@test "emptied, cut short, filled with something else, writable by others, a link" {
	after truncate -s 0
	after truncate -s 8
	after truncate -s -8
	after replace_by_others
	after ln -sf /dev/null
	rm -rf "$HOME/.cache/sandbox"
}

@test "a cache directory that others may write to is not used" {
	"$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN true
	cached | while read -r file; do
		replace_by_others "$file"
	done
	chmod 0777 "$HOME/.cache/sandbox"
	find "$HOME/.cache/sandbox" -type d -exec chmod 0777 {} +
	run "$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN ./reach keyctl
	[ "$status" = 1 ] || [ "$status" = 125 ] || { echo "$status $output" >&2; return 1; }
	rm -rf "$HOME/.cache/sandbox"
}
