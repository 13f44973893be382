#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# System V shared memory, semaphores and queues, POSIX queues and shared memory, by which host and sandbox could talk
# or disturb each other.

load ../lib/common
load attack

setup() {
	attack_setup ipc
}

teardown() {
	attack_teardown
}

make_all() {
	local kind

	KINDS=()
	for kind in shm sem msg mq pshm; do
		run ./ipc make "$kind"
		[ "$status" != 0 ] || KINDS+=("$kind")
	done
	[ ${#KINDS[@]} -ge 2 ]
}

drop_all() {
	local kind

	for kind in "${KINDS[@]}"; do
		./ipc drop "$kind"
	done
}

@test "outside, the objects are found" {
	local kind

	make_all
	for kind in "${KINDS[@]}"; do
		works ./ipc find "$kind"
	done
	drop_all
}

@test "inside, they are not, and what is made there is not found outside" {
	local kind

	make_all
	for kind in "${KINDS[@]}"; do
		fails_under_all ./ipc find "$kind"
		fails "$SANDBOX" -p shell --user root ./ipc find "$kind"
	done
	drop_all
	for kind in "${KINDS[@]}"; do
		run "$SANDBOX" -p shell ./ipc make "$kind"
		fails ./ipc find "$kind"
	done
}
