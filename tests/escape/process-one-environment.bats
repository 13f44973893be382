#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The environment that the launcher was started with holds tokens; process 1 inside is a fork of it.

load ../lib/common
load attack

setup() {
	attack_setup process-peek
}

teardown() {
	attack_teardown
}

@test "outside, the environment of another process of the user can be read" {
	export ESCAPE_TOKEN=t0ken-in-environment

	background victim sleep 300
	wait_for 2 grep -qs t0ken "/proc/${BACKGROUND[0]}/environ"
}

@test "inside, no process shows it" {
	local profile

	export ESCAPE_TOKEN=t0ken-in-environment
	for profile in "${ALL_PROFILES[@]}"; do
		run "$SANDBOX" -p "$profile" sh -c 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; env; :'
		[ "$status" = 0 ]
		[[ $output == *PATH=* ]]
		[[ $output != *t0ken* ]]
	done
}

@test "nothing of it is in the memory of process 1" {
	export ESCAPE_TOKEN=t0ken-in-memory
	local child pid

	background box "$SANDBOX" -p build sh -c 'echo ready; sleep 300'
	[ "$(first_line box)" = ready ]
	# Only root may look, so the test reads what is left for its own user: nothing.
	# shellcheck disable=SC2013 # words are what the file holds
	for child in $(cat "/proc/${BACKGROUND[0]}/task/${BACKGROUND[0]}/children"); do
		pid=$child
		fails sh -c "grep -a t0ken /proc/$pid/environ || exit 1"
		fails dd if="/proc/$pid/mem" of=/dev/null bs=1 count=1
	done
	[ -n "$pid" ]
}
