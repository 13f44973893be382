#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is kept of a sandbox is changed by hand: the state, the record of the host, the journal of a commit. Nothing in it
# may lead out of the tree, and what is damaged is refused in one line.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	outside_setup
	X=$(state_of x)
	COMMITTED=no
	REMOVED=0
	again
}

teardown() {
	outside_teardown
	attack_teardown
}

# A tree with a sandbox that has changed it, as new.
again() {
	remove_tree "$X"
	rm -rf ./* && mkdir d
	echo host >f
	echo host >d/f
	echo host >d/gone
	changed x 'echo inside >f; echo inside >d/f; rm d/gone; echo inside >new' || return 1
	[ "$COMMITTED" = no ] || ends 0 "$SANDBOX" commit x
}

COMMANDS=(changes 'changes --diff' 'changes --json' 'commit --dry-run' commit 'commit --theirs' undo discard)

# Everything is tried; nothing outside is touched; no command crashes or is in doubt about what it says.
try_all() {
	local command

	for command in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086 # command and option
		ends '0|1|125' "$SANDBOX" ${command/ / x }
		outside_intact || return 1
		[[ $output != *s3cret* ]] || { echo "told: $command" >&2; return 1; }
		[ "$status" != 125 ] || one_line || return 1
	done
	run "$SANDBOX" -n x --quiet -- true
	[[ $status =~ ^(0|1|125)$ ]]
	outside_intact
}

one_line() {
	# shellcheck disable=SC2154 # lines is set by run
	[ "${#lines[@]}" = 1 ] && [[ $output == sandbox:* ]] && return 0
	printf 'not one line: %s\n' "$output" >&2
	return 1
}

# forged FILE COMMAND...: the file of the state is changed by the command, which gets its path last.
forged() {
	local file=$1

	shift
	again
	"$@" "$X/$file"
	try_all || { printf 'after: %s %s\n' "$*" "$file" >&2; return 1; }
	ends "$REMOVED" "$SANDBOX" remove x || return 1
	[ "$REMOVED" != 0 ] || [ ! -e "$X" ] || return 1
	outside_intact
}

# refused FILE COMMAND...: the same, and no command but remove may do anything with it.
refused() {
	local file=$1 command

	shift
	again
	"$@" "$X/$file"
	for command in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086 # command and option
		ends 125 "$SANDBOX" ${command/ / x } || { printf 'after: %s %s\n' "$*" "$file" >&2; return 1; }
		one_line || return 1
		outside_intact || return 1
	done
	[ "$(cat f)" = host ] && [ -e d/gone ] && [ ! -e new ]
	ends 0 "$SANDBOX" remove x || return 1
	[ ! -e "$X" ] && outside_intact
}

write() {
	printf '%b' "$1" >"$2"
}

@test "as it is, it can be committed and taken back: that the commands work at all" {
	ends 0 "$SANDBOX" commit x
	[ "$(cat f)" = inside ] && [ ! -e d/gone ] && [ -e new ]
	ends 0 "$SANDBOX" undo x
	[ "$(cat f)" = host ] && [ -e d/gone ] && [ ! -e new ]
	try_all
}

@test "the state: empty, cut short, of another version, not a file, in disorder" {
	refused state truncate -s 0
	refused state truncate -s 40
	refused state truncate -s -3
	refused state sed -i '1s/1$/2/'
	refused state sed -i '1d'
	refused state sed -i '2p'
	refused state sed -i '$a no-such-key 1'
	refused state sed -i 's/^name .*/name ..\/y/'
	refused state sed -i 's/^started .*/started soon/'
	refused state write 'sandbox-state 1\n\0name x\n'
	refused state rm
	refused state ln -sf /dev/zero
	refused state link_to_copy
}

link_to_copy() {
	cp "$1" "$HOME/t/copy"
	ln -sf "$HOME/t/copy" "$1"
}

@test "the state names another tree: outside, the root, one that is no absolute path" {
	local path

	for path in "$OUTSIDE" / "$HOME" "$PWD/../outside" "$OUTSIDE/../outside" relative '' "$PWD/d"; do
		forged state sed -i "s|^\(tree kernel [0-9]* [0-9]* [0-9]*\) .*|\1 $path|"
	done
}

@test "the state maps ids that are not the user's, or none" {
	refused state sed -i 's/^uids .*/uids 0 0 1/'
	refused state sed -i 's/^uids .*/uids 0 0 4294967295/'
	refused state sed -i '/^uids/d'
	refused state sed -i 's/^identity .*/identity root 0 0 1 1 1/'
	refused state sed -i 's/^identity .*/identity god 0 0 0 0 0/'
}

@test "the record of the host: gone, empty, cut short, of lines that lead out" {
	forged base rm
	forged base truncate -s 0
	forged base truncate -s -5
	forged base write 'sandbox-base 1\n'
	forged base write 'sandbox-base 99\n'
	forged base write 'garbage\n\n\n'
	forged base sed -i 's| f$| ../outside/f|'
	forged base sed -i 's| f$| /etc/passwd|'
	forged base sed -i 's| d/f$| d/../../outside/f|'
	forged base sed -i 's|^0 |7 |'
	forged base sed -i 's| 0 f$| ../../../outside/f f|'
	forged base ln -sf "$OUTSIDE/f"
	forged base mkfifo_over
}

mkfifo_over() {
	rm "$1"
	mkfifo "$1"
}

@test "what was kept of files for a merge: a link to a secret, a directory, cut short; records that lead past its end" {
	forged saved ln -sf "$OUTSIDE/f"
	forged saved ln -sf /dev/zero
	forged saved mkfifo_over
	forged saved replace_by_link
	forged saved truncate -s 0
	forged saved truncate -s 7
	forged saved truncate -s 1T
	forged base sed -i 's/ [05]:5 / 99999999999:5 /'
	forged base sed -i 's/ [05]:5 / 9223372036854775807:9223372036854775807 /'
	forged base sed -i 's/ [05]:5 / -5:5 /'
	forged base sed -i 's/ [05]:5 / 0:262145 /'
	again
	ln -sf "$OUTSIDE/f" "$X/saved"
	echo 'host changed' >f
	ends '1|125' "$SANDBOX" commit x --merge
	[ "$(cat f)" = 'host changed' ]
}

@test "the journal of a commit: lines that lead out, cut short, without its slots" {
	local name

	COMMITTED=yes
	for edit in 's|d/f$|../outside/f|' 's|d/gone$|../outside/gone|' 's|new$|/etc/new|' 's|d/f$|d/../../outside/f|' \
		's|^put 0|put 1|' 's|^put 0|put 99|' 's|^remove|mkdir|' 's|^drop|put|' \
		'2,$d' '$d' '1s/.*/sandbox-journal 99/' 's/[0-9a-f][0-9a-f]*/0/g' 's/[0-9][0-9]*/99999999999999999999/g' '2p'; do
		REMOVED=0
		forged commit.1/journal edit_journal finished "$edit"
		# What the host had may be in it, and nobody knows where it belongs: that may be refused.
		REMOVED='0|125'
		forged commit.1/journal edit_journal interrupted "$edit"
	done
	REMOVED=0
	forged commit.1/journal truncate -s 0
	forged commit.1/journal rm
	forged commit.1/journal ln -sf "$OUTSIDE/f"
	forged commit.1/journal mkfifo_over
	forged commit.1/done rm
	forged commit.1/done truncate -s 0
	forged commit.1/done write 'x y z\n'
	forged commit.1/done sed -i 's/^\([0-9]*\) /99\1 /'
	forged commit.1/undoing touch
	for name in base after "done" undoing s0 s1 s2 l4 n0 p0; do
		forged commit.1/$name replace_by_link
		forged commit.1/$name ln -sfn "$OUTSIDE/f"
	done
	forged commit.1 replace_by_link
	forged commit.2 replace_by_link
	forged commit.99999999999999999999 mkdir
}

# Without `done` the commit counts as interrupted, and whoever comes next takes it back.
edit_journal() {
	[ "$1" = finished ] || rm "${3%journal}done"
	sed -i "$2" "$3"
}

replace_by_link() {
	rm -rf "$1"
	ln -s "$OUTSIDE" "$1"
}

@test "directories that others may write to, or that are links, are not used" {
	chmod 0777 "$X"
	ends 125 "$SANDBOX" commit x
	[ "$(cat f)" = host ]
	chmod 0700 "$X"
	mv "$X" "$HOME/t/moved"
	ln -s "$HOME/t/moved" "$X"
	ends 125 "$SANDBOX" commit x
	ends 125 "$SANDBOX" remove x
	[ "$(cat f)" = host ] && [ -e "$HOME/t/moved/state" ]
	rm "$X"
	mv "$HOME/t/moved" "$X"
	chmod 0777 "$HOME/.local/state/sandbox"
	ends 125 "$SANDBOX" commit x
	chmod 0700 "$HOME/.local/state/sandbox"
	ends 0 "$SANDBOX" commit x
}

@test "a file in the layer that is a link to a secret, or has another name outside, is not read as a file" {
	ln -sf "$OUTSIDE/f" "$(layer_of x)/new"
	ends 0 "$SANDBOX" changes x --diff
	[[ $output != *s3cret* ]]
	ends 0 "$SANDBOX" commit x
	[ -L new ] && outside_intact
}
