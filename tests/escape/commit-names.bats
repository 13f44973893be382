#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Names made to be read as something else: escape sequences that rewrite the terminal, newlines that forge lines of
# the list, dashes that become options, bytes that are no UTF-8.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	cat >names.py <<'END'
import os, sys
names = [b"new\nline", b"\x0aD victim", b"\x1b[2J\x1b[31mred", b"\x1b]0;title\x07", b"bell\x07", b"--theirs", b"-n", b"--",
         b"bad\xff\xfeutf8", b"cut\xe2\x80", b"\xe2\x80\xaertl", b"tab\there", b"back\\slash", b"quote\"'", b"%s%n",
         b"cr\rover", b"\xc2\x9b31mcsi", b" lead", b"trail ", b"x" * 251, b"del\x7f", b".wh", b"*", b"{a,b}", b"$(id)"]
for name in names:
    if sys.argv[1] == "make":
        with open(name, "wb") as f:
            f.write(name)
        os.makedirs(b"d/" + name)
        os.symlink(name, b"d/" + name + b"/link")
    else:
        assert open(name, "rb").read() == name and os.readlink(b"d/" + name + b"/link") == name, name
print(len(names))
END
}

teardown() {
	attack_teardown
}

entries() {
	find . -mindepth 1 -printf x | wc -c
}

# What is printed has no control character but the newline.
one_line_each() {
	! LC_ALL=C grep -q '[[:cntrl:]]' "$1" || { echo 'control characters' >&2; cat -v "$1" >&2; return 1; }
}

# Nor any above ASCII, nor text that turns itself round: for people.
harmless() {
	one_line_each "$1" || return 1
	! LC_ALL=C grep -qP '\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$1" || { echo 'C1 or bidi' >&2; return 1; }
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || { echo 'not UTF-8' >&2; return 1; }
}

@test "a plain list of such names is what the attack wants" {
	python3 names.py make
	ls -1 --literal --show-control-chars >list
	fails harmless list
	grep -qx 'D victim' list
}

@test "changes, commit and undo print them harmlessly, one line each, and do what they should" {
	local overlay

	cp names.py "$HOME/t/names.py"
	for overlay in kernel fuse; do
		changed x 'python3 names.py make' --set Filesystem.Overlay=$overlay
		"$SANDBOX" changes x >list
		harmless list
		[ "$(grep -c '^[A-Za-z] ' list)" = $((25 * 3 + 1)) ]
		"$SANDBOX" changes x --stat >list
		harmless list
		# Lines of the files themselves are as they are: patch(1) is to find them so.
		"$SANDBOX" changes x --diff | grep -avE '^(\+[^+]|-[^-]| )' >list
		harmless list
		"$SANDBOX" changes x --json >list
		one_line_each list
		python3 -c 'import json; assert len(json.load(open("list"))["changes"]) == 76'
		rm list
		ends 0 "$SANDBOX" commit x
		[ "$(python3 names.py check)" = 25 ]
		ends 0 "$SANDBOX" undo x
		[ "$(entries)" = 1 ]
		"$SANDBOX" commit x >"$HOME/t/list" 2>&1
		harmless "$HOME/t/list"
		"$SANDBOX" undo x >"$HOME/t/list" 2>&1
		harmless "$HOME/t/list"
		forget x
	done
	rm "$HOME/t/names.py" "$HOME/t/list"
}

# The newline that a terminal gets has a carriage return in front.
on_terminal() {
	script -qec "NO_COLOR=1 $1" /dev/null </dev/null | tr -d '\r'
}

@test "changes --diff: what is in a file drives a terminal from a pipe's end only" {
	printf 'one\n\033]0;title\007\033[2J\302\23331m\342\200\256\ttab\rback\n' >"$HOME/t/evil"
	echo one >f
	changed x "cat '$HOME/t/evil' >f; ln -s \"\$(printf '\\033[2Jtarget')\" link" --set "Filesystem.ReadOnlyPaths=$HOME/t"
	"$SANDBOX" changes x --diff >list
	grep -qF "$(tail -n 1 "$HOME/t/evil")" list
	fails harmless list
	on_terminal "'$SANDBOX' changes x --diff" | tr -d '\t' >list
	harmless list
	grep -qxF '+\x1b]0;title\x07\x1b[2J\xc2\x9b31m\xe2\x80\xaetab\x0dback' list
	grep -qxF '+\x1b[2Jtarget' list
	rm list "$HOME/t/evil"
}

@test "a path that begins with dashes is named behind --, or after ./, and nothing else is committed" {
	changed x 'python3 names.py make'
	ends 125 "$SANDBOX" commit x --theirs --no-such
	[ "$(entries)" = 1 ]
	ends 0 "$SANDBOX" commit x -- --theirs
	[ -f ./--theirs ] && [ "$(entries)" = 2 ]
	ends 0 "$SANDBOX" commit x ./-n
	[ -f ./-n ] && [ "$(entries)" = 3 ]
	ends 0 "$SANDBOX" commit x -- --
	[ -f ./-- ] && [ "$(entries)" = 4 ]
	ends 0 "$SANDBOX" commit x $'new\nline' $'bad\xff\xfeutf8'
	[ -f $'new\nline' ] && [ -f $'bad\xff\xfeutf8' ] && [ "$(entries)" = 6 ]
}

@test "conflicts are named harmlessly" {
	changed x 'python3 names.py make'
	python3 - <<-'END'
		for name in (b"new\nline", b"\x1b[2J\x1b[31mred", b"bad\xff\xfeutf8"):
		    open(name, "wb").write(b"host")
	END
	"$SANDBOX" commit x >"$HOME/t/list" 2>&1 && return 1
	harmless "$HOME/t/list"
	fails grep '^D victim' "$HOME/t/list"
	rm "$HOME/t/list"
}

@test "a sandbox cannot be named like an option, a path or a directory that is there" {
	local name

	for name in --every -x ../y . .. '' 'a/b' $'a\nb' "$(printf 'x%.0s' {1..65})"; do
		ends 125 "$SANDBOX" -n "$name" --keep -- true
		for command in changes commit discard undo remove; do
			ends '125' "$SANDBOX" $command "$name"
		done
	done
	[ -z "$(ls -A "$HOME/.local/state/sandbox" 2>/dev/null)" ]
}
