#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# MemoryDenyWriteExecute: memory that was written is executed: by mmap, mprotect, pkey_mprotect, a shared memory
# segment.

load ../lib/common
load attack

setup() {
	attack_setup write-exec
}

teardown() {
	attack_teardown
}

@test "without the rule, each way works" {
	local way

	for way in mmap mprotect pkey shm; do
		works ./write-exec "$way"
		works "$SANDBOX" -p build --set Seccomp.MemoryDenyWriteExecute=no ./write-exec "$way"
	done
}

@test "with the rule, none does" {
	local way

	for way in mmap mprotect pkey shm; do
		fails "$SANDBOX" -p build --set Seccomp.MemoryDenyWriteExecute=yes ./write-exec "$way"
	done
}
