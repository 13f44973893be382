#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A live socket in the visible tree: a read-only mount does not stop connect. One in the project, reached by its
# name, a link, a descriptor, another hard link.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

kinds=(unix unix-dgram unix-seq)

@test "outside, and when the profile opens it, the socket is reached" {
	local kind

	for kind in "${kinds[@]}"; do
		background "$kind" ./net-listen "$kind" "$PWD/$kind.sock"
		first_line "$kind"
		works ./net-reach "$kind" "$kind.sock"
	done
	works ./net-reach unix-fd unix.sock
	works "$SANDBOX" -p build --set "Filesystem.SocketPaths=$PWD/unix.sock" ./net-reach unix unix.sock
}

@test "inside, it is not" {
	local kind profile

	ln -s unix.sock link
	for kind in "${kinds[@]}"; do
		background "$kind" ./net-listen "$kind" "$PWD/$kind.sock"
		first_line "$kind"
	done
	for profile in "${ALL_PROFILES[@]}"; do
		for kind in "${kinds[@]}"; do
			fails "$SANDBOX" -p "$profile" ./net-reach "$kind" "$kind.sock"
		done
		fails "$SANDBOX" -p "$profile" ./net-reach unix link
		fails "$SANDBOX" -p "$profile" ./net-reach unix-fd unix.sock
	done
	run "$SANDBOX" -p build sh -c 'mv unix.sock s2; ln unix.sock s3; for s in s2 s3; do ./net-reach unix $s; done'
	fails grep -h hello unix.out unix-dgram.out unix-seq.out
}
