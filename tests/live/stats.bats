#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which sandboxes run, and what they use: `sandbox stats`, the entries that it reads, and who makes, refuses and
# removes them.
#
# Quoted text is for the shell inside; capture sets status, output and stderr, cow_setup STATE.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load ../lib/common
load live
load cow
load running

# listed NAME: the next `stats` shows it.
listed() {
	sb stats --names
	exited 0
	grep -qxE "$1" <<<"$output"
}

nothing_listed() {
	[ -z "$(ls -A "$RUNNING")" ] || fail "listed:" "$(ls -A "$RUNNING")"
}

readonly SLEEP='echo ready; exec sleep 60'
readonly BUSY='echo ready; while :; do :; done'
readonly EATER='import time; x = bytearray(64 << 20); print("ready", flush=True); time.sleep(60)'

@test "two at once, with a name and without: a line each" {
	begin -p shell -n one -- sh -c "$SLEEP"
	begin -p shell -- sh -c "$SLEEP"
	wait_for 5 listed 'sh-[a-z0-9]{4}'
	sb stats
	exited 0
	shows '^NAME +CPU% +MEMORY +PEAK +TASKS +READ +WRITTEN +TIME +SOURCE +COMMAND$' '^one ' '^sh-.... .* sh -c '
	[ "${#lines[@]}" -eq 3 ] || report "expected three lines"
	sb stats one
	exited 0
	shows '^one '
	lacks '^sh-'
	sb stats --names one
	printed one
}

@test "nothing runs: nothing is said" {
	ok stats
	printed ''
	ok stats --json
	json 'j == []' <<<"$output"
}

@test "JSON has all that is known, and null for the rest" {
	begin -p shell -n one -- sh -c "$SLEEP"
	ok stats --json one
	json 'len(j) == 1 and set(j[0]) == {"name", "state", "source", "cgroup", "pid", "started", "wall_us", "cpu_percent",
		"user_us", "system_us", "throttled_us", "memory", "memory_max", "memory_peak", "swap_peak", "tasks",
		"tasks_peak", "io_read", "io_written", "profile", "directory", "command"}' <<<"$output"
	json "j[0]['name'] == 'one' and j[0]['pid'] == $launcher and j[0]['tasks'] == 1" <<<"$output"
	json "j[0]['directory'] == '$PROJECT' and j[0]['profile'] == 'shell' and j[0]['command'][:2] == ['sh', '-c']" \
		<<<"$output"
	json 'j[0]["memory"] > 0 and j[0]["memory_max"] is None and 0 < j[0]["wall_us"] < 60e6' <<<"$output"
	json 'j[0]["cpu_percent"] == 0 and j[0]["started"] > 1.6e18' <<<"$output"
}

@test "the source is that of the run itself" {
	begin -p shell --stats --json -n one -- sh -c 'echo ready; sleep 3'
	ok stats --json one
	printf '%s' "$output" >stats
	ended
	json '(j["source"] == "cgroup") == (json.load(open("stats"))[0]["source"] != "proc")' <<<"$stderr"
}

@test "a busy program shows as CPU, and so does what its children did" {
	begin -p shell -n busy -- sh -c "$BUSY"
	begin -p shell -n idle -- sh -c 'sh -c "i=0; while [ \$i -lt 200000 ]; do i=\$((i+1)); done" & wait; echo ready; exec sleep 60'
	# In a second in which it gets a processor.
	busy_shows() {
		ok stats --json && json '{r["name"]: r["cpu_percent"] for r in j}["busy"] >= 10' <<<"$output"
	}
	wait_for 10 busy_shows
	json '{r["name"]: r["cpu_percent"] for r in j}["idle"] == 0' <<<"$output"
	json '{r["name"]: r["user_us"] for r in j}["idle"] >= 20000' <<<"$output"
}

@test "orphans count, and what they have used when they have ended" {
	begin -p shell -n one -- sh -c '(sh -c "i=0; while [ \$i -lt 200000 ]; do i=\$((i+1)); done; touch done" &)
		(sleep 60 & sleep 60 &); while [ ! -e done ]; do sleep 0.1; done; echo ready; exec sleep 60'
	three_tasks() {
		"$SANDBOX" stats --json | json 'j[0]["tasks"] == 3 and j[0]["user_us"] >= 20000'
	}
	wait_for 10 three_tasks
}

@test "memory shows, and threads" {
	need python3
	begin -p python -n eater -- python3 -c "$EATER"
	begin -p python -n threads -- python3 -c 'import threading, time
for i in range(4): threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)'
	ok stats --json
	json '64 << 20 <= {r["name"]: r["memory"] for r in j}["eater"] < 128 << 20' <<<"$output"
	json '{r["name"]: r["memory"] for r in j}["threads"] < 64 << 20' <<<"$output"
	json '{r["name"]: r["tasks"] for r in j}["threads"] == 5' <<<"$output"
	ok stats eater
	shows '^eater +[0-9]+ +[67][0-9](\.[0-9])?M '
}

@test "a name that does not run, or runs no more, is an error" {
	begin -p shell -n one -- sh -c "$SLEEP"
	sb stats none
	refused none
	sb stats one none
	refused none
	kill -TERM "$launcher"
	ended
	sb stats one
	refused one
	sb stats ../one
	refused
	sb stats ''
	refused
	nothing_listed
}

@test "of a sandbox that has ended nothing is left" {
	ok -p shell -n one -- true
	nothing_listed
	ok -p shell -- sleep 0.2
	nothing_listed
	sb -p shell -n one -- no-such-program
	exited 127
	nothing_listed
	sb -p shell -n one --rw /no/such/directory -- true
	refused
	nothing_listed
	no_leftovers
}

@test "one that has no name of its own is listed when it has run for a moment, kept or not" {
	begin --cow . -p shell -- sh -c "touch changed; $SLEEP"
	wait_for 5 listed 'sh-[a-z0-9]*'
	[ "$(ls "$STATE")" = "$(ls "$RUNNING")" ] || fail "kept as $(ls "$STATE"), listed as $(ls "$RUNNING")"
	kill -TERM "$launcher"
	ended
	nothing_listed
}

@test "what a killed launcher leaves is removed by the next stats, or taken over by the next of its name" {
	begin -p shell -n one -- sh -c "$SLEEP"
	kill -KILL "$launcher"
	wait "$launcher" || true
	[ -e "$RUNNING/one/state" ] || fail "it should have left its entry"
	ok stats
	printed ''
	nothing_listed
	begin -p shell -n one -- sh -c "$SLEEP"
	kill -KILL "$launcher"
	wait "$launcher" || true
	begin -p shell -n one -- sh -c "$SLEEP"
	listed one
}

# A parent that does not wait for it: the process is still there, and has ended.
@test "a killed launcher that is a zombie does not run" {
	cat >parent <<-'SH'
		#!/bin/bash
		"$@" >parent.out &
		until grep -q ready parent.out; do sleep 0.1; done
		kill -KILL $!
		exec sleep 60
	SH
	bash parent "$SANDBOX" -p shell -n one -- sh -c "$SLEEP" 3>&- &
	launchers+=($!)
	wait_for 10 test -e "$RUNNING/one/state"
	wait_for 5 sh -c '! "$0" stats one 2>/dev/null' "$SANDBOX"
	nothing_listed
}

@test "a name that runs is refused, also for two at once" {
	local i refusals=0 pids=()
	begin -p shell -n one -- sh -c "$SLEEP"
	sb -p shell -n one -- touch ran
	refused one 'running already'
	[ ! -e ran ] || fail "it has run"
	for i in 1 2 3 4; do
		"$SANDBOX" -p shell -n two -- sleep 2 2>/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		case $status in 0) ;; 125) refusals=$((refusals + 1)) ;; *) fail "status $status" ;; esac
	done
	[ "$refusals" -eq 3 ] || fail "$refusals of four were refused"
}

# refused_entry REASON: by name it is an error, among all it is a line, and no sandbox takes the name.
refused_entry() {
	sb stats one
	refused one "$1"
	sb stats
	exited 125
	shows "^one: .*$1"
	[ "${#lines[@]}" -eq 2 ] || report "expected the titles and one line"
	sb stats --json
	exited 125
	json '[sorted(r) for r in j] == [["error", "name"]]' <<<"$output"
	sb -p shell -n one -- true
	refused one "$1"
}

# forge: an entry as a launcher that is the shell of this test would write it.
forge() {
	local start
	start=$(sed 's/.*) //' "/proc/$$/stat" | cut -d' ' -f20)
	mkdir -m 0700 "$RUNNING/one"
	(umask 077 && printf '%s\n' 'sandbox-running 1' 'name one' "launcher $$ $start" "init $$ $start" \
		'cgroup ' 'memory-max 1' 'profile shell' 'cwd /' 'started 1' 'argument true' end >"$RUNNING/one/state")
}

@test "an entry that is not ours to read is refused: links, modes, other things" {
	mkdir -m 0700 elsewhere
	ln -s "$PWD/elsewhere" "$RUNNING/one"
	refused_entry 'not a directory'
	rm "$RUNNING/one"
	touch "$RUNNING/one"
	refused_entry 'not a directory'
	rm "$RUNNING/one"
	forge
	chmod 0755 "$RUNNING/one"
	refused_entry 'open to others'
	chmod 0700 "$RUNNING/one"
	chmod 0644 "$RUNNING/one/state"
	refused_entry 'open to others'
	mv "$RUNNING/one/state" elsewhere
	ln -s "$PWD/elsewhere/state" "$RUNNING/one/state"
	refused_entry 'not a regular file'
	rm "$RUNNING/one/state"
	(umask 077 && mkfifo "$RUNNING/one/state")
	refused_entry 'not a regular file'
}

@test "an entry whose text is damaged, cut short, too long or of another version is refused" {
	local n state=$RUNNING/one/state
	forge
	cp "$state" whole
	for n in 1 12 30 100 "$(($(stat -c %s whole) - 1))"; do
		head -c "$n" whole >"$state"
		refused_entry 'damaged'
	done
	sed 's/^name one/name two/' whole >"$state"
	refused_entry 'damaged'
	sed 's/^cgroup /cgroup relative/' whole >"$state"
	refused_entry 'damaged'
	sed 's/^init [0-9]*/init -1/' whole >"$state"
	refused_entry 'damaged'
	sed 's/^sandbox-running 1/sandbox-running 2/' whole >"$state"
	refused_entry 'another version'
	{ cat whole; printf '\0more\n'; } >"$state"
	refused_entry 'damaged'
	{ head -n 9 whole; head -c 70000 /dev/zero | tr '\0' x; } >"$state"
	refused_entry 'too long'
}

@test "an entry that nobody has locked, or whose processes are no sandbox's, is refused" {
	forge
	refused_entry 'no lock'
	exec 9<"$RUNNING/one"
	flock -x 9
	sb stats one
	refused one 'not those of a sandbox'
	# The positive control: a sandbox under the same name.
	exec 9<&-
	rm -r "${RUNNING:?}/one"
	begin -p shell -n one -- sh -c "$SLEEP"
	ok stats one
}

@test "processes of the same numbers that started at another time are others" {
	forge
	sed -i -E 's/^(launcher [0-9]+) .*/\1 1/' "$RUNNING/one/state"
	sb stats one
	refused 'no sandbox of that name'
	nothing_listed
}

@test "a cgroup that an entry names is read only where it is one" {
	begin -p shell -n one -- sh -c "$SLEEP"
	mkdir group
	printf 'user_usec 1\nsystem_usec 99000000000\n' >group/cpu.stat
	sed "s|^cgroup .*|cgroup $PROJECT/group|" "$RUNNING/one/state" >state
	cat state >"$RUNNING/one/state"
	ok stats --json one
	json 'j[0]["source"] == "proc" and j[0]["system_us"] < 90e9' <<<"$output"
}

@test "without a usable \$XDG_RUNTIME_DIR sandboxes run, and --verbose says why they are not listed" {
	local reason
	for reason in missing:'No such file' 0755:'open to others' 0500:'Permission denied'; do
		rm -rf "$XDG_RUNTIME_DIR"
		[ "${reason%%:*}" = missing ] || mkdir -m "${reason%%:*}" "$XDG_RUNTIME_DIR"
		ok -p shell -n one -- true
		ok -p shell -- sleep 0.1
		# It ends by the launcher's clock, and so not before the launcher has tried.
		sb -p shell --verbose --timeout 100ms -- sleep 60
		exited 143
		grep -q "^sandbox: note: not listed as running: .*${reason#*:}" <<<"$stderr" || report "no note"
		sb -p shell --verbose -n one -- true
		exited 0
		grep -q "^sandbox: note: not listed as running: .*${reason#*:}" <<<"$stderr" || report "no note"
		sb stats one
		refused
	done
	chmod 0700 "$XDG_RUNTIME_DIR"
	touch "$XDG_RUNTIME_DIR/sandbox"
	ok -p shell -n one -- true
	sb stats
	refused 'Not a directory'
	XDG_RUNTIME_DIR=relative sb -p shell --verbose -n one -- true
	exited 0
	XDG_RUNTIME_DIR=relative sb stats one
	refused one
}

# in_run MODE: a sandbox and `stats` without the variable, on a host whose /run/user/UID has this mode.
in_run() {
	outside env -u XDG_RUNTIME_DIR bash -c '. "$0"; hostlike "$@"' "$ROOT/tests/live/live.bash" "
		mount -t tmpfs run /run
		mkdir -p /run/user/$(id -u)
		chmod $1 /run/user/$(id -u)" bash -c '
		rm -f begun
		"$SANDBOX" -p shell -n one -- sh -c "echo >begun; exec sleep 30" &
		until [ -e begun ]; do sleep 0.05; done
		names=$("$SANDBOX" stats --names)
		kill $!
		wait $! || true
		echo "listed: $names"'
	exited 0
}

@test "without the variable it is /run/user/UID, if that is private" {
	in_run 0700
	printed 'listed: one'
	in_run 0755
	printed 'listed: '
}

@test "a program cannot change the entries in a tree that it may write to" {
	export XDG_RUNTIME_DIR=$PROJECT/run
	mkdir -m 0700 run
	sb -p shell -n one -- sh -c 'mkdir run/other && echo possible; mkdir run/sandbox/two || mv run/sandbox run/away ||
		rm -r run/sandbox/one || echo not possible'
	exited 0
	printed $'possible\nnot possible'
	rmdir run/other run/sandbox
}

@test "names and commands are printed as text" {
	begin -p shell -n one -- sh -c "$SLEEP" $'a\e[31mb\nc' "$(printf 'x%.0s' {1..300})"
	ok stats
	! LC_ALL=C grep -q $'\e' <<<"$output" || report "an escape sequence"
	[ "${#lines[@]}" -eq 2 ] || report "expected two lines"
	COLUMNS=70 sb stats
	[ "$(wc -L <<<"$output")" -le 70 ] || report "wider than 70 columns"
	begin -p shell -n long -- sh -c "$SLEEP" "$(head -c 100000 /dev/zero | tr '\0' x)"
	ok stats --json long
	json 'j[0]["command"][-1] == "..."' <<<"$output"
}

@test "on a terminal it goes on: q, Ctrl-C and Ctrl-Z give the terminal back" {
	local name
	need python3
	begin -p shell -n one -- sh -c "$SLEEP"
	for name in stats_live stats_ctrl_c stats_stop stats_ends; do
		capture timeout -k 5 60 env STATS=one LAUNCHER="$launcher" \
			python3 "$ROOT/tests/live/probes/term.py" "$name" "$SANDBOX" 3>&-
		exited 0
	done
}

@test "mistakes in the words are one line" {
	sb stats --no-such
	refused no-such
	sb stats -x
	refused
	sb stats --names --json
	refused 'two forms'
	ok stats --help
	shows '--no-stream' '--json'
}

@test "the bash completion knows the names" {
	begin -p shell -n first -- sh -c "$SLEEP"
	begin -p shell -n second -- sh -c "$SLEEP"
	ok completion bash
	printf '%s\n' "$output" >completion.bash
	outside env PATH="$(dirname "$SANDBOX"):$PATH" bash --norc -c '
		. ./completion.bash
		try() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
			_sandbox
			echo "$* =>" "${COMPREPLY[@]}"
		}
		try sandbox stats ""
		try sandbox stats first se
		try sandbox stats --no'
	exited 0
	shows 'stats  => first second$' 'first se => second$' 'stats --no => --no-stream$'
}
