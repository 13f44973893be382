#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A mount below a read-only bind keeps its own flags, and stays writable, unless the bind is made read-only with all
# that is below.

load ../lib/common
load attack

setup() {
	attack_setup write-ways
}

teardown() {
	attack_teardown
}

# Runs a script in a user namespace with a tmpfs mounted at $PROJECT/tree/sub.
with_submount() {
	unshare -Urm bash -c 'mkdir -p tree/sub && mount -t tmpfs none tree/sub && echo good >tree/sub/file && '"$1" - \
		"$SANDBOX" "$PWD"
}

@test "the kernel's own read-only remount leaves the submount writable" {
	works with_submount 'mount --rbind tree tree && mount -o remount,ro,bind tree && ./write-ways $2/tree/sub/file'
}

@test "below --ro it is read-only" {
	works with_submount '"$1" -p build --rw "$2/tree" ./write-ways "$2/tree/sub/file"'
	fails with_submount '"$1" -p build --ro "$2/tree" ./write-ways "$2/tree/sub/file"'
	fails with_submount '"$1" -p default --ro . ./write-ways "$2/tree/sub/file"'
}
