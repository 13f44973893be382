#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Terminals of the sandbox's own: `run --tty always`, `exec` with one, `attach`. On a terminal they are the scenarios of
# probes/ptys.py, and those of probes/term.py, for which it must make no difference; without one they are pipes.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2128,SC2154,SC2178

load ../lib/common
load live
load cow
load running

# How a program gets its terminal: with these words before its own.
RUN=("$SANDBOX" run -p shell --tty always --)
EXEC=("$SANDBOX" exec one) # has one, for it is used from one

# scenario NAME COMMAND...
scenario() {
	capture timeout -k 5 60 python3 -B "$ROOT/tests/live/probes/ptys.py" "$@" 3>&-
	exited 0
}

# as_before NAME COMMAND...: a scenario of term.py with a launcher that goes by other words.
as_before() {
	printf '#!/bin/bash\nshift 3\nexec %s "$@"\n' "${*:2}" >launch # what term.py puts first are three words
	chmod +x launch
	capture timeout -k 5 60 python3 -B "$ROOT/tests/live/probes/term.py" "$1" "$PROJECT/launch" 3>&-
	exited 0
}

one() {
	begin -p shell -n one -- sh -c 'echo ready; exec sleep 120'
}

# without COMMAND...: in a session without a terminal, for at most $LIMIT seconds.
without() {
	setsid --wait timeout --kill-after=5 "$((${LIMIT:-20} * ${SLOW:-1}))" "$@" 3>&-
}

# detached NAME OPTION... -- PROGRAM: in the background.
detached() {
	ok run --detach -p shell -n "$@"
	launchers+=("$(sed -n 's/^launcher \([0-9]*\) .*/\1/p' "$RUNNING/$1/state")")
}

runs_still() {
	ok list --names
	shows "^$1$"
}

readonly ANSWERS='while read -r x; do
	case $x in
	quit) exit 4 ;;
	size) stty size ;;
	keys) stty raw -echo; printf "ready\r\n"; head -c 2 | od -An -tx1; stty -raw echo ;;
	*) echo "got $x" ;;
	esac
done'

# --- on a terminal

@test "the program's own terminal does not differ: keys, size, names, end of file" {
	local name
	one
	for name in ctrl_c ctrl_backslash ctrl_c_caught ctrl_c_once input_and_eof dev_tty tty_name window_size \
		hangup; do
		as_before "$name" "${RUN[@]}"
		[ "$name" = hangup ] || as_before "$name" "${EXEC[@]}"
	done
}

@test "the program's own terminal does not differ: Ctrl-Z, fg, bg, jobs inside" {
	local name
	for name in shell_ctrl_c stop_and_continue stop_twice inner_shell background_works foreground_returns \
		launcher_killed; do
		as_before "$name" "${RUN[@]}"
	done
	scenario background "${RUN[@]}"
	one
	for name in shell_ctrl_c foreground_returns; do
		as_before "$name" "${EXEC[@]}"
	done
}

@test "an editor with the program's own terminal" {
	need vim
	as_before stop_stopped_terminal_program "${RUN[@]}"
}

@test "every byte arrives, Ctrl-S and Ctrl-Q are the program's, what is not echoed is not shown" {
	local name
	one
	for name in all_bytes flow_control echo_off controlling; do
		scenario "$name" "${RUN[@]}"
		scenario "$name" "${EXEC[@]}"
	done
}

@test "the modes are restored: at the end, program killed, client told to end, client killed" {
	local name
	one
	for name in modes_at_end modes_program_killed modes_client_told modes_client_killed; do
		scenario "$name" "${RUN[@]}"
		scenario "$name" "${EXEC[@]}"
	done
	wait_for 5 sh -c '"$SANDBOX" inspect one | grep -q "^Processes   1$"'
}

@test "the modes are restored: client stopped, command that has closed its terminal" {
	one
	scenario modes_stopped "${EXEC[@]}"
	scenario modes_stopped "${RUN[@]}"
	scenario modes_when_closed "${EXEC[@]}"
}

@test "with --tty never: no controlling terminal, and signals still work" {
	one
	scenario no_terminal "$SANDBOX" run -p shell --tty never --
	scenario no_terminal "$SANDBOX" exec --tty never one
	# The control: without the option it has one, and that is the controlling one.
	scenario controlling "$SANDBOX" run -p shell --
	scenario controlling "${EXEC[@]}"
}

# --- without a terminal

# ways: in $WAYS, what comes before the words of the program.
ways() {
	one
	WAYS=("run -p shell --tty always --" "exec --tty always one")
}

@test "with --tty always without a terminal: a terminal for the program, a pipe for the caller" {
	local way
	ways
	for way in "${WAYS[@]}"; do
		read -ra way <<<"$way"
		capture without "$SANDBOX" "${way[@]}" sh -c 'tty; tty </dev/tty; test -t 2 && exit 7'
		exited 7
		silent
		[[ $output =~ ^/dev/pts/[0-9]+$'\r\n'/dev/tty$'\r'$ ]] || report 'another terminal'
		# Closed ones are /dev/null: the end of the file at once, and nobody who reads.
		without "$SANDBOX" "${way[@]}" cat <&- >got
		[ ! -s got ] || [ "$(tr -d '\b' <got)" = '^D' ] || fail "$(cat -A got)"
		status=0
		without "$SANDBOX" "${way[@]}" sh -c 'seq 100000; exit 3' >&- || status=$?
		exited 3
	done
}

@test "with --tty always: five megabytes of output are intact" {
	local way
	ways
	seq 720000 >numbers
	[ "$(stat -c %s numbers)" -gt 4900000 ]
	for way in "${WAYS[@]}"; do
		read -ra way <<<"$way"
		without "$SANDBOX" "${way[@]}" sh -c 'stty -opost; cat numbers' </dev/null | cmp - numbers
		without "$SANDBOX" "${way[@]}" sh -c 'stty -opost; cat numbers' </dev/null >file
		cmp file numbers
		# A reader that is slow, and the line ends of a terminal.
		without "$SANDBOX" "${way[@]}" cat numbers </dev/null | (sleep 0.5; tr -d '\r') | cmp - numbers
	done
}

@test "with --tty always: binary input is intact, and its end is the end of the file" {
	local way
	ways
	head -c 300000 /dev/urandom >bytes
	for way in "${WAYS[@]}"; do
		read -ra way <<<"$way"
		rm -f is-raw
		# Until the terminal inside is raw, bytes would be keys.
		(wait_for 10 test -e is-raw && cat bytes) |
			without "$SANDBOX" "${way[@]}" sh -c 'stty raw -echo; : >is-raw; head -c 300000 >copy'
		cmp bytes copy
		seq 1000 | without "$SANDBOX" "${way[@]}" sh -c 'stty -echo; wc -l' >lines
		grep -q 1000 lines
		printf 'no line feed' | without "$SANDBOX" "${way[@]}" sh -c 'stty -echo; wc -c' >lines
		grep -q 12 lines
	done
}

@test "with --tty always: who reads ends, and so does the program, also one that goes on writing" {
	local way program
	ways
	for way in "${WAYS[@]}"; do
		read -ra way <<<"$way"
		for program in yes 'while :; do echo y; done' 'trap "echo told >told; exit 9" HUP; while :; do echo y; done'; do
			rm -f told
			capture bash -c '"$@" | head -n 1; exit "${PIPESTATUS[0]}"' - timeout 20 "$SANDBOX" "${way[@]}" sh -c "$program"
			[[ $output == y* ]] || report 'another output'
			[[ $program != trap* ]] || [ -e told ] || report 'not told'
			[[ $status =~ ^(1|9|129)$ ]] || report 'another status'
		done
	done
}

# --- attach

@test "attach: what is typed arrives, the size too; the program's end and status" {
	detached tty --tty always -- sh -c "$ANSWERS"
	scenario attach_resizes "$SANDBOX" attach tty
	scenario attach_types "$SANDBOX" attach tty
	sb attach tty
	refused 'tty: no sandbox of that name runs|tty: '
	detached ticks --tty always -- sh -c 'while sleep 0.1; do echo tick; done & '"$ANSWERS"
	scenario attach_returns "$SANDBOX" attach ticks
}

@test "attach: two at once" {
	detached tty --tty always -- sh -c "$ANSWERS"
	scenario attach_two "$SANDBOX" attach tty
}

@test "attach: keys that leave it, others, none; the sandbox goes on" {
	detached tty --tty always -- sh -c "$ANSWERS"
	scenario attach_detaches "$SANDBOX" attach tty
	scenario attach_without_keys "$SANDBOX" attach tty
	scenario attach_types "$SANDBOX" attach tty
	local keys
	for keys in x,,y ctrl-1 abc; do
		sb attach --detach-keys "$keys" tty
		refused '^sandbox: --detach-keys: '
		refused keys
	done
}

@test "attach: one that is killed leaves the modes and the sandbox as they were" {
	detached tty --tty always -- sh -c "$ANSWERS"
	scenario attach_killed "$SANDBOX" attach tty
	scenario attach_types "$SANDBOX" attach tty
}

# attached NAME: in the background, as $launcher, and it shows already what is printed: `waiting`, until there is `go`.
attached() {
	"$SANDBOX" attach "$1" >shown 2>said </dev/null 3>&- &
	launcher=$!
	launchers+=("$launcher")
	wait_for 10 grep -q '^waiting$' shown
	: >go
}

readonly WAIT='until [ -e go ]; do echo waiting; sleep 0.05; done'

@test "attach: what it shows is what the program prints, and what the log has" {
	detached tty --tty always -- sh -c "stty -opost; $WAIT; seq 200000; exit 6"
	attached tty
	status=0
	wait_for 20 ended_now
	wait "$launcher" || status=$?
	exited 6
	sed '/^waiting$/d' shown | cmp - <(seq 200000)
	[ ! -s said ]
	# The log has what was printed before, too.
	python3 - "$STATE/tty/log" <<-'PY' | tail -c "$(stat -c %s shown)" | cmp - shown
		import sys
		with open(sys.argv[1], "rb") as f:
		    f.readline()
		    for head in f:
		        _, stream, length = head.split()
		        data = f.read(int(length) + 1)[:-1]
		        if stream != b"event":
		            sys.stdout.buffer.write(data)
	PY
}

@test "attach: without a terminal of the program Ctrl-C is a signal, and standard error is apart" {
	detached plain -- sh -c 'trap "echo told; exit 3" INT; while :; do echo tick; sleep 0.1; done'
	scenario attach_leaves_without_terminal "$SANDBOX" attach plain
	scenario attach_ctrl_c "$SANDBOX" attach plain
	detached apart -- sh -c "$WAIT; echo out; echo err >&2; exit 2"
	attached apart
	status=0
	wait_for 10 ended_now
	wait "$launcher" || status=$?
	exited 2
	[ "$(sed '/^waiting$/d' shown)" = out ]
	[ "$(cat said)" = err ]
}

@test "attach: ends as others do when nobody reads what it shows, whether or not there is more; the sandbox goes on" {
	detached many -- sh -c 'while :; do echo line; sleep 0.1; done'
	capture bash -c '"$SANDBOX" attach many | head -n 1; echo "${PIPESTATUS[0]}"'
	printed $'line\n141'
	silent
	detached quiet -- sleep 120
	capture bash -c '"$SANDBOX" attach quiet | sleep 0.2; echo "${PIPESTATUS[0]}"'
	printed 141
	silent
	runs_still many
	runs_still quiet
}

@test "attach: of one in the foreground, of none, of one that is kept: a line that says so" {
	one
	sb attach one
	refused 'not started with --detach'
	sb attach none
	refused 'none: there is no sandbox of that name'
	sb --quiet -p shell --keep -n old -- true
	sb attach old
	refused 'old: '
	sb attach
	refused 'name of a sandbox is missing'
}
