#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# fuse-overlayfs runs for the sandbox outside of it: whoever steers it has its rights, whoever stops it has the run.
# It is in no pid namespace of the program's, so there is no name for it there.
#
# start_server sets server and launcher.
# shellcheck disable=SC2154

load ../lib/common
load attack
load cow

setup() {
	attack_setup process-peek find-process
}

teardown() {
	attack_teardown
}

ways=(attach seize readv writev mem memw environ maps root cwd fds ns getfd)

@test "outside, the user finds it, looks into it, and can signal it" {
	local way

	start_server
	works ./find-process fuse-overlayfs
	works ./find-process "$server"
	for way in "${ways[@]}"; do
		[ "$way" != attach ] && [ "$way" != seize ] || continue # it would stay stopped
		works ./process-peek "$way" "$server"
	done
	works kill -0 "$server"
}

@test "inside, it is not there: neither its own nor another sandbox's" {
	local identity way

	start_server
	for identity in "${IDENTITIES[@]}"; do
		fails copied fuse --keep=no --user "$identity" ./find-process fuse-overlayfs
		fails copied fuse --keep=no --user "$identity" ./find-process "$server"
		for way in "${ways[@]}"; do
			fails copied fuse --keep=no --user "$identity" --set Seccomp.SystemCallFilter=@debug \
				./process-peek "$way" "$server"
		done
	done
	works kill -0 "$server"
}

@test "signals to every number reach none" {
	local identity

	for identity in "${IDENTITIES[@]}"; do
		run copied fuse --keep=no --user "$identity" sh -c 'trap "" TERM HUP
			for p in $(seq 2 40); do [ $p = $$ ] || kill -TERM $p; done
			kill -TERM -1; i=1; while [ $i -lt 400 ]; do kill -KILL $((i * 7 % 30000 + 100)); i=$((i + 1)); done
			echo still >file && cat file' 2>/dev/null
		[ "$status" = 0 ] || { echo "$identity: $status $output" >&2; return 1; }
		[[ $output == *still ]]
	done
}

@test "its connection is not to be had: no /dev/fuse, no control file system, no descriptor" {
	local identity

	works sh -c ': <>/dev/fuse'
	for identity in "${IDENTITIES[@]}"; do
		run copied fuse --keep=no --user "$identity" sh -c 'for f in /dev/fuse /sys/fs/fuse/connections; do ls "$f"; done
			mknod fuse c 10 229 && (: <>fuse) && echo opened; find /proc/[0-9]*/fd -lname "*fuse*"; ls /proc/self/fd | wc -l'
		[[ $output != *opened* && $output != *fd/*fuse* ]] || { echo "$identity: $output" >&2; return 1; }
		fails copied fuse --keep=no --user "$identity" sh -c '[ -e /dev/fuse ] || [ -e /sys/fs/fuse ]'
	done
}
