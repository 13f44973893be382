#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is left of a copy-on-write run, and what is said of it: kept or not, names, a second run, ends by
# signals, a killed launcher, a lost fuse-overlayfs, a directory of sandboxes that will not do.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2034,SC2154

load ../lib/common
load live
load cow

setup() {
	cow_setup
}

teardown() {
	[ -z "${launcher:-}" ] || kill -KILL "$launcher" 2>/dev/null || true
	rm -rf "$HOME/small"
	cow_teardown
}

# kept NAME...: these sandboxes are there, and no others.
kept() {
	[ "$(ls -A "$STATE")" = "$(printf '%s\n' "$@")" ] || fail "kept, instead of $*:" "$(ls -A "$STATE")"
}

# --- what is said

@test "a path with control characters is shown in a safe way" {
	mkdir $'e\e[31mvil\nname'
	cd $'e\e[31mvil\nname'
	sb --name odd -- touch x
	[ "$(wc -l <<<"$stderr")" -eq 4 ]
	[[ $stderr != *$'\e'* ]]
}

@test "nothing changed: nothing is said, nothing is kept" {
	local backend
	echo x >f
	mkdir d
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" -- sh -c 'cat f; touch new; rm new; mkdir d/e; rmdir d/e; echo out; echo err >&2'
		exited 0
		printed $'x\nout'
		[ "$stderr" = err ] || report "only the program's own words"
		nothing_kept
	done
	no_leftovers
}

@test "--keep keeps what is unchanged too, --keep=no keeps nothing" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --keep --name k1 -- true
		exited 0
		[ "$stderr" = "sandbox: kept as k1, with no changes" ] || report "the message"
		cow "$backend" --keep=yes --quiet --name k2 -- touch x
		cow "$backend" --keep=no --name k3 -- touch x
		[ -z "$stderr" ] || report "nothing is kept, nothing is said"
		cow "$backend" --set Filesystem.Keep=no --name k4 -- touch x
		kept k1 k2
		forget
	done
	sb --keep=maybe -- true
	refused '--keep'
	# A word that follows is the command.
	sb --keep echo said
	printed said
	[ ! -e x ]
}

@test "a sandbox without copy-on-write is kept only on request" {
	sb -p build -- true
	nothing_kept
	sb -p build --keep --name build1 -- true
	kept build1
	[ "$stderr" = "sandbox: kept as build1, with no changes" ] || report "the message"
	sb --name build1 -- sh -c 'echo x >real'
	exited 0
	[ -e real ]
}

@test "the program's status passes through, kept or not" {
	local backend n
	for backend in "${BACKENDS[@]}"; do
		for n in 0 1 42 125 255; do
			cow "$backend" --quiet -- sh -c "echo x >f; exit $n"
			exited "$n"
			cow "$backend" --quiet -- sh -c "exit $n"
			exited "$n"
		done
		cow "$backend" --quiet -- sh -c 'echo x >f; kill -TERM $$'
		exited 143
		cow "$backend" --quiet --keep=no -- sh -c 'kill -KILL $$'
		exited 137
		cow "$backend" -- no-such-program
		exited 127
		one_line
		echo text >plain
		cow "$backend" -- ./plain/x
		exited 126
		one_line
	done
	[ "$(find "$STATE" -mindepth 1 -maxdepth 1 | wc -l)" -eq 12 ]
}

# --- names

@test "a name is made from the command's" {
	sb --quiet -- touch f
	sb --quiet -- /usr/bin/touch f
	sb --quiet -- sh -c 'echo x >f'
	printf '#!/bin/sh\necho x >f\n' >'..odd name!'
	printf '#!/bin/sh\necho x >f\n' >a-very-long-name-of-a-script-that-goes-on.sh
	chmod 755 ./..odd* ./a-very*
	sb --quiet -- './..odd name!'
	sb --quiet -- ./a-very-long-name-of-a-script-that-goes-on.sh
	[ "$(find "$STATE" -mindepth 1 -printf '%f\n' -prune | sed 's/-[a-z0-9]\{4\}$//' | LC_ALL=C sort | tr '\n' ' ')" = \
		"a-very-long-name-of- odd sh touch touch " ] || fail "$(ls "$STATE")"
}

@test "good names and bad ones" {
	local name long
	long=$(printf '%064d' 0)
	for name in a A_b.c-9 "$long" 0; do
		sb --quiet --name "$name" -- touch f
		exited 0
		[ -d "$STATE/$name/0/upper" ]
	done
	for name in "" .hidden ../up a/b '-x' 'a b' $'a\nb' ümläut "${long}0" . .. 'x*'; do
		sb --name "$name" -- touch f
		refused '--name'
	done
	kept 0 "$long" A_b.c-9 a
}

@test "a sandbox that runs does not run a second time" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		start --quiet --name once --set "Filesystem.Overlay=$backend" -- \
			sh -c 'trap "cat f; exit" TERM; echo x >f; echo ready; while :; do sleep 0.05; done'
		sb --name once -- sh -c 'echo y >f'
		refused 'once: it is running'
		kill -TERM "$launcher"
		ended
		[ "$output" = $'ready\nx' ]
		sb --quiet --name once -- cat f
		printed x
		forget
	done
}

# --- a second run

@test "a second run sees the changes of the first, and adds to them" {
	local backend
	mkdir d
	echo old >d/old
	echo gone >gone
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name again -- sh -c 'echo 1 >one; rm gone; echo new >d/old; ln -s one link; mkdir e'
		sb --quiet --name again -- sh -c 'ls; cat d/old link; echo 2 >two; mv e e2; rm one; echo newer >d/old; echo x >gone'
		printed $'d\ne\nlink\none\nnew\n1'
		sb --quiet --name again -- sh -c 'ls; cat d/old gone'
		printed $'d\ne2\ngone\nlink\ntwo\nnewer\nx'
		sb --quiet --name again -- true
		kept again
		[ "$(ls)" = $'d\ngone' ] && [ "$(cat d/old gone)" = $'old\ngone' ]
		forget
	done
}

@test "what a second run takes back is not kept" {
	local backend
	echo old >f
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name back -- touch new
		sb --name back -- rm new
		exited 0
		[ -z "$stderr" ] || report "nothing to say"
		nothing_kept
	done
}

@test "a second run has the options of the first, and is where that was, from wherever it is started" {
	mkdir sub data elsewhere
	echo real >data/f
	cd sub
	sb --quiet --name opts -p shell --ro .. --cow ../data --env WORD=first --hide ../elsewhere -C ../data -- \
		sh -c 'echo new >f'
	cd /
	sb --quiet --name opts -- sh -c 'pwd -P; cat f; echo $WORD; (: >../x) 2>/dev/null || echo closed'
	printed "$PROJECT/data"$'\nnew\nfirst\nclosed'
	# More options come behind the old ones, and are not kept.
	sb --quiet --name opts --env WORD=second -C "$PROJECT" -- sh -c 'pwd; echo $WORD'
	printed "$PROJECT"$'\nsecond'
	sb --quiet --name opts -- sh -c 'pwd -P; echo $WORD'
	printed "$PROJECT/data"$'\nfirst'
	sb --name opts
	refused 'command: none given'
}

@test "a second run with one more tree keeps each layer with its tree" {
	local backend
	mkdir a b c
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name more -p shell --ro . --cow b -- sh -c 'echo b >b/f'
		sb --quiet --name more --cow c --cow a -- sh -c 'cat b/f; echo a >a/f; echo c >c/f; ls a b c'
		printed $'b\na:\nf\n\nb:\nf\n\nc:\nf'
		sb --quiet --name more --cow a --cow c -- sh -c 'cat a/f b/f c/f; rm b/f; echo more >>a/f'
		printed $'a\nb\nc'
		sb --quiet --name more --cow a -- sh -c 'cat a/f; ls b c'
		printed $'a\nmore\nb:\n\nc:'
		forget
	done
	[ -z "$(find . -type f)" ]
}

@test "explain of a kept sandbox tells its options, and runs nothing" {
	mkdir data
	sb --quiet --name told -p shell --ro . --cow data -- touch data/f
	sb explain --name told -- touch data/g
	exited 0
	shows "^Profile +shell" "^ +$PROJECT/data by the kernel" '^Command +touch data/g'
	sb --explain --name told -- touch data/g
	exited 0
	shows "^ +$PROJECT/data by the kernel"
	sb --quiet --name told -- ls data
	printed f
}

@test "a second run that does not fit is refused: another identity, another overlay, another tree" {
	mkdir tree
	sb --quiet --name fit -p shell --ro . --cow tree -- touch tree/f
	sb --name fit --user root -- true
	refused 'fit: it was started with another identity' 'another name'
	sb --name fit --set Filesystem.Overlay=fuse -- true
	refused "fit: its layer of $PROJECT/tree was written by the kernel"
	mv tree old
	sb --name fit -- true
	refused 'tree: No such file'
	mkdir tree
	sb --name fit -- true
	refused "$PROJECT/tree: not the directory that fit was started on"
	rmdir tree
	mv old tree
	sb --quiet --name fit -- ls tree
	printed f
	rm -r tree
	cd /
	mv "$PROJECT" "$PROJECT.moved"
	sb --name fit -- true
	refused "fit: where it was started"
	mv "$PROJECT.moved" "$PROJECT"
}

@test "a damaged state is refused, not guessed at" {
	sb --quiet --name bad -- touch f
	: >"$STATE/bad/state"
	sb --name bad -- true
	refused 'bad: its state is damaged'
	echo 'sandbox-state 999' >"$STATE/bad/state"
	sb --name bad -- true
	refused 'bad: its state is of another version'
	rm "$STATE/bad/state"
	ln -s /etc/passwd "$STATE/bad/state"
	sb --name bad -- true
	refused 'bad: '
}

@test "a sandbox whose first start was cut short: told as that, cleared away, or started anew" {
	mkdir -m 700 "$STATE/early"
	sb changes early
	refused '^sandbox: early: it has no state, its first start was cut short .`sandbox remove early`'
	ok list
	[[ $output == *'early  damaged  it has no state, its first start was cut short'* ]] || report 'the list'
	ok remove early
	nothing_kept
	mkdir -m 700 "$STATE/early"
	sb --quiet --name early -- touch f
	exited 0
	ok changes early
	[[ $output == 'A f'* ]] || report 'the change'
	mkdir -m 700 "$STATE/now"
	flock "$STATE/now" "$SANDBOX" changes now 2>"$BATS_TEST_TMPDIR/now" && return 1
	grep -q '^sandbox: now: it is being started (try again in a moment)$' "$BATS_TEST_TMPDIR/now"
}

@test "a directory of the home that goes away while it is read stops nobody" {
	local vanishing=$HOME/.config/git
	need strace
	sb --quiet --name one -- touch f
	mkdir -p "$vanishing"
	capture strace -qq -o trace -P "$vanishing" -e trace=getdents64 -e inject=getdents64:error=ENOENT \
		"$SANDBOX" changes one
	exited 0
	grep -q '^getdents64.*ENOENT.*INJECTED' trace || report 'it was not read'
	[[ $output == 'A f'* ]] || report 'the change'
	rmdir "$vanishing"
}

@test "list: names, or JSON" {
	sb --quiet --name one -- touch f
	ok list --names
	printed one
	sb list --names --json
	refused '^sandbox: list: --names and --json'
}

# --- ends

@test "SIGKILL of the launcher: nothing of ours stays, and the changes are there" {
	local backend identity
	for backend in "${BACKENDS[@]}"; do
		for identity in self root; do
			start --name killed --user "$identity" --set "Filesystem.Overlay=$backend" -- \
				sh -c 'echo x >f; mkdir d; sleep 77 & (setsid sleep 78 &) ; echo ready; wait'
			kill -KILL "$launcher"
			ended
			exited 137
			kept killed
			remember_files
			no_leftovers
			sb --quiet --name killed -- ls
			printed $'d\nf'
			forget
		done
	done
}

# remember_files: what is there now is no leftover; processes and mounts are.
remember_files() {
	_host_files >"$HOST_BEFORE/files"
}

@test "SIGTERM, SIGHUP and SIGINT go to the program, and what it changed is kept" {
	local backend signal
	for backend in "${BACKENDS[@]}"; do
		for signal in TERM HUP INT; do
			start --name signalled --set "Filesystem.Overlay=$backend" -- \
				sh -c 'trap "echo y >>f; exit 9" TERM HUP INT; echo x >f; echo ready; while :; do sleep 0.1; done'
			kill -"$signal" "$launcher"
			ended
			exited 9
			[[ $stderr == *"sandbox: 1 change to "* ]] || report "the message"
			sb --quiet --name signalled -- cat f
			printed $'x\ny'
			forget
		done
		start --name signalled --set "Filesystem.Overlay=$backend" -- sh -c 'echo x >f; echo ready; exec sleep 60'
		kill -TERM "$launcher"
		ended
		exited 143
		kept signalled
		forget
	done
	no_leftovers
}

@test "Ctrl-C on a terminal ends the program, not what keeps its changes" {
	local backend
	need python3
	for backend in "${BACKENDS[@]}"; do
		capture env PYTHONPATH="$ROOT/tests/live/probes" PYTHONDONTWRITEBYTECODE=1 python3 -c '
import sys, term
t = term.Term(sys.argv[1], "--name", "ctrl-c", "--set", "Filesystem.Overlay=" + sys.argv[2], "sh", "-c",
              "echo x >f; echo started; exec sleep 60")
t.expect("^started$")
t.send("\x03")
t.ended(130)
t.expect("^(\\^C)?sandbox: 1 change to .*: kept as ctrl-c")
t.close()' "$SANDBOX" "$backend"
		exited 0
		sb --quiet --name ctrl-c -- cat f
		printed x
		forget
	done
	no_leftovers
}

@test "job control is as without a copy" {
	local backend scenario
	need python3
	for backend in "${BACKENDS[@]}"; do
		for scenario in stop_and_continue shell_loop_ctrl_c foreground_returns launcher_killed; do
			capture timeout -k 5 60 python3 "$ROOT/tests/live/probes/term.py" "$scenario" \
				"$SANDBOX --quiet --cow . --set Filesystem.Overlay=$backend"
			exited 0
		done
	done
	remember_files
	no_leftovers
}

@test "fuse-overlayfs is killed: the run ends, says so, and keeps what there is" {
	local server
	mkdir a b
	start --name lost -p shell --ro . --cow a --cow b --set Filesystem.Overlay=fuse -- sh -c 'echo x >a/f; echo y >b/f
		echo ready; sleep 60; echo late >a/g'
	[ "$(servers | wc -l)" -eq 2 ]
	server=$(servers | tail -n 1)
	kill -KILL "$server"
	ended
	exited 125
	[[ $stderr == "sandbox: $PROJECT/"[ab]": fuse-overlayfs ended while the program ran"* ]] || report "the message"
	[[ $stderr == *"kept as lost"* ]] || report "the name"
	remember_files
	no_leftovers
	sb --quiet --name lost -- cat a/f b/f
	printed $'x\ny'
}

@test "the end of many fuse-overlayfs runs is never taken for the loss of the server" {
	local i
	for ((i = 0; i < 40; i++)); do
		cow fuse --quiet --keep=no -- true
		exited 0
		[ -z "$stderr" ] || report "run $i"
	done
	nothing_kept
	no_leftovers
}

@test "what outlives the program in the background ends with it, and its last words are kept" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name bg -- sh -c '(setsid sh -c "while :; do echo x >>f; done" &)
			while [ ! -s f ]; do sleep 0.1; done'
		exited 0
		sb --quiet --name bg -- sh -c 'test -s f && ! grep -v "^x$" f && echo whole'
		printed whole
		forget
	done
	no_leftovers
}

@test "twenty runs at once on the same tree do not see one another" {
	local backend i pids=()
	seq 100 >f
	for backend in "${BACKENDS[@]}"; do
		pids=()
		for ((i = 0; i < 20; i++)); do
			timeout -k 5 60 "$SANDBOX" --quiet --set "Filesystem.Overlay=$backend" -- \
				sh -c "echo $i >>f; echo $i >own; sleep 0.2; ls; tail -n 1 f; wc -l <f" \
				>"$BATS_TEST_TMPDIR/out.$i" 2>&1 </dev/null 3>&- &
			pids+=($!)
		done
		for ((i = 0; i < 20; i++)); do
			wait "${pids[i]}" || fail "run $i: $(cat "$BATS_TEST_TMPDIR/out.$i")"
			[ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/out.$i")" = "f own $i 101 " ] || fail "$(cat "$BATS_TEST_TMPDIR/out.$i")"
		done
		[ "$(find "$STATE" -mindepth 1 -maxdepth 1 | wc -l)" -eq 20 ]
		forget
	done
	[ "$(ls)" = f ] && [ "$(tail -n 1 f)" = 100 ]
	no_leftovers
}

# --- a directory of sandboxes that will not do

@test "a directory of sandboxes that is a link, others may write to, or is closed is refused" {
	local at=$HOME/.local/state
	rmdir "$STATE"
	mkdir -m 700 "$HOME/real"
	ln -s "$HOME/real" "$STATE"
	sb -- touch f
	refused "^sandbox: $STATE: it is a symbolic link" "rm $STATE, and put the directory itself there"
	[ -z "$(ls -A "$HOME/real")" ]
	rm "$STATE"
	for mode in 770 707 777; do
		mkdir "$STATE"
		chmod $mode "$STATE"
		sb -- touch f
		refused "^sandbox: $STATE: others may write to it" "chmod go-w $STATE,"
		rmdir "$STATE"
	done
	for mode in 000 500 600; do
		mkdir -m $mode "$STATE"
		sb -- touch f
		refused 'Permission denied'
		rmdir "$STATE"
	done
	echo x >"$STATE"
	sb -- touch f
	refused "^sandbox: $STATE: Not a directory"
	rm "$STATE"
	chmod 500 "$at"
	sb -- touch f
	refused "^sandbox: $STATE: Permission denied"
	chmod 700 "$at"
	[ ! -e f ]
	rmdir "$HOME/real"
}

@test "a sandbox's own directory that is a link, or others may write to, is refused" {
	sb --quiet --name own -- touch f
	chmod 770 "$STATE/own"
	sb --name own -- true
	refused '^sandbox: own: others may write to it' "chmod go-w $STATE/own,"
	chmod 700 "$STATE/own"
	mv "$STATE/own" "$HOME/own"
	ln -s "$HOME/own" "$STATE/own"
	local command
	for command in '--name own -- true' 'changes own' 'remove own'; do
		# Several words.
		# shellcheck disable=SC2086
		sb $command
		refused '^sandbox: own: it is a symbolic link' "rm $STATE/own, and put the directory itself there"
	done
	rm "$STATE/own"
	echo x >"$STATE/own"
	sb --name own -- true
	refused '^sandbox: own: Not a directory'
	remove_tree "$HOME/own"
}

@test "without a home there is no copy-on-write, and the rest still works" {
	capture env -u HOME XDG_STATE_HOME= "$SANDBOX" -- true
	[ "$status" -eq 0 ] || refused 'home'
	XDG_STATE_HOME=$PROJECT/states/deep sb --quiet --name here -- touch f
	exited 0
	[ -d "$PROJECT/states/deep/sandbox/here" ]
	[ "$(stat -c %a "$PROJECT/states" "$PROJECT/states/deep/sandbox")" = $'700\n700' ]
	XDG_STATE_HOME=$PROJECT/states/deep sb --quiet --name here -- sh -c 'ls; ls -A states/deep/sandbox'
	printed $'f\nstates'
}

@test "a full disk is the program's own error, and what fitted is kept" {
	local backend
	mkdir "$HOME/small"
	cat >try <<-'SH'
		set -u
		export XDG_STATE_HOME=$HOME/small
		"$SANDBOX" --name full --set "Filesystem.Overlay=$1" -- sh -c 'echo fits >a; head -c 3M /dev/zero >big; echo "status $?"
			ls a big; rm -f big; i=0; until echo more >b || [ $i -eq 100 ]; do i=$((i + 1)); sleep 0.1; done 2>/dev/null
			[ -s b ] && echo room-again'
		echo "end $?"
		"$SANDBOX" --quiet --name full -- cat a b
	SH
	for backend in "${BACKENDS[@]}"; do
		capture hostlike "mount -t tmpfs -o size=2M none $(printf %q "$HOME/small")" bash try "$backend"
		shows '^status 1$' '^a$' '^room-again$' '^end 0$' '^fits$' '^more$'
		[[ $stderr == *'No space left on device'* && $stderr == *'kept as full'* ]] || report "the messages"
	done
}

@test "a disk that is full before the start is a clear refusal that leaves nothing" {
	local backend
	mkdir "$HOME/small"
	cat >try <<-'SH'
		set -u
		export XDG_STATE_HOME=$HOME/small
		mkdir -m 700 "$HOME/small/sandbox"
		"$SANDBOX" --set "Filesystem.Overlay=$1" -- sh -c 'echo ran'
		echo "end $?"
		ls -A "$HOME/small/sandbox"
	SH
	for backend in "${BACKENDS[@]}"; do
		for inodes in 2 3 4 5 6; do
			capture hostlike "mount -t tmpfs -o nr_inodes=$inodes none $(printf %q "$HOME/small")" bash try "$backend"
			printed 'end 125'
			one_line
			[[ $stderr == *'No space left on device'* ]] || report "the reason, with $inodes inodes"
		done
	done
}
@test "a kept sandbox without a command: what can be done with it" {
	sb --quiet --name mute -- touch f
	sb --name mute
	refused '^sandbox: command: none given .sandbox -n mute make; `sandbox changes mute`'
	sb --name other
	refused '^sandbox: command: none given .sandbox make;'
}

