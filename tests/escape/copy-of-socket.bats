#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A live socket of the host in a copied tree: the copy is no way to whoever listens, by its name, a link, a
# descriptor, after it was copied up.

load ../lib/common
load attack
load cow

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

families=Seccomp.RestrictAddressFamilies='AF_UNIX AF_INET'

listen() {
	local kind

	for kind in unix unix-dgram unix-seq; do
		background "$kind" ./net-listen "$kind" "$PWD/$kind.sock"
		first_line "$kind" >/dev/null
	done
}

@test "outside, and where the socket itself is opened, it is reached" {
	local kind overlay

	listen
	for kind in unix unix-dgram unix-seq; do
		works ./net-reach "$kind" "$kind.sock"
	done
	works ./net-reach unix-fd unix.sock
	for overlay in "${OVERLAYS[@]}"; do
		works copied "$overlay" --keep=no --set "$families" --set "Filesystem.SocketPaths=$PWD/unix.sock" \
			./net-reach unix unix.sock
	done
}

@test "in a copy it is not" {
	local overlay identity kind

	listen
	for overlay in "${OVERLAYS[@]}"; do
		for identity in "${IDENTITIES[@]}"; do
			[ "$overlay/$identity" != kernel/separate ] || continue
			for kind in unix unix-dgram unix-seq unix-fd; do
				fails copied "$overlay" --keep=no --user "$identity" --set "$families" \
					./net-reach "$kind" "${kind/unix-fd/unix}.sock"
			done
			fails copied "$overlay" --keep=no --user "$identity" --set "$families" --net host ./net-reach unix unix.sock
			run copied "$overlay" --keep=no --user "$identity" --set "$families" sh -c 'for k in unix unix-dgram unix-seq; do
				chmod 777 $k.sock; ./net-reach $k $k.sock; ln $k.sock l; ./net-reach $k l; mv $k.sock m; ./net-reach $k m
				ln -s m s; ./net-reach $k s; ./net-reach unix-fd m; rm -f l m s; done'
			[[ $output != *reached* ]] || { echo "$overlay $identity: $output" >&2; return 1; }
		done
	done
	fails grep -h got: unix.out unix-dgram.out unix-seq.out
}

@test "nor in a copy of the home or of the root" {
	local path

	listen
	for path in "$HOME" /; do
		fails "$SANDBOX" --quiet --keep=no -p default --set "$families" --cow "$path" ./net-reach unix unix.sock
	done
	fails grep -h got: unix.out
}
