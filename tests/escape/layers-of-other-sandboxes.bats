#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The layers of other sandboxes lie in the home: what another program wrote in another project could be read there,
# and what is written there by hand goes round every check of a commit.

load ../lib/common
load attack
load cow

setup() {
	attack_setup write-ways
	STATE=$HOME/.local/state/sandbox
	mkdir ../other
	(cd ../other && "$SANDBOX" --quiet --name other -p default sh -c 'echo the word is s3cret >layered')
}

teardown() {
	rm -rf ../other
	attack_teardown
}

# Read it, change it, plant a sandbox of one's own, move the directory or those above out of the way.
look='found=1; for d in "$1" /proc/self/root"$1" /mnt /mnt/state/sandbox /mnt/sandbox "$1.x" "${1%/*}.x/sandbox" \
	"$HOME/.local.x/state/sandbox"; do grep -rs s3cret "$d" && found=0; done; exit $found'
change='(echo evil >"$1/other/0/upper/layered"; mkdir -p "$1/evil/0/upper"; echo evil >"$1/evil/state"
	mv "$1" "$1.x"; mv "${1%/*}" "${1%/*}.x"; mv "$HOME/.local" "$HOME/.local.x"
	mkdir -p "$1/evil"; echo evil >"$1/evil/state"; rm -rf "$1"; for f in /mnt /mnt/sandbox /mnt/state/sandbox; do
	mkdir "$f/evil"; echo evil >"$f/other/0/upper/layered"; done) 2>/dev/null'

@test "outside, layers can be read and changed" {
	works sh -c "$look" - "$STATE"
	cp -r "$STATE" ../copy
	HOME=$PWD/.. works sh -c 'echo evil >"$1/other/0/upper/layered" && mkdir "$1/evil"' - "$PWD/../copy"
	grep -q evil ../copy/other/0/upper/layered
	rm -rf ../copy
}

# unharmed: the other sandbox is as it was, and no new one is there.
unharmed() {
	[ "$(find "$STATE" -name layered -exec cat {} +)" = 'the word is s3cret' ] && [ ! -e "$STATE/evil" ] &&
		[ ! -e "$STATE.x" ] && [ ! -e "$HOME/.local.x" ] && [ ! -e "${STATE%/*}.x" ] && return 0
	find "$HOME/.local"* >&2
	return 1
}

@test "inside they are not seen and not changed, whatever above is opened" {
	local option path overlay

	for option in --ro --rw --cow; do
		for path in "$HOME" "$HOME/.local" "$HOME/.local/state"; do
			fails "$SANDBOX" --quiet --keep=no -p build "$option" "$path" sh -c "$look" - "$STATE"
			run "$SANDBOX" --quiet --keep=no -p build "$option" "$path" sh -c "$change; $look" - "$STATE"
			[[ $output != *s3cret* ]] || { echo "$option $path: $output" >&2; return 1; }
			unharmed || { echo "$option $path" >&2; return 1; }
		done
	done
	for overlay in "${OVERLAYS[@]}"; do
		run copied "$overlay" --keep=no --cow "$HOME" sh -c "$change; $look" - "$STATE"
		[[ $output != *s3cret* ]] || { echo "$overlay: $output" >&2; return 1; }
		unharmed
	done
}

@test "nor through a bind, nor as root or another user inside" {
	local path identity

	for path in "$HOME/.local" "$HOME/.local/state"; do
		fails "$SANDBOX" --quiet --keep=no -p build --bind "$path:/mnt:ro" sh -c "$look" - "$STATE"
		run "$SANDBOX" --quiet --keep=no -p build --bind "$path:/mnt" sh -c "$change; $look" - "$STATE"
		[[ $output != *s3cret* ]] || { echo "$path: $output" >&2; return 1; }
		unharmed
	done
	for identity in root separate; do
		run "$SANDBOX" --quiet --keep=no -p build --user "$identity" --rw "$HOME" sh -c "$change; $look" - "$STATE"
		[[ $output != *s3cret* ]] || { echo "$identity: $output" >&2; return 1; }
		unharmed
	done
}

@test "to open them themselves, or one of them, is refused" {
	local option path

	for path in "$STATE" "$STATE/other" "$STATE/other/0/upper"; do
		for option in --ro --rw --cow; do
			refuses 'layers of sandboxes' "$SANDBOX" --quiet --keep=no -p build "$option" "$path" true
		done
		refuses 'layers of sandboxes' "$SANDBOX" --quiet --keep=no -p build --bind "$path:/mnt:ro" true
	done
	(
		cd "$STATE/other/0/upper"
		refuses 'layers of sandboxes' "$SANDBOX" --quiet -p default true
		refuses 'layers of sandboxes' "$SANDBOX" --quiet -p shell true
	)
	unharmed
}

@test "where there are none yet, none can be planted" {
	local option

	remove_tree "$HOME/.local"
	for option in --rw --cow; do
		run "$SANDBOX" --quiet --keep=no -p build "$option" "$HOME" sh -c "$change" - "$STATE"
		[ ! -e "$STATE/evil" ] || { find "$HOME/.local" >&2; return 1; }
		[ ! -e "$HOME/.local.x" ]
		remove_tree "$HOME/.local"
	done
	mkdir "$HOME/.local"
	works sh -c 'mkdir -p "$1/evil" && : >"$1/evil/state"' - "$STATE"
}
