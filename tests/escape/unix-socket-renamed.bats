#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A socket that is not where its owner bound it: bound by a relative name, hard-linked (as ssh's ControlMaster does),
# moved with its directory by an earlier run, made in another network namespace (rootless containers).

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

# Where AF_UNIX is closed. python and node have it open, and there only sockets whose path is known are covered.
unreached() {
	local profile

	for profile in default build shell untrusted; do
		fails "$SANDBOX" -p "$profile" "$@" || return 1
	done
}

@test "outside, each is reached" {
	mkdir dir
	(cd dir && background ../listener ../net-listen unix sock; printf '%s\n' "${BACKGROUND[@]}" >../pids)
	first_line listener
	mv dir moved
	ln moved/sock hard
	works ./net-reach unix moved/sock
	works ./net-reach unix hard
	kill "$(cat pids)"
}

@test "inside, one bound by a relative name is not" {
	background listener ./net-listen unix sock
	first_line listener
	unreached ./net-reach unix sock
}

@test "nor one that was linked to another name" {
	background listener ./net-listen unix "$PWD/temporary"
	first_line listener
	ln temporary final
	rm temporary
	unreached ./net-reach unix final
}

@test "nor one whose directory an earlier run has moved" {
	mkdir dir
	background listener ./net-listen unix "$PWD/dir/sock"
	first_line listener
	fails "$SANDBOX" -p build ./net-reach unix dir/sock
	run "$SANDBOX" -p build mv dir moved
	run "$SANDBOX" -p build ./net-reach unix moved/sock
	[ "$status" = 1 ]
	run "$SANDBOX" -p build ./net-reach unix dir/sock
	[ "$status" = 1 ]
	fails grep hello listener.out
}

@test "nor one that was made in another network namespace" {
	background listener unshare -Urn ./net-listen unix "$PWD/sock"
	first_line listener
	works ./net-reach unix sock
	unreached ./net-reach unix sock
}
