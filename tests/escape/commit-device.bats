#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Device nodes, and sockets, in a layer: a node gives rights that its name does not show, and the mark for a deleted file
# is one.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	echo victim >victim
}

teardown() {
	attack_teardown
}

no_nodes() {
	local found

	found=$(find . \( -type c -o -type b -o -type s \))
	[ -z "$found" ] || { echo "nodes: $found" >&2; return 1; }
}

@test "made for real, the node 0:0 is there: it needs no privilege" {
	works mknod node c 0 0
	[ -c node ]
}

@test "a program's nodes do not reach the host" {
	local overlay

	for overlay in kernel fuse; do
		changed x 'for n in "c 0 0" "c 1 3" "b 7 0" "c 10 229"; do mknod n$((i += 1)) $n; rm -f victim; mknod victim $n; done
			mkdir -p d; mknod d/n c 0 0; true' --user root --set Filesystem.Overlay=$overlay
		ends '0|1' "$SANDBOX" commit x
		no_nodes
		forget x
		echo victim >victim
		rm -rf d
	done
}

@test "a mark for a deleted file, brought into the layer by hand, is nothing where the host has nothing" {
	changed x 'echo x >file; mkdir -p d; echo x >d/f'
	mknod "$(layer_of x)/mark" c 0 0
	mknod "$(layer_of x)/d/mark" c 0 0
	ends 0 "$SANDBOX" commit x
	no_nodes
	[ "$(cat file)" = x ] && [ ! -e mark ]
}

@test "a socket is not committed, and stays pending; a fifo is" {
	changed x 'mkfifo fifo; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")"' \
		--set 'Seccomp.RestrictAddressFamilies=AF_UNIX'
	[ -S "$(layer_of x)/sock" ]
	ends '0|1' "$SANDBOX" commit x
	says 'socket'
	no_nodes
	[ -p fifo ]
	ends 0 "$SANDBOX" changes x
	says 'sock '
	ends 0 "$SANDBOX" discard x
	forget x
}
