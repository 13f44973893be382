#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The session's sockets: D-Bus (systemd-run --user is a full escape), docker.sock, ssh-agent, gpg-agent, X11,
# Wayland: in the runtime directory, /run, /tmp, /dev/shm and the home.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

make_sockets() {
	local name

	shared_directory /tmp
	SHARED+=("/dev/shm/escape.$$")
	mkdir -p "$HOME/run/gnupg" "$HOME/.gnupg"
	SOCKETS=("$HOME/run/bus" "$HOME/run/wayland-0" "$HOME/run/gnupg/S.gpg-agent" "$HOME/.gnupg/S.gpg-agent" "$DIR/agent.1"
		"$DIR/X0" "/dev/shm/escape.$$")
	for name in "${!SOCKETS[@]}"; do
		background "l$name" ./net-listen unix "${SOCKETS[$name]}"
		first_line "l$name"
	done
}

remove_sockets() {
	rm -f "/dev/shm/escape.$$"
}

@test "outside, all are reached" {
	local path

	make_sockets
	for path in "${SOCKETS[@]}"; do
		works ./net-reach unix "$path"
	done
	remove_sockets
}

@test "inside, none is" {
	local path

	make_sockets
	export XDG_RUNTIME_DIR=$HOME/run DBUS_SESSION_BUS_ADDRESS=unix:path=$HOME/run/bus SSH_AUTH_SOCK=$DIR/agent.1
	for path in "${SOCKETS[@]}"; do
		fails_under_all ./net-reach unix "$path"
		fails "$SANDBOX" -p build --user root --net host ./net-reach unix "$path"
	done
	run "$SANDBOX" -p shell sh -c 'find /run /tmp /dev/shm -type s; find "$1" -type s' - "$HOME"
	[ -z "$output" ]
	fails grep -h hello l*.out
	remove_sockets
}
