#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# File capabilities in a layer: with them a program would have rights in every user namespace of the user.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	PATH=$PATH:/usr/sbin:/sbin
	echo x >old
	chmod 0755 old
	changed x 'cp /bin/true new; cp /bin/true old; mkdir d; cp /bin/true d/f' --user root
	give "$(layer_of x)/new"
	give "$(layer_of x)/old"
	give "$(layer_of x)/d/f"
}

teardown() {
	attack_teardown
}

# As root of a user namespace anybody may; they hold in that of the same owner (capabilities(7), namespaced files).
give() {
	unshare --user --map-root-user setcap cap_net_raw+ep "$1"
	has "$1"
}

has() {
	getfattr -h -n security.capability -- "$1" >/dev/null 2>&1 || getcap -n "$1" | grep -q cap_net_raw
}

@test "renamed out of the layer, the file keeps them" {
	mv "$(layer_of x)/new" plain
	has plain
}

@test "committed, it has lost them, and that is said" {
	local file

	ends 0 "$SANDBOX" changes x --json
	says '"capability"'
	ends 0 "$SANDBOX" commit x
	says 'capabilities'
	for file in new old d/f; do
		[ -x "$file" ]
		fails has "$file"
	done
}

@test "nor when it is copied to another file system" {
	local file

	XDG_STATE_HOME=$(mktemp -d /dev/shm/sandbox-check.escape.XXXXXX)
	export XDG_STATE_HOME
	SHARED+=("$XDG_STATE_HOME")
	changed y 'cp /bin/true other' --user root
	give "$(layer_of y)/other"
	ends 0 "$SANDBOX" commit y
	[ -x other ]
	fails has other
	forget y
}
