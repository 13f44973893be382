#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A working directory that is gone has no path: what it leads to must not be the host's tree.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "from a directory that was removed nothing of the home is read" {
	mkdir gone && cd gone && rmdir "$PROJECT/gone"
	works sh -c 'cat "$HOME/.secret"'
	run "$SANDBOX" -p build cat ../.secret ../../.secret ../../../.secret "$HOME/.secret"
	[ "$status" != 0 ]
	[[ $output != *s3cret* ]]
}
