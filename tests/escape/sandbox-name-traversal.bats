#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The name of a sandbox becomes the name of a directory, and is printed.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "a plain name is taken" {
	works "$SANDBOX" -p build --name plain-1 true
}

@test "names that lead elsewhere, are empty or hold control characters are refused" {
	local name

	for name in '' . .. ../x a/b /x $'a\nb' $'a\033[31m' -x "$(printf '%4000s' x)"; do
		run "$SANDBOX" -p build --name "$name" true
		[ "$status" = 125 ] || { echo "name '$name': $status $output" >&2; return 1; }
	done
}
