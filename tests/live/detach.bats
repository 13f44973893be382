#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Sandboxes in the background, as their user sees them: run --detach, what is left at the end, list, inspect, wait,
# start and stop. What may not happen to them is in detach-robust.bats.
#
# Quoted text is for the shell inside; capture sets status, output and stderr. Options in a variable are words.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2153,SC2154

load ../lib/common
load live
load cow
load running
load background

teardown() {
	end_background
}

# --- how it begins

@test "run --detach: the name, when the program has been executed, and nobody is kept waiting" {
	local name begun=$SECONDS
	ok run -d -n one -p shell -- sh -c 'echo "$$" >pid; exec sleep 60'
	printed one
	[ -s "$RUNNING/one/state" ] || fail 'not entered when the command returned'
	ok run --detach --json -n two -p shell -- sleep 60
	json 'j == {"name": "two"}' <<<"$output"
	# The substitution ends with the last who has the pipe open; so does cat, whose pipe is not a standard descriptor.
	name=$("$SANDBOX" run -d -p shell -- sleep 60 3>&-)
	[[ $name == sleep-???? ]] || fail "$name"
	ok list --names
	printed $'one\n'"$name"$'\ntwo'
	name=$("$SANDBOX" run -d -p shell -- sleep $((60 * ${SLOW:-1})) 4>&1 1>/dev/null 3>&-)
	[ $((SECONDS - begun)) -lt $((30 * ${SLOW:-1})) ] || fail 'it kept a pipe of the caller'
}

@test "run --detach: a program that cannot be executed is said by the command, and nothing is left" {
	local name
	touch data
	for name in '' '--name=named' '--name=named --keep'; do
		sb run -d $name -p shell -- ./missing
		exited 127
		[ "$stderr" = 'sandbox: ./missing: No such file or directory' ] || report 'the message'
		sb run -d $name -p shell -- no-such-program
		exited 127
		one_line
		sb run -d $name -p shell -- ./data
		exited 126
		[ "$stderr" = 'sandbox: ./data: Permission denied' ] || report 'the message'
		printed ''
		nothing_is_left
	done
}

@test "run --detach: what is refused leaves nothing, and what is kept as it was" {
	local word
	for word in --nonsense '-p none-such' '--set Nonsense.Key=1' '-n a/b' '--net=none --allow=good.example'; do
		sb run -d -n one $word -- touch ran
		refused
		nothing_is_left
	done
	if ! "$SANDBOX" -p shell --memory 64M -- true 2>/dev/null; then
		sb run -d -n one -p shell --memory 64M -- touch ran
		refused memory
		nothing_is_left
	fi
	ok run -d -n one -p shell -- sleep 60
	sb run -d -n one -p shell -- touch ran
	refused 'one: it is running already'
	ok stop one
	sb run -d -n one -p shell -- ./missing
	exited 127
	sb run -d -n one --keep=no -p shell -- touch ran
	refused 'has been kept'
	ok list --names
	printed one
	[ ! -e ran ] || fail 'a refused program has run'
}

@test "run --detach: the place where what runs is listed must be there and private, before anything starts" {
	local dir=$HOME/place
	# try REGEX: refused with that, and neither begun nor kept; with and without a name.
	try() {
		local name
		for name in '' '-n one'; do
			XDG_RUNTIME_DIR=$dir sb run -d $name -p shell --rw . -- sh -c 'echo >ran; sleep 60'
			refused "$1"
		done
		[ ! -e ran ] || fail 'the program has run'
		nothing_kept
	}
	capture env -u XDG_RUNTIME_DIR "$SANDBOX" run -d -- true
	refused 'there is no .XDG_RUNTIME_DIR'
	try 'No such file'
	mkdir -m 755 "$dir"
	try 'open to others'
	chmod 500 "$dir"
	try 'Permission denied'
	chmod 700 "$dir"
	ln -s "$RUNNING" "$dir/sandbox"
	try sandbox
	rm "$dir/sandbox"
	mkdir -m 750 "$dir/sandbox"
	try 'open to others'
	rm -r "$dir"
	ln -s /usr "$dir"
	try 'belongs to another user'
	rm "$dir"
	touch "$dir"
	try 'Not a directory'
	rm "$dir"
}

@test "run --detach: a session of its own, no input, and output that is not the caller's" {
	ok run -d -n one -p shell --rw . -- sh -c 'ps -o sid= -p $$ >session; cat >input; echo $? >>input
		fds=$(readlink /proc/$$/fd/[012]); echo "$fds" >fds; tty >>fds; echo shown; echo told >&2; : >over; exec sleep 60'
	printed one
	wait_for 10 test -e over
	[ "$(cat input)" = 0 ] || fail 'standard input has something'
	grep -q '^/dev/null$' fds && [ "$(grep -c '^pipe:' fds)" -eq 2 ] && grep -q 'not a tty' fds || fail "$(cat fds)"
	wait_for 5 logged one out shown
	wait_for 5 logged one err told
	[ "$(ps -o sid= -p "$(launcher_of one)" | tr -d ' ')" = "$(launcher_of one)" ] || fail 'no session of its own'
	ok stop one
	grep -aq '^ended 143$' "$STATE/one/log" || fail 'how it ended is not in the log'
	[ "$(stat -c %a "$STATE/one/log")" = 600 ] || fail 'the log is open to others'
}

@test "run --detach: the program survives the end of the terminal it was started from" {
	cat >session.py <<-'PY'
		import os, pty, sys
		pid, master = pty.fork()
		if pid == 0:
		    os.execv("/bin/sh", ["sh", "-c",
		        '"$SANDBOX" run -d -n one -p shell --rw . -- sh -c "echo >begun; exec sleep 60"; read x'])
		while b"one" not in os.read(master, 4096):
		    pass
		os.close(master)  # SIGHUP for the session
		os.waitpid(pid, 0)
	PY
	outside python3 session.py
	exited 0
	ok list --json
	json 'j[0]["name"] == "one" and j[0]["state"] == "running"' <<<"$output"
	wait_for 5 test -e begun
	ok stop one
}

# --- what is left of it

@test "what it changed is kept as without --detach, --keep=no removes everything" {
	local backend pid
	for backend in "${BACKENDS[@]}"; do
		ok run -d -n one --set "Filesystem.Overlay=$backend" -- sh -c 'echo x >new; exit 3'
		sb wait one
		exited 3
		printed 3
		[ ! -e new ] || fail 'the real tree was changed'
		ok changes one
		shows '^A new$'
		ok run -d -n none --keep=no --set "Filesystem.Overlay=$backend" -- \
			sh -c 'echo x >new; until [ -e go ]; do sleep 0.05; done; exit 4'
		"$SANDBOX" wait none >/dev/null 3>&- &
		pid=$!
		wait_for 10 waits "$pid"
		sb exec none touch go
		status=0
		wait "$pid" || status=$?
		exited 4
		sb wait none
		refused none
		ok list --names
		printed one
		ok remove one
		nothing_is_left
	done
}

@test "a log of any length: two files of 8 MiB at most, and what is last is there" {
	ok run -d -n one -p shell -- sh -c 'timeout 5 yes; echo last-line'
	sb wait one
	exited 0
	[ "$(cat "$STATE/one/log" "$STATE/one/log.1" | wc -c)" -le $((2 * 8 * 1024 * 1024)) ] || fail 'too much'
	[ -e "$STATE/one/log.1" ] || fail 'less than 8 MiB in 5 seconds'
	logged one out last-line
}

@test "a disk that is full holds nothing up: the program ends, and so does the sandbox" {
	mkdir "$HOME/small"
	cat >try <<-'SH'
		set -u
		export XDG_STATE_HOME=$HOME/small
		"$SANDBOX" run -d -n one -p shell --rw . -- sh -c 'head -c 20M /dev/zero; echo $? >over; exit 3'
		timeout $((60 * ${SLOW:-1})) "$SANDBOX" wait one
		echo "end $?"
		"$SANDBOX" remove one
	SH
	capture hostlike "mount -t tmpfs -o size=256k none $(printf %q "$HOME/small")" bash try
	[ "$(cat over)" = 0 ] || fail 'the program was held up'
	# There may have been no room left to write down how it ended.
	[ "$output" = $'one\n3\nend 3' ] || [ "$output" = $'one\nend 125' ] || report 'the output'
	rmdir "$HOME/small"
}

# --- list, inspect

@test "inspect: what its limits have done to one that has ended, until it runs again" {
	ok run -d -n one -p shell --timeout 100ms -- sleep 60
	sb wait one
	exited 143
	ok inspect --json one
	json "j['exit'] == 143 and j['effects'] == ['RuntimeMaxSec=100ms reached']" <<<"$output"
	ok inspect one
	shows '^  effect +RuntimeMaxSec=100ms reached'
	ok run -d -n one -p shell -- true
	ok wait one
	ok inspect --json one
	json "j['exit'] == 0 and j['effects'] == []" <<<"$output"
}

@test "list and inspect: running, paused, ended" {
	ok run -d -n one -p shell -- sleep 60
	# is STATE: as all three have it.
	is() {
		ok list
		shows "^one +$1 "
		ok list --json
		json "len(j) == 1 and j[0]['name'] == 'one' and j[0]['state'] == '$1' and j[0]['kept']" <<<"$output"
		json "(j[0]['pid'] is None) == ('$1' == 'kept')" <<<"$output"
		ok inspect --json one
		json "j['state'] == '$1' and j['kept'] and j['command'] == ['sleep', '60'] and j['plan']['command'] == j['command']" \
			<<<"$output"
		json "j['options'] == ['-d', '-n', 'one', '-p', 'shell'] and ('pid' in j) == ('$1' != 'kept')" <<<"$output"
		ok inspect one
		shows "^Sandbox +one: $1"
	}
	is running
	sb pause one
	exited 0
	is paused
	sb exec one true
	refused 'it is paused'
	ok resume one
	is running
	ok exec one true
	sb pause one
	exited 0
	ok stop one
	is kept
	sb wait one
	exited 143
}

# --- wait

@test "wait: of one that runs, has ended, of several, of none" {
	local pid
	ok run -d -n one -p shell -- sh -c 'until [ -e go ]; do sleep 0.05; done; exit 7'
	ok run -d -n two -p shell -- sh -c 'kill -TERM $$'
	"$SANDBOX" wait one >early 3>&- &
	pid=$!
	wait_for 10 waits "$pid"
	[ ! -s early ] || fail 'it did not wait'
	touch go
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 7 ] && [ "$(cat early)" = 7 ] || fail "status $status"
	sb wait one
	exited 7
	printed 7
	sb wait one two
	exited 143
	printed $'7\n143'
	sb wait two one
	exited 7
	sb wait none
	refused 'none: there is no sandbox of that name'
	sb wait none two nobody one
	exited 125
	printed $'143\n7'
	[[ $stderr == 'sandbox: none: there is '*$'\nsandbox: nobody: there is '* ]] || report 'both are told'
	sb wait
	refused 'name of a sandbox'
	sb wait ../one
	refused
}

@test "wait: one whose launcher is killed, before and after" {
	local pid
	for name in one two; do
		ok run -d -n "$name" -p shell -- sleep 60
	done
	"$SANDBOX" wait one >early 2>told 3>&- &
	pid=$!
	wait_for 10 waits "$pid"
	kill -KILL "$(launcher_of one)" "$(launcher_of two)"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 125 ] && [ ! -s early ] || fail "status $status"
	[ "$(cat told)" = 'sandbox: one: its launcher was killed: nobody knows how it ended' ] || fail "$(cat told)"
	sb wait two
	refused 'two: its launcher was killed: nobody knows how it ended'
}

@test "wait: twenty at once" {
	local i pids=()
	ok run -d -n one -p shell -- sh -c 'until [ -e go ]; do sleep 0.05; done; exit 9'
	for i in {1..20}; do
		"$SANDBOX" wait one >"waited.$i" 3>&- &
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		wait_for 10 waits "$i"
	done
	touch go
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		[ "$status" -eq 9 ] || fail "status $status"
	done
	[ "$(cat waited.* | sort -u)" = 9 ] || fail 'not all said so'
}

# --- start

@test "start: the same options, directory and command, on top of the changes" {
	mkdir below
	cd below
	ok run -d -n one --env COLOUR=blue -- sh -c 'echo "$COLOUR $1 ${PWD##*/}" >>said' - 'two words'
	cd "$PROJECT"
	sb wait one
	exited 0
	ok start one
	printed one
	sb wait one
	exited 0
	# Of every run one line; the real directory has none.
	[ ! -e below/said ] || fail 'the real directory was changed'
	ok changes --diff one
	[ "$(grep -c '^+blue two words below$' <<<"$output")" -eq 2 ] || report 'expected two lines'
	[ "$(grep -ac 'started, pid' "$STATE/one/log")" -eq 2 ] || fail 'the log does not go on'
}

@test "start: with the options of the last run, however often; in the background is for one run" {
	ok --quiet --keep -n one -p shell --env FIRST=1 -- true
	ok --quiet -n one --env ADDED=2 -- sh -c 'echo "$FIRST$ADDED" >>told'
	[ "$(cat told)" = 12 ]
	for i in 3 4 5; do
		ok start one
		printed one
		sb wait one
		exited 0
	done
	[ "$(cat told)" = $'12\n12\n12\n12' ] || fail "$(cat told)"
	[ "$(grep -c '^added' "$STATE/one/state")" = 8 ] || fail "$(cat "$STATE/one/state")"
	ok --quiet -n one -- sh -c 'echo "here $FIRST$ADDED"'
	printed 'here 1'
	ok run -d -n two -- touch made
	sb wait two
	exited 0
	ok --quiet -n two -- ls made
	printed made
	sb -n two -p build -- ls made
	refused 'two: with these options it would not run on its changes'
}

@test "start: of one that runs, of none, of one that is damaged, several" {
	for name in one two three; do
		ok run -d -n "$name" -p shell -- sleep 60
	done
	sb start one
	refused 'one: it is running'
	ok stop one two three
	sb start none
	refused 'none: there is no sandbox'
	echo garbage >"$STATE/two/state"
	sb start one two three
	exited 125
	[ "$output" = $'one\nthree' ] || report 'the others were not started'
	one_line
	[[ $stderr == 'sandbox: two: its state is damaged'* ]] || report 'the reason'
	ok stop one three
	capture bash -c '"$SANDBOX" start one >/dev/full'
	exited 125
	[ "$stderr" = 'sandbox: standard output: No space left on device' ] || report 'not told, or twice'
	ok stop one
	ok remove two
	rm -r "$STATE/one/log"
	ok start one
	mv "$PROJECT" "$PROJECT.away"
	sb start three
	mv "$PROJECT.away" "$PROJECT"
	refused three
	ok stop one
}

# --- stop and time

@test "stop and --timeout: as in the foreground" {
	ok run -d -n meek -p shell -- sh -c 'trap "echo told; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	ok run -d -n deaf -p shell -- sh -c 'trap "" TERM; echo ready; while :; do sleep 1; done'
	ok run -d -n late -p shell --timeout 3s -- sh -c 'trap "exit 5" TERM; while :; do sleep 0.05; done'
	wait_for 10 logged meek out ready
	wait_for 10 logged deaf out ready
	ok stop meek
	ok stop -t 200ms deaf
	sb wait meek deaf late
	exited 5
	printed $'3\n137\n5'
	logged meek out told
	ok run -d -n gone -p shell -- sh -c '(setsid sleep 61 &); sleep 60'
	ok stop --force gone
	sb wait gone
	exited 137
	# Nobody is waited for.
	sb stop --timeout infinity gone
	[ "$stderr" = 'sandbox: note: gone: it does not run' ] || report 'the note'
	remember_files
	no_leftovers
}
