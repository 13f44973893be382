#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Under the caller's own id, no other id can be had.

load ../lib/common
load attack

setup() {
	attack_setup change-id
}

teardown() {
	attack_teardown
}

@test "root inside has a range of ids to change to" {
	works "$SANDBOX" -p shell --user root ./change-id 5
}

@test "otherwise nobody can become another" {
	local id

	for id in 0 1 5 65534; do
		fails "$SANDBOX" -p shell ./change-id "$id"
		fails "$SANDBOX" -p build ./change-id "$id"
		fails "$SANDBOX" -p untrusted ./change-id "$id"
	done
	fails "$SANDBOX" -p shell --user root ./change-id 70000
}
