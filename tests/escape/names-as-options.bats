#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Names that begin with dashes, hold newlines or are empty, as a glob over an untrusted directory gives them, must
# not become options.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "in front of the command, the option grants; that is what the attack wants" {
	works "$SANDBOX" -p build --ro "$HOME" cat "$HOME/.secret"
}

@test "behind the command it is an argument" {
	works "$SANDBOX" -p build echo --ro "$HOME"
	[ "$output" = "--ro $HOME" ]
	run "$SANDBOX" -p build cat --ro "$HOME" "$HOME/.secret"
	[[ $output != *s3cret* ]]
	run "$SANDBOX" -p build -- cat "$HOME/.secret" --rw "$HOME"
	[ "$status" = 1 ]
	[[ $output != *s3cret* ]]
}

@test "a command named like an option is a command after --" {
	printf '#!/bin/sh\necho ran; cat "$HOME/.secret"\n' >./--rw
	chmod +x ./--rw
	run "$SANDBOX" -p build -- --rw "$HOME"
	[ "$status" = 127 ]
	PATH=$PWD:$PATH run "$SANDBOX" -p build -- --rw "$HOME"
	[[ $output != *s3cret* ]]
}

@test "an empty command, and names with newlines, are plain mistakes" {
	run "$SANDBOX" -p build ''
	[ "$status" = 127 ] || [ "$status" = 125 ]
	run "$SANDBOX" -p build $'no\nsuch'
	[ "$status" = 127 ]
	run "$SANDBOX" ''
	[ "$status" = 127 ] || [ "$status" = 125 ]
}

@test "a value that is missing does not swallow the command" {
	run "$SANDBOX" -p build --ro
	[ "$status" = 125 ]
	run "$SANDBOX" -p
	[ "$status" = 125 ]
}
