#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Killing the launcher with SIGKILL, which it cannot notice, leaves nothing running.

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

@test "outside, killing the parent leaves its children" {
	local mark=kl-a-$$

	background tree bash -c './daemons "$1" stay; true' - "$mark"
	wait_for 3 left "$mark"
	kill -KILL "${BACKGROUND[0]}"
	sleep 0.1
	left "$mark"
	wait_for 5 end_them "$mark"
	rm stop
}

@test "inside, SIGKILL and other signals to the launcher end everything" {
	local mark=kl-b-$$ profile signal

	for profile in build untrusted; do
		for signal in KILL TERM HUP; do
			BACKGROUND=()
			background tree "$SANDBOX" -p "$profile" --ro . ./daemons "$mark" stay
			wait_for 3 left "$mark"
			sleep 0.1
			kill -"$signal" "${BACKGROUND[0]}"
			wait_for 3 gone "$mark" || { echo "$profile: SIG$signal" >&2; return 1; }
		done
	done
	no_leftovers
}
