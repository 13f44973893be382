#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A bind whose source is named through a link that the untrusted project planted: what the link points to must not be
# granted behind the caller's back.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "the link leads to the secret outside" {
	mkdir "$HOME/keys"
	cp "$HOME/.secret" "$HOME/keys/"
	ln -s "$HOME/keys" out
	works cat out/.secret
	rm -r "$HOME/keys"
}

@test "a profile's ReadWritePaths=./out does not follow it out of the project" {
	mkdir "$HOME/keys"
	cp "$HOME/.secret" "$HOME/keys/"
	ln -s "$HOME/keys" out
	run "$SANDBOX" -p build --rw out cat out/.secret "$HOME/keys/.secret"
	[ "$status" != 0 ]
	[[ $output != *s3cret* ]] || { echo "$output" >&2; return 1; }
	rm -r "$HOME/keys"
}
