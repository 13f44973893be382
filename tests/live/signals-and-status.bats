#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Exit statuses, signals both ways, what happens to children and orphans, and clean streams.
#
# Quoted text is for the shell inside; capture sets status, output and stderr;
# each test is a shell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2103,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	[ -z "${launcher:-}" ] || kill -KILL "$launcher" 2>/dev/null || true
	teardown_project
}

# start ARG...: the launcher itself as $launcher in the background, until the program wrote `ready`.
# A shell ignores INT and QUIT in what it starts in the background.
start() {
	rm -f started
	env --default-signal=INT,QUIT "$SANDBOX" "$@" >started 2>started.err </dev/null 3>&- &
	launcher=$!
	wait_for 10 grep -q ready started || fail "not started:" "$(cat started.err)"
}

# ends STATUS: the launcher ends with it, long before the program would.
ends() {
	local got=0
	wait_for 5 ended_now || fail "still running"
	wait "$launcher" || got=$?
	[ "$got" -eq "$1" ] || fail "status $got, expected $1" "$(cat started started.err)"
	launcher=
}

# A child that has ended is a zombie until it is waited for.
ended_now() {
	[ ! -e "/proc/$launcher" ] || grep -q '^State:.Z' "/proc/$launcher/status"
}

# --- status

@test "the program's own status is returned, whatever it is" {
	local n
	for n in 0 1 2 42 124 125 126 127 128 200 255; do
		ok_status "$n" sh -c "exit $n"
	done
}

ok_status() {
	local want=$1
	shift
	sb -p shell -- "$@"
	exited "$want" || return 1
	[ -z "$stderr" ] || report "nothing should be said"
}

@test "a signal that ends the program gives 128 + its number" {
	local n
	ulimit -c 0
	for n in 1 2 3 6 8 9 10 11 13 14 15 31 40 64; do
		sb -p shell -- sh -c "kill -$n \$\$; sleep 5"
		exited $((128 + n))
	done
}

@test "127 and one line when the program is not found" {
	sb -p shell -- no-such-program
	exited 127
	one_line
	[[ $stderr == "sandbox: no-such-program: "* ]]
	sb -p shell -- ./no/such/program
	exited 127
	one_line
	sb -p shell -- /no/such/program
	exited 127
}

@test "126 and one line when the program cannot be executed" {
	echo 'echo x' >plain
	mkdir dir
	local file
	for file in ./plain ./dir /etc/passwd; do
		sb -p shell -- "$file"
		exited 126
		one_line
		[[ $stderr == "sandbox: $file: "* ]] || report "the message should name $file"
	done
}

@test "a file that is no program and has no #! is a shell script, as for env(1)" {
	echo 'echo script "$@"' >plain
	printf '\177ELF\0\0garbage' >garbage
	chmod +x plain garbage
	ok -p shell -- ./plain 1
	printed "script 1"
	sb -p shell -- ./garbage
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
}

@test "a script whose interpreter is missing is not a crash" {
	printf '#!/no/such/interpreter\n' >script
	chmod +x script
	sb -p shell -- ./script
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
	one_line
}

@test "the program is looked for in PATH as it will be inside" {
	mkdir bin
	printf '#!/bin/sh\necho mine "$@"\n' >bin/tool
	chmod +x bin/tool
	PATH="$PROJECT/bin:$PATH" sb -p shell -- tool 1 2
	exited 0
	printed "mine 1 2"
	# In the hidden home there is nothing to run.
	mkdir "$HOME/bin"
	cp bin/tool "$HOME/bin/"
	PATH="$HOME/bin:$PATH" sb -p shell -- tool
	rm -rf "${HOME:?}/bin"
	exited 127
}

# --- signals to the program

@test "TERM, HUP, INT, QUIT, USR1, USR2, WINCH and ALRM sent to the launcher reach the program" {
	local name
	start -p shell -- bash -c 'for s in TERM HUP INT QUIT USR1 USR2 WINCH ALRM; do
			trap "echo got-$s" $s; done
		echo ready; while [ ! -e stop ]; do sleep 0.05; done; exit 6'
	for name in TERM HUP INT QUIT USR1 USR2 WINCH ALRM; do
		kill -"$name" "$launcher"
		wait_for 5 grep -qx "got-$name" started || fail "$name did not arrive" "$(cat started)"
	done
	touch stop
	ends 6
	[ "$(grep -c got- started)" -eq 8 ]
	no_leftovers
}

@test "TERM, HUP, INT and USR1 without a handler end the program, and the status says so" {
	local pair
	for pair in TERM:143 HUP:129 INT:130 USR1:138; do
		start -p shell -- sh -c 'echo ready; exec sleep 60'
		kill -"${pair%:*}" "$launcher"
		ends "${pair#*:}"
	done
	no_leftovers
}

@test "a signal that arrives while the sandbox is being set up ends it" {
	local delay got
	for delay in 0.001 0.002 0.003 0.004 0.006 0.01; do
		got=0
		"$SANDBOX" -p shell -- sleep 300 >/dev/null 2>err 3>&- &
		launcher=$!
		executed "$launcher"
		sleep "$delay"
		kill -TERM "$launcher"
		wait "$launcher" || got=$?
		[ "$got" -eq 143 ] || [ "$got" -eq 125 ] || fail "status $got after $delay" "$(cat err)"
	done
	launcher=
	no_leftovers
}

@test "a stopped launcher goes on when it is continued" {
	start -p shell -- sh -c 'echo ready; sleep 0.4; exit 8'
	kill -STOP "$launcher"
	sleep 0.8
	kill -CONT "$launcher"
	ends 8
}

@test "signal masks and ignored signals are those of the caller" {
	outside grep -E '^Sig(Blk|Ign)' /proc/self/status
	native=$output
	outside "$SANDBOX" -p shell -- grep -E '^Sig(Blk|Ign)' /proc/self/status
	printed "$native"
	outside env --ignore-signal=HUP --block-signal=USR2 grep -E '^Sig(Blk|Ign)' /proc/self/status
	native=$output
	outside env --ignore-signal=HUP --block-signal=USR2 "$SANDBOX" -p shell -- \
		grep -E '^Sig(Blk|Ign)' /proc/self/status
	printed "$native"
}

@test "SIGCHLD ignored by the caller does not lose the status" {
	outside env --ignore-signal=CHLD "$SANDBOX" -p shell -- sh -c 'exit 7'
	exited 7
	outside env --block-signal=CHLD,TERM,INT "$SANDBOX" -p shell -- sh -c 'exit 7'
	exited 7
}

@test "nothing inside can end or stop PID 1" {
	local n
	for n in KILL STOP TERM INT HUP SEGV TSTP; do
		sb -p shell -- sh -c "kill -$n 1; sleep 0.1; exit 5"
		exited 5
	done
}

# --- children

@test "timeout 1 sandbox sleep 100" {
	local from=$SECONDS
	capture command timeout 1 "$SANDBOX" -p shell -- sleep 100
	exited 124
	[ $((SECONDS - from)) -le 4 ]
	no_leftovers
}

@test "orphans that detached are ended with the program" {
	sb -p shell -- sh -c 'setsid sh -c "trap \"\" TERM HUP INT; sleep 300" >/dev/null 2>&1 &
		(sleep 301 & ) ; nohup sleep 302 >/dev/null 2>&1 & echo done'
	exited 0
	printed "done"
	no_leftovers
}

@test "a child that keeps the output open does not delay the end" {
	local from=$SECONDS out
	out=$(timeout 20 "$SANDBOX" -p shell -- sh -c 'sleep 100 & echo x')
	[ "$out" = x ]
	[ $((SECONDS - from)) -le 5 ]
	no_leftovers
}

@test "orphans are reaped: no zombie remains" {
	sb -p shell -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.05 & ); done; i=0
		while pgrep -x sleep >/dev/null && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.05; done
		ps -e -o stat= | grep -c Z; :'
	exited 0
	printed 0
}

@test "500 short-lived children in a row" {
	sb -p shell -- sh -c 'i=0; while [ $i -lt 500 ]; do (exit 0 & ); i=$((i + 1)); done; wait; echo ok'
	exited 0
	printed ok
}

@test "SIGKILL of the launcher leaves no process" {
	start -p shell -- sh -c 'trap "" TERM HUP INT
		setsid sleep 300 & sleep 301 & echo ready; sleep 302'
	kill -KILL "$launcher"
	ends 137
	no_leftovers
}

@test "SIGKILL of the launcher with the identities root and separate leaves no process" {
	local identity
	for identity in root separate; do
		start -p default --user "$identity" --ro . -- sh -c 'sleep 301 & echo ready; sleep 302'
		kill -KILL "$launcher"
		ends 137
		no_leftovers
	done
}

@test "twenty at the same time, each with its own status" {
	local n pids=()
	for n in $(seq 20); do
		timeout 30 "$SANDBOX" -p shell -- sh -c "sleep 0.1; exit $n" </dev/null 3>&- &
		pids+=($!)
	done
	for n in $(seq 20); do
		local got=0
		wait "${pids[n - 1]}" || got=$?
		[ "$got" -eq "$n" ] || fail "status $got, expected $n"
	done
	no_leftovers
}

# --- streams

@test "100 MB through stdin and stdout arrive as they were" {
	head -c 100M /dev/urandom | tee >(sha256sum >sent) |
		timeout 60 "$SANDBOX" -p shell -- cat | sha256sum >got
	wait_for 10 test -s sent
	[ "$(cat got)" = "$(cat sent)" ]
	outside bash -c 'set -o pipefail
		timeout 60 "$SANDBOX" -p shell -- head -c 1M /dev/zero | wc -c'
	printed 1048576
}

@test "stdout and stderr stay apart, and nothing is added" {
	outside "$SANDBOX" -p shell -- sh -c 'printf out; printf err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "a reader that goes away ends the writer" {
	outside bash -c 'timeout 20 "$SANDBOX" -p shell -- yes | head -n 1; echo "${PIPESTATUS[0]}"'
	printed $'y\n141'
}

@test "closed stdin, stdout, stderr, and all of them" {
	local closed
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
		rm -f made
		outside bash -c "timeout 20 \"\$SANDBOX\" -p shell -- sh -c 'echo x >made; exit 3' $closed"
		[ "$status" -eq 3 ] || [ "$status" -eq 125 ] || report "with $closed"
		[ "$status" -ne 3 ] || [ "$(cat made)" = x ]
	done
}

@test "with stdin closed, the program does not find something of ours at number 0" {
	outside bash -c 'timeout 20 "$SANDBOX" -p shell -- sh -c "readlink /proc/self/fd/0; :" <&-'
	[[ -z $output || $output == /dev/null ]] || report "number 0 is open"
}

@test "only 0, 1 and 2 are inherited, whatever else is open" {
	exec 7</etc/passwd 8>/dev/null 20<"$HOME/.secret"
	outside "$SANDBOX" -p shell -- sh -c 'for f in /proc/self/fd/*; do readlink "$f"; done
		ls /proc/$$/fd'
	exec 7<&- 8>&- 20<&-
	lacks 'passwd|secret|^(7|8|20)$'
}
