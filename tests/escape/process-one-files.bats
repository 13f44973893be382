#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# /proc/1 leads to the memory, the root, the files and the program of process 1: the root it was set up from, the
# launcher that CVE-2019-5736 overwrote.

load ../lib/common
load attack

setup() {
	attack_setup process-peek
}

teardown() {
	attack_teardown
}

@test "outside, these files of a process can be opened" {
	local way

	for way in mem memw environ maps pagemap auxv root cwd exe fds map_files ns; do
		works ./process-peek "$way"
	done
}

@test "inside, those of process 1 cannot" {
	local way

	for way in mem memw environ maps pagemap auxv root cwd exe fds map_files ns; do
		fails_under_all ./process-peek "$way" 1
		fails "$SANDBOX" -p shell --user root ./process-peek "$way" 1
	done
}
