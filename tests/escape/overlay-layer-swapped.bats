#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2021-26910, CVE-2024-42472: the directory of a kept sandbox, or its layer, is replaced by a link or by another
# directory between two runs, or while one starts. The program must not come to write, or read, where that leads.

load ../lib/common
load attack
load cow

setup() {
	attack_setup exchange
	STATE=$HOME/.local/state/sandbox
	mkdir -p "$HOME/keys/upper" "$HOME/keys/work" "$HOME/keys/0/upper" "$HOME/keys/0/work"
	for name in "$HOME"/keys "$HOME"/keys/{,0/}{upper,work}; do
		echo s3cret >"$name/.secret"
	done
}

teardown() {
	attack_teardown
}

# The program's part: read what the layer gives, leave a mark, delete.
attack='for f in .secret */.secret upper/.secret; do cat "$f" 2>/dev/null; done; echo evil >planted; rm -f .secret; exit 0'

# untouched: nothing has been written to, or taken from, what the links lead to.
untouched() {
	[ "$(find "$HOME/keys" ! -type d ! -name .secret)" = "" ] && [ "$(find "$HOME/keys" -name .secret | wc -l)" = 5 ] &&
		return 0
	find "$HOME/keys" >&2
	return 1
}

@test "an overlay that is mounted by hand does follow the link" {
	mkdir -p layer lower mnt layer/work
	ln -s "$HOME/keys/upper" layer/upper
	works unshare -Urm sh -c 'mount -t overlay overlay -o "userxattr,lowerdir=lower,upperdir=layer/upper,workdir=$HOME/keys/work" mnt &&
		cd mnt && cat .secret && echo evil >planted'
	[[ $output == *s3cret* ]]
	[ -e "$HOME/keys/upper/planted" ]
}

@test "a link in place of the layer, its parts, or the sandbox's directory is not followed" {
	local overlay part

	for overlay in "${OVERLAYS[@]}"; do
		for part in /0/upper /0/work /0 ''; do
			run copied "$overlay" --name mine touch mine
			[ "$status" = 0 ]
			mv "$STATE/mine$part" "$STATE/aside"
			ln -s "$HOME/keys${part#/0}" "$STATE/mine$part"
			[ -n "$part" ] || cp "$STATE/aside/state" "$HOME/keys/state"
			run copied "$overlay" --name mine sh -c "$attack"
			rm -f "$HOME/keys/state"
			[ "$status" = 125 ] || { echo "$overlay $part: $status $output" >&2; return 1; }
			[[ $output != *s3cret* ]] || { echo "$overlay $part: $output" >&2; return 1; }
			untouched
			rm "$STATE/mine$part"
			mv "$STATE/aside" "$STATE/mine$part"
			forget
		done
	done
}

@test "nor in place of the directory of all sandboxes" {
	run copied kernel --name mine touch mine
	mv "$STATE" "$HOME/aside"
	ln -s "$HOME/keys" "$STATE"
	refuses 'symbolic link' copied kernel --name mine sh -c "$attack"
	refuses 'symbolic link' copied kernel sh -c "$attack"
	untouched
	rm "$STATE"
	mv "$HOME/aside" "$STATE"
}

end_racer() {
	kill "${BACKGROUND[-1]}" 2>/dev/null || true
	wait "${BACKGROUND[-1]}" || true
}

@test "what is exchanged for a link while runs begin is used or refused, and never followed" {
	local overlay part end

	for overlay in "${OVERLAYS[@]}"; do
		for part in 0/upper 0 ''; do
			run copied "$overlay" --name mine touch mine
			ln -s "$HOME/keys${part#0}" "$STATE/link"
			[ -n "$part" ] || cp "$STATE/mine/state" "$HOME/keys/state"
			background racer ./exchange "$STATE/mine/$part" "$STATE/link"
			end=$((SECONDS + 5))
			while [ "$SECONDS" -lt "$end" ]; do
				run copied "$overlay" --name mine sh -c "$attack"
				[[ $output != *s3cret* ]] || { echo "$overlay $part: $output" >&2; return 1; }
			done
			end_racer
			rm -f "$HOME/keys/state"
			untouched
			rm -f "$STATE/link" 2>/dev/null || rm -f "$STATE/mine/0/upper" "$STATE/mine/0" "$STATE/mine" 2>/dev/null || true
			forget
		done
	done
}

@test "the copied tree exchanged for a link or for another directory while runs begin shows nothing else" {
	local overlay end

	mkdir tree
	echo mine >tree/.mine
	ln -s "$HOME/keys" link
	for overlay in "${OVERLAYS[@]}"; do
		background racer ./exchange tree link
		end=$((SECONDS + 5))
		while [ "$SECONDS" -lt "$end" ]; do
			run "$SANDBOX" --quiet --keep=no -p shell --set "Filesystem.Overlay=$overlay" --ro . --cow "$PWD/tree" \
				sh -c 'cat tree/.secret tree/*/.secret; echo evil >tree/planted'
			# Resolved when the link stood there, it is what the caller has named: a copy of the keys.
			[ ! -e "$HOME/keys/planted" ] || return 1
		done
		end_racer
		untouched
	done
}
