#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Seen from outside, the program with an identity of its own is another user: it fails checks by peer credentials and
# cannot signal the caller's processes.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

# User ids, outside, of all processes below one.
ids_below() {
	local pid child

	for pid in "$@"; do
		awk '/^Uid:/ { print $2; print $3; print $4; print $5 }' "/proc/$pid/status"
		# shellcheck disable=SC2013 # words are what the file holds
		for child in $(cat /proc/"$pid"/task/*/children); do
			ids_below "$child"
		done
	done
}

@test "with the caller's id, peer credentials are the caller's" {
	background listener ./net-listen unix "$PWD/sock"
	first_line listener
	works "$SANDBOX" -p default --set "Filesystem.SocketPaths=$PWD/sock" ./net-reach unix sock
	wait_for 2 grep -q "from user $(id -u)\$" listener.out
}

@test "with its own, they are not" {
	background listener ./net-listen unix "$PWD/sock"
	first_line listener
	chmod 0666 sock
	works "$SANDBOX" -p untrusted --set "Filesystem.SocketPaths=$PWD/sock" ./net-reach unix sock
	wait_for 2 grep -q "from user" listener.out
	fails grep "from user $(id -u)\$" listener.out
}

@test "the program's process has another user id outside" {
	local last

	background box "$SANDBOX" -p untrusted --ro . sh -c 'id=$(id -u); echo $id; exec sleep 300'
	[ "$(first_line box)" = "$(id -u)" ]
	last=$(ids_below "${BACKGROUND[0]}" | tail -n 1)
	[ -n "$last" ]
	[ "$last" != "$(id -u)" ]
	background other "$SANDBOX" -p default sh -c 'id=$(id -u); echo $id; exec sleep 300'
	[ "$(first_line other)" = "$(id -u)" ]
	[ "$(ids_below "${BACKGROUND[1]}" | tail -n 1)" = "$(id -u)" ]
}
