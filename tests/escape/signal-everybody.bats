#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# kill(-1) and kill(0) hit every process of the user, or the process group in which the launcher and the rest of a
# pipeline are.

load ../lib/common
load attack

setup() {
	attack_setup signal-all
}

teardown() {
	attack_teardown
}

# A bystander in the same process group as what follows; prints whether it survives.
with_bystander() {
	setsid --wait bash -c 'sleep 300 & pid=$!; "$@" >/dev/null; status=$?
		sleep 0.05; kill -0 $pid 2>/dev/null && echo survived; kill -9 $pid; exit $status' - "$@" 3>&- 4>&-
}

@test "outside, the bystander dies" {
	run with_bystander ./signal-all group
	[[ $output != *survived* ]]
}

@test "inside, neither the group, nor everybody, nor the parent can be hit" {
	local whom profile

	for whom in group everybody parent init; do
		for profile in build shell untrusted; do
			run with_bystander "$SANDBOX" -p "$profile" ./signal-all "$whom"
			[[ $output == *survived* ]] || { echo "$profile: $whom" >&2; return 1; }
		done
	done
}

@test "process 1 cannot be ended or stopped from inside" {
	run timeout 30 "$SANDBOX" -p shell sh -c 'kill -KILL 1; kill -STOP 1; sleep 0.1; echo alive; exit 3'
	[ "$status" = 3 ]
	[[ $output == *alive* ]]
}
