#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Our own profiles, and the compiled filters that are kept, decide what the next sandbox may do: where they lie in a
# writable tree they stay read-only, and cannot be made or moved.

load ../lib/common
load attack

setup() {
	attack_setup write-ways
}

teardown() {
	attack_teardown
}

evil='[Profile]\nInherit=base\n[Filesystem]\nReadWritePaths=/\n'
attack='mkdir -p "$1" 2>/dev/null; printf "$2" >"$1/build.profile" || { rm -rf "$1"; mv "$1" "$1.old"; mkdir -p "$1" &&
	printf "$2" >"$1/build.profile"; } || { cd "$(dirname "$(dirname "$1")")" && mv sandbox x && cp -r x sandbox &&
	printf "$2" >"$1/build.profile"; } || { cd "$HOME" && mv .config x && mkdir -p "$1" &&
	printf "$2" >"$1/build.profile"; }'

@test "outside, a profile can be planted, and is used" {
	works sh -c "$attack" - "$HOME/.config/sandbox/profiles" '[Profile]\nDescription=planted\n'
	run "$SANDBOX" profile show build
	[[ $output == *planted* ]]
	rm -rf "$HOME/.config"
}

@test "inside a sandbox that may write to the whole home, it cannot" {
	local there

	for there in no yes; do
		[ "$there" = no ] || mkdir -p "$HOME/.config/sandbox/profiles"
		run "$SANDBOX" -p build --rw "$HOME" sh -c "$attack" - "$HOME/.config/sandbox/profiles" "$evil"
		[ ! -e "$HOME/.config/sandbox/profiles/build.profile" ] || { echo "$output" >&2; return 1; }
		run "$SANDBOX" profile show build
		[[ $output != *'ReadWritePaths=/ '* && $output != *$'ReadWritePaths=/\n'* ]]
	done
	rm -rf "$HOME/.config" "$HOME/x"
}

@test "a profile that is there is not changed, and XDG_CONFIG_HOME is no way around" {
	export XDG_CONFIG_HOME=$HOME/cfg

	mkdir -p "$HOME/cfg/sandbox/profiles"
	printf '[Profile]\nInherit=build\n' >"$HOME/cfg/sandbox/profiles/mine.profile"
	fails "$SANDBOX" -p build --rw "$HOME" ./write-ways "$HOME/cfg/sandbox/profiles/mine.profile"
	fails "$SANDBOX" -p mine --rw "$HOME" ./write-ways "$HOME/cfg/sandbox/profiles/mine.profile"
	works ./write-ways "$HOME/cfg/sandbox/profiles/mine.profile"
	rm -rf "$HOME/cfg" "$HOME/cfg/sandbox/profiles.moved"
}

@test "the compiled filters cannot be reached" {
	local cache=$HOME/.cache/sandbox

	"$SANDBOX" -p build true
	run "$SANDBOX" -p build --rw "$HOME" sh -c 'cd "$1" 2>/dev/null || mkdir -p "$1" && cd "$1" && : >planted
		for f in $(find . -type f); do : >"$f"; rm -f "$f"; done; mv "$1" "$1.x"; mkdir -p "$1"; : >"$1/planted"' - "$cache"
	[ ! -e "$cache/planted" ]
	[ ! -e "$cache.x" ]
	[ -z "$(find "$cache" -type f -empty)" ]
}
