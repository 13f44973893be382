#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A socket that a server makes after the sandbox was started: a list of the sockets there were at the start does not
# know it.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

# Runs the probe once the file `go` is there, with the socket made meanwhile.
late() {
	rm -f go
	background late "$@" sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done; ./net-reach unix "$1"
		echo status=$?' - "$SOCKET"
	[ "$(first_line late)" = ready ]
	background listener ./net-listen unix "$SOCKET"
	first_line listener
	: >go
	wait_for 5 grep -q status= late.out
	rm -f "$SOCKET"
}

@test "outside, it is reached" {
	SOCKET=$PWD/late.sock
	late env
	grep -q status=0 late.out
}

@test "inside, it is not, in the project" {
	SOCKET=$PWD/late.sock
	late "$SANDBOX" -p build
	grep -q status=1 late.out || { cat late.out >&2; return 1; }
}

@test "nor in another visible directory" {
	shared_directory /var/tmp
	SOCKET=$DIR/sock
	late "$SANDBOX" -p build
	grep -q status=1 late.out || { cat late.out >&2; return 1; }
}
