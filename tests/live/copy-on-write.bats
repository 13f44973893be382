#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Copy-on-write: the program sees its changes, the real tree stays as it is, whatever the change and
# whoever does the overlay.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live
load cow

setup() {
	cow_setup
}

teardown() {
	cow_teardown
}

# make_tree: one of each kind in the working directory.
make_tree() {
	mkdir -p dir/sub/deep empty gone/with/much old
	echo one >file
	echo two >dir/two
	echo three >dir/sub/three
	echo four >dir/sub/deep/four
	echo secret >closed
	chmod 600 closed
	echo run >tool
	chmod 755 tool
	ln -s file link
	ln -s nowhere dangling
	mkfifo pipe
	touch gone/a gone/with/b gone/with/much/c old/x old/y
	seq 1000 >long
	truncate -s 1M hole
	printf x | dd of=hole bs=1 seek=500000 conv=notrunc status=none
	touch -d 2001-02-03T04:05:06Z dated
	chmod 500 dir/sub/deep
}

# Every kind of change. Run inside, and by hand on an ordinary copy: what comes out is the same.
change_all='set -e
	umask 022
	echo more >>long; echo new >new; : >file; printf 12 | dd of=closed bs=1 seek=2 conv=notrunc status=none
	truncate -s 2 tool; mv dir/two dir/2; mv dir/sub/three .; mv long dated
	rm link; ln -s dir/2 link; ln -sfn empty dangling; ln new new-name; echo both >>new-name
	mkdir -p made/a/b empty/now; echo deep >made/a/b/c; rm -r gone; mkdir gone; echo again >gone/a
	rm -r old; echo file >old; rm pipe; mkdir pipe; echo in >pipe/in
	chmod 700 empty; chmod 640 new; chmod u+w dir/sub/deep; echo five >dir/sub/deep/five; rm dir/sub/deep/four
	mv made moved; mv moved/a/b moved/b; mv dir renamed; mkdir dir; echo other >dir/2
	mkfifo fifo; touch -d 2011-12-13T14:15:16Z hole; echo x >a; mv a b; rm b; mkdir c; rmdir c
	touch -d 2012-12-12T12:12:12Z renamed/2; mkdir last; mv last renamed/sub/deep'
# What the tree looks like: no times but for those that were set, and sizes of files only.
look='find . -mindepth 1 \( -type d -printf "%y %m %p\n" -o -type f -printf "%y %m %n %s %p\n" -o -printf "%y %m %p %l\n" \) |
		LC_ALL=C sort
	find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
	stat -c "%y %n" hole renamed/2'

# both_views BACKEND: in the working directory, all changes in a sandbox, and once more a look at it.
both_views() {
	local before expected
	make_tree
	cp -a . ../plain
	before=$(snapshot .)
	expected=$(cd ../plain && sh -c "$change_all" && sh -c "$look")
	cow "$1" --quiet --name all -- sh -c "$change_all; $look"
	exited 0
	[ -z "$stderr" ] || report "standard error should be empty"
	diff <(echo "$expected") <(echo "$output")
	diff <(echo "$before") <(snapshot .)
	sb --quiet --name all -- sh -c "$look"
	exited 0
	diff <(echo "$expected") <(echo "$output")
	diff <(echo "$before") <(snapshot .)
}

# on WHERE-TREE WHERE-LAYER BACKEND: both_views with a tmpfs for what is not on the disk. It is mounted
# in a namespace of its own, so all of it runs there.
on() {
	local text
	text=$(declare -f make_tree both_views cow sb capture exited report fail snapshot)
	mkdir -p disk
	cat >try <<-EOF_TRY
		set -eu -o pipefail
		SANDBOX=$(printf %q "$SANDBOX") BATS_TEST_TMPDIR=\$1/disk/tmp
		mkdir -p \$1/ram \$1/disk/tmp \$1/\$2/tree/t \$1/\$3/state
		export XDG_STATE_HOME=\$1/\$3/state
		change_all=$(printf %q "$change_all") look=$(printf %q "$look")
		$text
		cd \$1/\$2/tree/t
		both_views \$4
	EOF_TRY
	mkdir -p ram
	capture hostlike "mount -t tmpfs none $(printf %q "$PROJECT/ram")" \
		bash "$PROJECT/try" "$PROJECT" "$@"
	exited 0
	remove_tree "$PROJECT/disk"
}

@test "every change is seen inside, none outside: tree and layer on the disk" {
	on disk disk kernel
	on disk disk fuse
}

@test "every change is seen inside, none outside: tree on the disk, layer on a tmpfs" {
	on disk ram kernel
	on disk ram fuse
}

@test "every change is seen inside, none outside: tree on a tmpfs, layer on the disk" {
	on ram disk kernel
	on ram disk fuse
}

@test "every change is seen inside, none outside: tree and layer on a tmpfs" {
	on ram ram kernel
	on ram ram fuse
}

@test "default and untrusted are copy-on-write by themselves" {
	local profile
	echo old >file
	for profile in default untrusted; do
		sb --quiet --keep=no -p "$profile" -- sh -c 'echo new >file; mkdir sub; cat file; ls -A'
		exited 0
		printed $'new\nfile\nsub'
		[ "$(cat file)" = old ]
		[ ! -e sub ]
	done
	nothing_kept
	no_leftovers
}

@test "without a change the tree is as it was, to the last nanosecond, and nothing is kept" {
	local backend before
	make_tree
	before=$(snapshot .)
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" -- sh -c 'cat file dir/two >/dev/null; ls -lR >/dev/null; : <long; readlink link >/dev/null'
		exited 0
		[ -z "$stderr" ] || report "nothing should be said"
		nothing_kept
		diff <(echo "$before") <(snapshot .)
	done
	no_leftovers
}

@test "what the host changes meanwhile is seen where the program has changed nothing" {
	local backend
	mkdir real tree
	cd tree
	for backend in "${BACKENDS[@]}"; do
		rm -f ../real/go
		echo old >file
		start --quiet --keep=no -p default --rw ../real --set "Filesystem.Overlay=$backend" -- \
			sh -c 'echo its >its; echo ready; while [ ! -e ../real/go ]; do sleep 0.1; done; cat its file'
		echo newer >file
		touch ../real/go
		ended
		exited 0
		printed $'ready\nits\nnewer'
		[ ! -e its ]
	done
}

@test "modes: what is closed stays closed, what the program closes is closed" {
	local backend
	echo x >closed
	chmod 000 closed
	mkdir shut
	echo in >shut/in
	chmod 500 shut
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -- sh -c 'cat closed 2>/dev/null || echo no-read
			(echo y >closed) 2>/dev/null || echo no-write; (: >shut/new) 2>/dev/null || echo no-new
			rm -f shut/in 2>/dev/null || echo no-rm; echo z >mine; chmod 000 mine
			cat mine 2>/dev/null || echo mine-closed; chmod 700 shut; rm shut/in && echo removed'
		printed $'no-read\nno-write\nno-new\nno-rm\nmine-closed\nremoved'
	done
	[ -e shut/in ]
	[ "$(stat -c %a closed shut)" = $'0\n500' ]
}

@test "umask, set-group-ID directories and sticky bits work as on any file system" {
	local backend
	mkdir shared
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -p default --set Seccomp.RestrictSUIDSGID=no -- sh -c '
			umask 077; echo x >a; mkdir b; chmod 1777 b; umask 002; mkdir c d; chmod 2770 d shared
			stat -c "%a %n" a b c d shared'
		printed $'600 a\n1777 b\n775 c\n2770 d\n2770 shared'
	done
	[ "$(stat -c %a shared)" = 755 ]
}

@test "extended attributes of users are kept" {
	local backend
	need setfattr getfattr
	echo x >file
	setfattr -n user.mine -v real file
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name "xattr-$backend" -- sh -c 'getfattr --only-values -n user.mine file; echo
			setfattr -n user.mine -v copy file; getfattr --only-values -n user.mine file; echo
			echo y >new; setfattr -n user.other -v "a b" new; mkdir d; getfattr -m - d'
		printed $'real\ncopy'
		sb --quiet --name "xattr-$backend" -- sh -c 'getfattr --only-values -n user.mine file; echo
			getfattr --only-values -n user.other new'
		printed $'copy\na b'
	done
	[ "$(getfattr --only-values -n user.mine file)" = real ]
}

@test "a directory that is removed and made again is empty, in this run and in the next" {
	local backend
	mkdir -p d/e
	touch d/a d/e/b
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name "again-$backend" -- sh -c 'rm -r d; mkdir -p d/e; ls -A d d/e; rm -r d; mkdir d; ls -A d
			touch d/mine; ls -A d'
		[ "$output" = "d:
e

d/e:
mine" ] || report "in the first run"
		sb --quiet --name "again-$backend" -- find d -type f
		printed d/mine
	done
	[ -e d/e/b ]
}

@test "many names, long names and names of any bytes" {
	local backend longest
	for backend in "${BACKENDS[@]}"; do
		# fuse-overlayfs marks what is deleted by a file .wh.NAME, for which there must be room.
		longest=255
		[ "$backend" = kernel ] || longest=251
		cow "$backend" --quiet --name "names-$backend" -- bash -c '
			for i in {1..2000}; do : >"n$i"; done; rm n1 n2; mv n3 n4
			: >"$(printf "%0$0d" 0)"; : >$'\''a\nb'\''; : >$'\''bad\xff\xfe'\''; : >"a:b,c\\d"; : >"-rf"; : >"*"
			mkdir -p "$(printf "%0200d/" 1 2 3 4 5)"; ls -A | wc -l' "$longest"
		printed 2005
		sb --quiet --name "names-$backend" -- bash -c 'ls -A | wc -l; ls -b | grep -c "^a\\\\nb$\|bad"
			test -e n4 -a ! -e n3 && echo ok'
		printed $'2005\n2\nok'
	done
	[ -z "$(ls -A)" ]
}
