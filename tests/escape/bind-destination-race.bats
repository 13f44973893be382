#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2021-30465, CVE-2024-45310: while sandboxes start, a process outside swaps a directory on the way to a mount
# point for a link that leads out, with RENAME_EXCHANGE.

load ../lib/common
load attack

setup() {
	attack_setup exchange
}

teardown() {
	attack_teardown
}

@test "the link, when it is there, leads a plain mkdir out" {
	mkdir -p "$HOME/t/victim" tree
	ln -s "$HOME/t/victim" link
	works mkdir link/probe
	[ -d "$HOME/t/victim/probe" ]
	rm -r "$HOME/t/victim"
}

@test "hundreds of starts against the racer: the tree outside is unchanged, nothing is seen through it" {
	local end ran=0 seen=0

	mkdir -p "$HOME/t/victim/dst" tree/dst src root/tree/dst
	echo s3cret >"$HOME/t/victim/dst/word"
	echo plain >src/word
	ln -s "$HOME/t/victim" link
	find "$HOME/t/victim" -printf '%p %i %s %T@\n' | sort >before
	background racer ./exchange tree link
	end=$((SECONDS + 6))
	# What it sees is chance: it goes on until it has seen enough.
	while [ "$SECONDS" -lt "$end" ] || [ "$ran" -lt 50 ] || [ "$seen" -lt 5 ]; do
		run "$SANDBOX" -p build --bind "$PWD/src:$PWD/tree/dst" \
			sh -c 'cat tree/dst/word; echo evil >tree/dst/new; echo evil >tree/other'
		[[ $output != *s3cret* ]] || { echo "round $ran: $output" >&2; return 1; }
		[[ $output != plain* ]] || seen=$((seen + 1))
		ran=$((ran + 1))
		[ "$SECONDS" -lt $((end + 180)) ] || { echo "$ran rounds, $seen with the mount" >&2; return 1; }
	done
	works kill "${BACKGROUND[0]}" # it has raced all the time
	find "$HOME/t/victim" -printf '%p %i %s %T@\n' | sort >after
	cmp before after
	rm -r "$HOME/t/victim"
}
