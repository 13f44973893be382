#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Device nodes of the host in /dev, and new ones made by mknod in a place of one's own.

load ../lib/common
load attack

setup() {
	attack_setup dev-nodes make-node
}

teardown() {
	attack_teardown
}

@test "outside, /dev is full of nodes; a node can be made where the kernel lets anybody" {
	works ./dev-nodes
	works mkfifo fifo
}

@test "inside, there are the harmless ones alone" {
	fails_under_all ./dev-nodes
	fails "$SANDBOX" -p build --user root ./dev-nodes
	fails "$SANDBOX" -p build --net host ./dev-nodes
}

@test "none can be made, not by root inside either" {
	local dir user

	for dir in . /tmp /dev /dev/shm; do
		for user in self root; do
			fails "$SANDBOX" -p shell --user "$user" ./make-node "$dir"
		done
	done
	[ -z "$(find . -type b -o -type c)" ]
}

@test "a device asked for by name is there, so the probe sees nodes" {
	[ -c /dev/fuse ] || skip_or_fail "no-fuse: this host has no /dev/fuse"
	works "$SANDBOX" -p build --set Filesystem.DeviceAllow=/dev/fuse ./dev-nodes
}
