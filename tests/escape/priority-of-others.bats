#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# setpriority(PRIO_USER) slows down every process of the user.

load ../lib/common
load attack

setup() {
	attack_setup renice
}

teardown() {
	attack_teardown
}

nice_of() {
	awk '{ sub(/^.*\) /, ""); print $17 }' "/proc/$1/stat"
}

@test "outside, another process is slowed down" {
	background victim sleep 300
	works ./renice process "${BACKGROUND[0]}"
	[ "$(nice_of "${BACKGROUND[0]}")" = 7 ]
}

@test "inside, processes of the host keep their priority" {
	local before

	background victim sleep 300
	before=$(nice_of "${BACKGROUND[0]}")
	"$SANDBOX" -p shell ./renice user 0 || true
	"$SANDBOX" -p shell --user root ./renice user 0 || true
	fails "$SANDBOX" -p shell ./renice process "${BACKGROUND[0]}"
	[ "$(nice_of "${BACKGROUND[0]}")" = "$before" ]
}
