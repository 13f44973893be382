#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A pair of datagram sockets can be sent from to any address, so it is a way to the host's sockets where socket(2) has
# none.

load ../lib/common
load attack

SEND='import socket, sys
pair = socket.socketpair(socket.AF_UNIX, getattr(socket, sys.argv[2]))
try:
    pair[0].sendto(b"hello", sys.argv[1])
except OSError as e:
    sys.exit(1)'

setup() {
	attack_setup
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("sock"); print("up", flush=True)
while True: print(s.recv(9).decode(), flush=True)' >got 2>/dev/null 3>&- &
	BACKGROUND+=($!)
	wait_for 5 grep -q up got
}

teardown() {
	attack_teardown
}

heard() {
	[ "$(grep -c hello got)" = "$1" ]
}

@test "outside, and with AF_UNIX, it is reached" {
	works python3 -c "$SEND" sock SOCK_DGRAM
	wait_for 5 heard 1
	works "$SANDBOX" -p build --set Seccomp.RestrictAddressFamilies= --set Filesystem.SocketPaths="$PWD/sock" \
		python3 -c "$SEND" sock SOCK_DGRAM
	wait_for 5 heard 2
}

@test "inside it is not, and a pair of streams is there" {
	local profile

	for profile in default build shell untrusted; do
		fails "$SANDBOX" -p "$profile" python3 -c "$SEND" sock SOCK_DGRAM
		fails "$SANDBOX" -p "$profile" python3 -c "$SEND" sock SOCK_RAW
		works "$SANDBOX" -p "$profile" python3 -c 'import socket; socket.socketpair()'
	done
	[ "$(cat got)" = up ]
}
