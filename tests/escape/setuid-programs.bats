#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Setuid programs of the host run with root's rights on what the caller prepares.

load ../lib/common
load attack

setup() {
	attack_setup setuid-exec
}

teardown() {
	attack_teardown
}

@test "outside, su runs as root" {
	works ./setuid-exec /bin/su
}

@test "inside, no setuid program gets another user" {
	local program

	for program in /bin/su /usr/bin/newuidmap /usr/bin/passwd /usr/bin/mount; do
		[ -u "$program" ] || continue
		fails_under_all ./setuid-exec "$program"
		fails "$SANDBOX" -p build --user root ./setuid-exec "$program"
	done
}

@test "no_new_privs is set, and cannot be taken back" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		works "$SANDBOX" -p "$profile" grep -x $'NoNewPrivs:\t1' /proc/self/status
	done
	fails grep -x $'NoNewPrivs:\t1' /proc/self/status
}
