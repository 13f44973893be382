#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The demo is what a newcomer sees first: it succeeds with this launcher, and not with one that isolates nothing.

load ../lib/common

setup() {
	setup_project
}

teardown() {
	teardown_project
}

@test "the demo succeeds and leaves nothing" {
	run "$ROOT/tests/demo/run"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '\[ok\]' <<<"$output")" = 6 ]
	no_leftovers
}

@test "the demo fails with a launcher that isolates nothing" {
	mkdir -p bin
	printf '#!/bin/sh\nshift 2\nexec "$@"\n' >bin/sandbox
	chmod +x bin/sandbox
	SANDBOX=$PROJECT/bin/sandbox run "$ROOT/tests/demo/run"
	echo "$output"
	[ "$status" = 1 ]
	[ "$(grep -c '\[ok\]' <<<"$output")" = 1 ]
	[ "$(grep -c '\[FAILED\]' <<<"$output")" = 5 ]
}

@test "the demo fails with a launcher that does not start, and keeps a secret file that was there" {
	echo mine >"$HOME/.sandbox-demo-secret"
	remember_host
	SANDBOX=/bin/false run "$ROOT/tests/demo/run"
	echo "$output"
	[ "$status" = 1 ]
	[ "$(grep -c '\[FAILED\]' <<<"$output")" = 6 ]
	grep -qx mine "$HOME/.sandbox-demo-secret"
	no_leftovers
}
