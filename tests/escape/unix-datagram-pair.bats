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
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("sock"); s.settimeout(20); print("up", flush=True)
while True: print(s.recv(9).decode(), flush=True)' >got 2>/dev/null 3>&- &
	BACKGROUND+=($!)
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		! grep -q up got || break
		sleep 0.1
	done
}

teardown() {
	attack_teardown
}

@test "outside, and with AF_UNIX, it is reached" {
	works python3 -c "$SEND" sock SOCK_DGRAM
	grep -q hello got
	works "$SANDBOX" -p build --set Seccomp.RestrictAddressFamilies= --set Filesystem.SocketPaths="$PWD/sock" \
		python3 -c "$SEND" sock SOCK_DGRAM
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
