#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2024-21626: from the working directory, '..' leads to the home that is hidden; so may /proc/self/cwd and
# /proc/self/root.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

climb='for up in .. ../.. ../../.. /proc/self/cwd/../.. /proc/self/root$1 /proc/self/cwd/../../../../$1 \
	/proc/thread-self/root/$1 /dev/fd/../cwd/../..; do
	cat "$up/.secret" 2>/dev/null && exit 0; done; exit 1'

@test "outside, the secret is two directories up" {
	works sh -c "$climb" - "$HOME"
	[[ $output == *s3cret* ]]
}

@test "with the home in view it can be read inside" {
	works "$SANDBOX" -p build --ro "$HOME" sh -c "$climb" - "$HOME"
}

@test "inside, it is nowhere up there" {
	fails_under_all sh -c "$climb" - "$HOME"
	fails "$SANDBOX" -p build --user root sh -c "$climb" - "$HOME"
}

@test "nor from a working directory given by -C that leads up" {
	mkdir sub
	run "$SANDBOX" -p build -C sub/../../.. cat .secret
	[ "$status" != 0 ]
	[[ $output != *s3cret* ]]
}
