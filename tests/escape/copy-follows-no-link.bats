#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Links in a copied tree that lead out of it: to copy a file up, to change its mode, owner, times or attributes, to
# link or rename it must not touch, or bring inside, what the link points to. Two ways are open to an overlay that
# follows: the kernel's own, and a fuse-overlayfs that has more rights than the program.

load ../lib/common
load attack
load cow

setup() {
	attack_setup
	mkdir -p "$HOME/keys" "$HOME/.local/state"
	echo the word is s3cret >"$HOME/keys/key"
	ln -s "$HOME/.secret" absolute
	ln -s ../../.secret relative
	ln -s "/proc/self/root$HOME/.secret" magic
	ln -s "$HOME/keys" directory
	ln -s ../../keys up
	ln -s ../../../lower/../keys layers
	ln -s "$PWD/../.." dots
}

teardown() {
	attack_teardown
}

attack='for l in absolute relative magic directory/key up/key layers/key dots/.secret dots/keys/key; do
		cat "$l"; echo evil >>"$l"; chmod 777 "$l"; touch -d 2001-01-01 "$l"; touch -h -d 2001-01-01 "$l"; chown -h 0:0 "$l"
		truncate -s 0 "$l"; setfattr -n user.evil -v evil "$l"; setfattr -h -n user.evil -v evil "$l"
		ln "$l" "hard-${l##*/}"; cat "hard-${l##*/}"; mv "$l" "moved-${l##*/}"; cat "moved-${l##*/}"; rm -f "moved-${l##*/}"
	done
	for d in directory up layers dots; do
		echo evil >"$d/planted"; mkdir "$d/dir"; mkfifo "$d/fifo"; ln -s x "$d/link"; rm "$d/key"; mv "$d/key" .; chmod 777 "$d/."
		rmdir "$d/keys"; mv "$d" "m-$d"; ls "m-$d/"; cat "m-$d/key"
	done; :'

@test "outside, they are followed" {
	run sh -c "$attack" 2>/dev/null
	[[ $output == *s3cret* ]]
	[ -e "$HOME/keys/planted" ] && [ ! -e "$HOME/.secret" ]
}

@test "in a copy they lead where the program itself may go, and nothing outside changes" {
	local overlay identity before

	before=$(home_state)
	for overlay in "${OVERLAYS[@]}"; do
		for identity in "${IDENTITIES[@]}"; do
			[ "$overlay/$identity" != kernel/separate ] || continue
			run copied "$overlay" --name links --user "$identity" sh -c "($attack) 2>/dev/null"
			[ "$status" = 0 ] || { echo "$overlay $identity: $status $output" >&2; return 1; }
			[[ $output != *s3cret* ]] || { echo "$overlay $identity: $output" >&2; return 1; }
			diff <(echo "$before") <(home_state)
			fails grep -rs s3cret "$HOME/.local/state/sandbox"
			forget
		done
	done
}
