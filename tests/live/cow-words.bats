#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is said of changes: at the end of a run, by `changes`, by `undo`, and where the tree is gone.
#
# Quoted text is for the shell inside; sb sets status, output and stderr, cow_setup PROJECT.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load ../lib/common
load live
load cow

setup() {
	cow_setup
}

teardown() {
	cow_teardown
}

@test "at the end: how many changes, and the three commands" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --name said -- sh -c 'echo x >a'
		exited 0
		[ "$stderr" = "sandbox: 1 change to $PROJECT: kept as said, the real tree is as it was
  sandbox changes said    shows them (--diff: line by line)
  sandbox commit said     applies them (or some: name the paths)
  sandbox discard said    throws them away" ] || report "the message"
		cow "$backend" --name said -- sh -c 'echo x >b; mkdir d; echo y >d/c'
		[[ $stderr == "sandbox: 4 changes to $PROJECT: kept as said, "* ]] || report "the number of changes"
		cow "$backend" --name said --quiet -- sh -c 'echo x >e'
		exited 0
		[ -z "$stderr" ] || report "--quiet says nothing"
		[ -e "$STATE/said" ] || fail "not kept"
		forget
	done
	mkdir a b
	sb --name two -p shell --ro . --cow a --cow b -- touch a/x b/y
	[[ $stderr == "sandbox: 2 changes to 2 trees: kept as two, "* ]] || report "several trees"
	sb --name one -p shell --ro . --cow a --cow b -- touch b/z
	[[ $stderr == "sandbox: 1 change to $PROJECT/b: kept as one, "* ]] || report "the one that has changed"
}

@test "changes --names: the paths that commit takes, one a line" {
	mkdir below
	sb --quiet --name plain -- sh -c 'touch "two words" below/in; mkdir new; touch new/in'
	ok changes --names plain
	printed $'below/in\nnew\nnew/in\ntwo words'
	(cd below && "$SANDBOX" changes --names plain in) >names
	[ "$(cat names)" = in ] || fail "$(cat names)"
	ok changes --names plain below
	printed below/in
	sb changes --names --json plain
	refused 'choose one'
	"$SANDBOX" changes --names plain | tr '\n' '\0' | xargs -0 "$SANDBOX" commit plain
	[ -e 'two words' ] && [ -e new/in ] && [ -e below/in ]
}

@test "changes --stat: one column for all names, whatever letters they have" {
	sb --quiet --name wide -- sh -c 'for f in plain zażółć 日本 "é"; do echo x >"$f"; done'
	ok changes --stat wide
	[ "$(grep -c '|' <<<"$output")" -eq 4 ] || report 'four files'
	[ "$(python3 -c 'import sys, unicodedata as u
for line in sys.stdin:
    if "|" in line:
        print(sum(0 if u.combining(c) else 2 if u.east_asian_width(c) == "W" else 1 for c in line.split("|")[0]))' \
		<<<"$output" | sort -u | wc -l)" -eq 1 ] || report 'the columns'
}

@test "a tree that is gone: who misses it, and the two ways out" {
	local words
	mkdir tree
	sb --quiet --name lost -p shell --ro . --cow tree -- touch tree/f
	mv tree old
	for words in 'changes lost' 'commit lost' 'discard lost tree/f' 'list --changes'; do
		# Several words.
		# shellcheck disable=SC2086
		sb $words
		one_line
		said "^sandbox: lost: the directory that it was started on is gone: $PROJECT/tree \\(put it back, or .*\\)$"
		[[ $stderr == *'`sandbox remove lost`)' ]] || report "$words"
	done
	ok remove lost
	nothing_kept
}

@test "undo says what it puts back and what it removes" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		echo x >changed
		echo x >deleted
		echo x >file
		mkdir directory
		cow "$backend" --quiet --name back -- sh -c 'echo y >changed; rm deleted; echo y >added; mkdir new; rm file; mkdir file
			rmdir directory; echo y >directory'
		ok commit back
		ok undo -n back
		printed "remove $PROJECT/added
put back $PROJECT/changed
put back $PROJECT/deleted
put back $PROJECT/directory
put back $PROJECT/file
remove $PROJECT/new"
		ok undo back
		printed "removed $PROJECT/added
put back $PROJECT/changed
put back $PROJECT/deleted
put back $PROJECT/directory
put back $PROJECT/file
removed $PROJECT/new
undone: 6 changes of back are pending again"
		forget
		rmdir directory
	done
}
