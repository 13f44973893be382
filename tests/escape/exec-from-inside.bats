#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The control socket of a sandbox executes what it is told, and whoever runs as the same user may open it: so may the
# program of another sandbox, or of this one, that sees the runtime directory, and who has made himself root of a user
# namespace. What is executed would be in the other sandbox, or would have more rights than who asks.

load ../lib/common
load attack

setup() {
	attack_setup
	export XDG_RUNTIME_DIR=$HOME/run
	mkdir -m 0700 "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/sandbox"
	cp "$SANDBOX" ./launcher
	# The one that sees the runtime directory first: sockets that are there already would be covered.
	sandboxed inside -p nested --ro "$XDG_RUNTIME_DIR"
	sandboxed victim -p shell
}

teardown() {
	attack_teardown
}

# sandboxed NAME OPTION...: one of that name runs.
sandboxed() {
	background "$1" "$SANDBOX" -n "$@" -- sh -c 'echo ready; exec sleep 60'
	first_line "$1" >/dev/null
}

# What comes to a socket that it can reach and that turns it away: 1; all else that fails is a mistake of the attack.
try() {
	run "$@"
	case $output in
	*'in a user namespace of its own'*) return 1 ;;
	esac
	[ "$status" = 0 ] || { echo "$output" >&2; return 2; }
}

@test "outside, exec and wait are served" {
	works try ./launcher exec victim true
	works try ./launcher exec inside true
	works try sh -c 'timeout 1 ./launcher wait victim; [ $? = 124 ]'
}

@test "in a user namespace of its own none of them is" {
	local words

	for words in 'exec victim true' 'wait victim'; do
		# Several words.
		# shellcheck disable=SC2086
		fails try unshare --user --map-current-user ./launcher $words
		# Several words.
		# shellcheck disable=SC2086
		fails try unshare --user --map-root-user ./launcher $words
	done
	works try ./launcher exec victim true
}

@test "from inside a sandbox none is, neither of another one nor of its own" {
	local name

	for name in victim inside; do
		fails try ./launcher exec --env "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" inside ./launcher exec "$name" true
		fails try ./launcher exec --env "XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR" inside ./launcher wait "$name"
	done
}
