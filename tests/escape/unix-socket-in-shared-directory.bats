#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Sockets of servers in directories that stay visible: /var/tmp, /var/lib, /srv.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

@test "outside, and when the profile opens it, a socket in /var/tmp is reached" {
	shared_directory /var/tmp
	background listener ./net-listen unix "$DIR/sock"
	first_line listener
	works ./net-reach unix "$DIR/sock"
	works "$SANDBOX" -p build --set "Filesystem.SocketPaths=$DIR/sock" ./net-reach unix "$DIR/sock"
}

@test "inside, it is not" {
	shared_directory /var/tmp
	background listener ./net-listen unix "$DIR/sock"
	background datagrams ./net-listen unix-dgram "$DIR/dgram"
	first_line listener
	first_line datagrams
	fails_under_all ./net-reach unix "$DIR/sock"
	fails_under_all ./net-reach unix-dgram "$DIR/dgram"
	fails "$SANDBOX" -p build --ro "$DIR" ./net-reach unix "$DIR/sock"
	fails "$SANDBOX" -p build --user root ./net-reach unix "$DIR/sock"
	fails "$SANDBOX" -p build --net host ./net-reach unix "$DIR/sock"
	fails "$SANDBOX" -p build --bind "$DIR:/mnt:ro" ./net-reach unix /mnt/sock
	fails grep hello listener.out datagrams.out
}
