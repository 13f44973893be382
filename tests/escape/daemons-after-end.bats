#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Whatever is started inside ends with the sandbox: double forks, new sessions, stopped processes, those that ignore
# every signal, a chain of forks that no list of processes catches.

load ../lib/common
load attack

setup() {
	attack_setup daemons
}

teardown() {
	attack_teardown
}

left() {
	local pid name

	for pid in /proc/[0-9]*; do
		{ read -r name <"$pid/comm"; } 2>/dev/null || continue
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

gone() {
	! left "$1"
}

end_them() {
	local pid name

	: >stop
	for pid in /proc/[0-9]*; do
		{ read -r name <"$pid/comm"; } 2>/dev/null || continue
		[ "$name" != "$1" ] || kill -KILL "${pid#/proc/}" 2>/dev/null || true
	done
	gone "$1"
}

@test "outside, they survive" {
	local mark=dm-a-$$

	works ./daemons "$mark"
	left "$mark"
	wait_for 5 end_them "$mark"
	rm stop
}

@test "inside, none survives the program that started them" {
	local mark=dm-b-$$ profile

	for profile in "${ALL_PROFILES[@]}"; do
		works "$SANDBOX" -p "$profile" ./daemons "$mark"
		wait_for 2 gone "$mark"
	done
	works "$SANDBOX" -p build --user root ./daemons "$mark"
	wait_for 2 gone "$mark"
	no_leftovers
}
