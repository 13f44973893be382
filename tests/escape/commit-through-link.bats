#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A link that leads out stands where commit, discard or undo expect a directory: on the host, in the layer, or as the
# tree itself.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	outside_setup
	mkdir -p tree/d/sub
	echo host >tree/d/f
	echo host >tree/d/gone
	echo host >tree/d/sub/f
	cd tree || return 1
}

teardown() {
	cd "$PROJECT" || return 1
	outside_teardown
	attack_teardown
}

CHANGES='echo inside >d/f; rm d/gone; echo inside >d/new; echo inside >d/sub/f; mkdir d/made; echo inside >d/made/f'

@test "a plain copy goes through the link" {
	cp -r d "$HOME/t/copy"
	rm -r d
	ln -s "$OUTSIDE" d
	cp "$HOME/t/copy/f" d/f
	rm d/gone
	fails outside_intact
	rm -r "$HOME/t/copy"
}

@test "the host's parent has become a link: refused; with --theirs the link goes, not what it leads to" {
	local link

	for link in "$OUTSIDE" ../../outside /proc/self/root"$OUTSIDE" /proc/self/cwd; do
		changed x "$CHANGES"
		mv d away
		ln -s "$link" d
		ends 1 "$SANDBOX" commit x
		outside_intact
		[ -L d ] && [ "$(cat away/f)" = host ] && [ ! -e away/new ]
		ends '0|1' "$SANDBOX" commit x --theirs
		outside_intact
		[ -L d ] || [ "$(cat d/f)" = inside ]
		ends '0|1' "$SANDBOX" undo x
		outside_intact
		ends 0 "$SANDBOX" discard x
		forget x
		outside_intact
		rm -rf d
		mv away d
	done
}

@test "a parent further up, and one inside of the tree" {
	mkdir -p a/b/c other
	changed x 'echo inside >a/b/c/f; echo inside >a/b/g'
	mv a/b a/moved
	ln -s "$OUTSIDE" a/b
	ends 1 "$SANDBOX" commit x
	outside_intact
	rm a/b
	ln -s ../other a/b
	ends 1 "$SANDBOX" commit x
	[ -z "$(ls -A other)" ]
}

@test "undo, after a parent has become a link: nothing is put back or taken away there" {
	changed x "$CHANGES"
	ends 0 "$SANDBOX" commit x
	mv d away
	cp -a away "$OUTSIDE/copy"
	hash_of "$OUTSIDE" >"$HOME/t/outside.before"
	ln -s "$OUTSIDE/copy" d
	ends 1 "$SANDBOX" undo x
	outside_intact
	[ "$(cat away/f)" = inside ] && [ -e away/new ]
	rm d
	mv away d
	ends 0 "$SANDBOX" undo x
	[ "$(cat d/f)" = host ] && [ ! -e d/new ] && [ "$(cat d/gone)" = host ]
}

@test "the layer's directory has become a link: what it leads to is no change, and is not thrown away" {
	local command layer

	for command in changes commit discard undo; do
		changed x "$CHANGES"
		layer=$(layer_of x)
		mv "$layer/d" "$layer/../d.away"
		ln -s "$OUTSIDE" "$layer/d"
		ends '0|1|125' "$SANDBOX" changes x --diff
		[[ $output != *s3cret* ]]
		ends '0|1|125' "$SANDBOX" $command x
		outside_intact
		[[ $output != *s3cret* ]]
		# As a change the link itself may be committed; not what it leads to.
		run grep -r s3cret . --include='*' -s --exclude-dir=none
		[ -L d ] || [[ $output != *s3cret* ]]
		forget x
		outside_intact
		[ ! -e "$(state_of x)" ]
		rm -rf d
		mkdir -p d/sub
		echo host >d/f
		echo host >d/gone
		echo host >d/sub/f
	done
}

@test "upper itself, work, saved and the place of a commit as links" {
	local name

	for name in 0/upper 0/work 0 saved commit.1 trash.1 kept.1; do
		changed x "$CHANGES"
		[ ! -e "$(state_of x)/$name" ] || mv "$(state_of x)/$name" "$(state_of x)/.away"
		ln -s "$OUTSIDE" "$(state_of x)/$name"
		for command in 'changes' 'changes --diff' 'commit' 'commit --merge' 'undo' 'discard'; do
			# shellcheck disable=SC2086 # command and option
			ends '0|1|125' "$SANDBOX" ${command/ / x }
			outside_intact
		done
		run "$SANDBOX" -n x --quiet -- sh -c 'echo again >d/f'
		outside_intact
		ends '0|125' "$SANDBOX" remove x
		outside_intact
		remove_tree "$(state_of x)"
		rm -rf d
		mkdir -p d/sub
		echo host >d/f
		echo host >d/gone
		echo host >d/sub/f
	done
}

@test "the tree itself is another directory, or a link: refused" {
	changed x "$CHANGES"
	cd ..
	mv tree away
	ln -s "$OUTSIDE" tree
	for command in commit undo; do
		ends '1|125' "$SANDBOX" $command x
		outside_intact
	done
	rm tree
	cp -a "$OUTSIDE" tree
	ends '1|125' "$SANDBOX" commit x
	[ "$(cat tree/f)" = s3cret ] && [ ! -e tree/d ]
	ends 0 "$SANDBOX" discard x
	forget x
	rm -r tree
	mv away tree
}

@test "a link that the sandbox itself made is committed as a link; another sandbox is not led out by it" {
	changed older 'echo inside >d/f; echo inside >d/new; rm d/gone'
	changed x "rm -r d; ln -s '$OUTSIDE' d"
	ends 0 "$SANDBOX" commit x
	[ "$(readlink d)" = "$OUTSIDE" ]
	ends 1 "$SANDBOX" commit older
	outside_intact
	ends '0|1' "$SANDBOX" commit older --theirs
	outside_intact
	ends '0|1' "$SANDBOX" undo older
	ends '0|1' "$SANDBOX" undo x
	outside_intact
}
