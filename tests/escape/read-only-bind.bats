#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A read-only directory is changed by any of the ways there are: reopening a descriptor through /proc/self/fd,
# renames, links, attributes, shared maps.

load ../lib/common
load attack

setup() {
	attack_setup write-ways
}

teardown() {
	attack_teardown
}

setup_tree() {
	mkdir -p "$HOME/t/ro/sub"
	echo good >"$HOME/t/ro/sub/file"
	remember_host
}

@test "outside, and when it is writable, twenty ways work" {
	setup_tree
	works ./write-ways "$HOME/t/ro/sub/file"
	[[ $output == *'reopen O_PATH'*'exchange'*'rename the parent'* ]]
	rm -rf "$HOME/t/ro"
	setup_tree
	works "$SANDBOX" -p build --rw "$HOME/t/ro" ./write-ways "$HOME/t/ro/sub/file"
	rm -rf "$HOME/t/ro"
}

@test "when it is read-only, none does" {
	setup_tree
	fails "$SANDBOX" -p build --ro "$HOME/t/ro" ./write-ways "$HOME/t/ro/sub/file"
	fails "$SANDBOX" -p build --ro "$HOME/t/ro" --user root ./write-ways "$HOME/t/ro/sub/file"
	fails "$SANDBOX" -p shell --bind "$HOME/t/ro:/opt:ro" ./write-ways /opt/sub/file
	fails "$SANDBOX" -p default --ro . ./write-ways "$PWD/write-ways"
	fails "$SANDBOX" -p untrusted --ro . ./write-ways "$PWD/write-ways"
	[ "$(cat "$HOME/t/ro/sub/file")" = good ]
	rm -rf "$HOME/t/ro"
	no_leftovers
}

@test "a read-only directory inside a writable one stays so" {
	mkdir -p sub/deep
	echo good >sub/deep/file
	works "$SANDBOX" -p build ./write-ways "$PWD/sub/deep/file"
	rm -rf sub sub.moved sub/deep.moved
	mkdir -p sub/deep
	echo good >sub/deep/file
	fails "$SANDBOX" -p build --ro sub/deep ./write-ways "$PWD/sub/deep/file"
	run "$SANDBOX" -p build --ro sub/deep sh -c 'mv sub sub2 && mkdir -p sub/deep && echo evil >sub/deep/file'
	[ "$(cat sub/deep/file)" = good ]
}
