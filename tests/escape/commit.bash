# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the attacks by way of commit share. A sandbox of a given name changes the tree in which the test stands; what it
# left in its layer may be made worse by hand, as a program that broke out of it could have done.
#
# Variables are set by bats' run.
# shellcheck disable=SC2154

# Where what is kept of a sandbox lies, and the layer of its only tree.
state_of() {
	printf '%s/sandbox/%s\n' "${XDG_STATE_HOME:-$HOME/.local/state}" "$1"
}

layer_of() {
	printf '%s/0/upper\n' "$(state_of "$1")"
}

# changed NAME SCRIPT [OPTION...]: a sandbox that runs a shell script here, and is kept.
changed() {
	local name=$1 script=$2

	shift 2
	run "$SANDBOX" -n "$name" --keep --quiet "$@" -- sh -c "$script"
	[ "$status" = 0 ] && return 0
	printf 'the sandbox ended with %s: %s\n%s\n' "$status" "$script" "$output" >&2
	return 1
}

# ends STATUS COMMAND...: the status is one of those (125|1); no signal, no sanitizer.
ends() {
	local wanted=$1

	shift
	run timeout --kill-after=5 60 "$@"
	[[ $status =~ ^($wanted)$ ]] && return 0
	printf 'ended with %s, not %s: %s\n%s\n' "$status" "$wanted" "$*" "$output" >&2
	return 1
}

# says REGEX: the output of the last command does, in one line.
says() {
	grep -Eq -e "$1" <<<"$output" && return 0
	printf 'not said: %s\n%s\n' "$1" "$output" >&2
	return 1
}

# A sandbox goes with its last change; afterwards nothing is left of it in any case.
forget() {
	[ ! -e "$(state_of "$1")" ] || ends 0 "$SANDBOX" remove "$1" || return 1
	[ ! -e "$(state_of "$1")" ]
}

# A tree outside of the project, which nothing may touch, with a secret in it.
outside_setup() {
	OUTSIDE=$HOME/t/outside
	remove_tree "$OUTSIDE"
	mkdir -p "$OUTSIDE/sub"
	echo s3cret >"$OUTSIDE/f"
	echo s3cret >"$OUTSIDE/gone"
	echo s3cret >"$OUTSIDE/sub/f"
	hash_of "$OUTSIDE" >"$HOME/t/outside.before"
}

# One line a file: all that can be seen of it but times of access and of directories.
hash_of() {
	find "$1" \( -type d -printf '%y %m %u %p\n' -o -printf '%y %m %u %i %n %s %T@ %p %l\n' \) | LC_ALL=C sort
	find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
}

outside_intact() {
	hash_of "$OUTSIDE" | diff "$HOME/t/outside.before" - >&2
}

outside_teardown() {
	remove_tree "$HOME/t/outside"
	rm -f "$HOME/t/outside.before"
}
