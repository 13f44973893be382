#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `sandbox exec`: what the command gets, what it is restricted to, and what becomes of it. With terminals: pty.bats.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load live
load cow
load running

readonly SLEEP='echo ready; exec sleep 120'

# runs [OPTION...]: a sandbox `one` under profile shell.
runs() {
	begin -p shell -n one "$@" -- sh -c "$SLEEP"
}

# visit ARG...: `sandbox exec one ARG...` in the background, as $client; what it prints is in visit.out and visit.err.
# A shell ignores INT and QUIT in what it starts in the background.
visit() {
	: >visit.out
	: >visit.err
	env --default-signal=INT,QUIT "$SANDBOX" exec one "$@" >visit.out 2>visit.err </dev/null 3>&- &
	client=$!
	launchers+=("$client")
}

client_ended() {
	[ ! -e "/proc/$client" ] || grep -q '^State:.Z' "/proc/$client/status"
}

# visit_ended STATUS: it does, with that one.
visit_ended() {
	status=0
	wait_for 10 client_ended || fail 'still running' || return 1
	wait "$client" || status=$?
	output=$(cat visit.out)
	stderr=$(cat visit.err)
	exited "$1"
}

# inside PATTERN: a process with these words runs below the launcher.
inside() {
	"$SANDBOX" inspect one | grep -Eq -e "$1"
}

outside_of() {
	! inside "$1"
}

says_ready() {
	wait_for 10 grep -q '^ready' visit.out || fail 'not started:' "$(cat visit.err)"
}

gone_with_all() {
	ok stop --force one
	ended
	exited 137
	[ -z "$(ls -A "$RUNNING")" ] || fail 'listed:' "$(ls -A "$RUNNING")"
	no_leftovers
}

# --- what it does

@test "the status is that of the command: 0, its own, 128+N, 126, 127" {
	local name
	runs
	ok exec one true
	sb exec one sh -c 'exit 7'
	exited 7
	silent
	for name in TERM KILL SEGV; do
		sb exec one sh -c "kill -$name \$\$"
		exited $((128 + $(kill -l "$name")))
		silent
	done
	: >file
	sb exec one ./file
	exited 126
	one_line
	said '^sandbox: ./file: Permission denied$'
	sb exec one no-such-program
	exited 127
	one_line
	said "^sandbox: no-such-program: command not found in the sandbox's PATH$"
	sb exec one /no/such/program
	exited 127
	one_line
	inside '^Processes   1$'
	gone_with_all
}

@test "standard input, output and error are the caller's: a megabyte each way, by files and by pipes" {
	runs
	head -c 1000000 /dev/urandom >in
	"$SANDBOX" exec one sh -c 'tee /dev/stderr' <in >out 2>err
	cmp in out
	cmp in err
	"$SANDBOX" exec one cat in | "$SANDBOX" exec one cat | cmp - in
	"$SANDBOX" exec one sh -c 'cat in >&2' 2>&1 >/dev/null | cmp - in
	# Who reads is gone: SIGPIPE, as everywhere.
	run bash -c '"$0" exec one yes | head -n 1; echo "${PIPESTATUS[0]}"' "$SANDBOX"
	printed $'y\n141'
	# Closed ones are /dev/null.
	"$SANDBOX" exec one readlink /proc/self/fd/0 >out <&-
	[ "$(cat out)" = /dev/null ]
}

@test "a descriptor that is a directory is refused, each of the three" {
	runs
	capture "$SANDBOX" exec one true
	exited 0
	capture sh -c '"$0" exec one true </' "$SANDBOX"
	refused 'descriptor 0 is a directory'
	capture sh -c '"$0" exec one true 1</' "$SANDBOX"
	refused 'descriptor 1 is a directory'
	# There is nowhere to say it.
	capture sh -c '"$0" exec one true 2</' "$SANDBOX"
	exited 125
}

@test "no sandbox to go to: one line that says why, and 125" {
	local words
	for words in none ../one $'no\e[31m\n' .; do
		sb exec "$words" true
		refused 'there is no sandbox of that name'
	done
	sb exec
	refused 'name of a sandbox is missing'
	sb --quiet -p shell --keep -n old -- true
	sb exec old true
	refused 'old: ' 'run|start'
	runs
	sb exec one
	refused 'the command is missing' 'sandbox exec one sh'
	capture env -u XDG_RUNTIME_DIR "$SANDBOX" exec one true
	refused 'no sandbox of that name runs'
	capture env XDG_RUNTIME_DIR=/nowhere "$SANDBOX" exec one true
	refused
	sb pause one
	exited 0
	sb exec one true
	refused 'one: it is paused' 'sandbox resume one'
	sb attach one
	refused 'one: it is paused' 'sandbox resume one'
	ok resume one
	ok exec one true
	kill -KILL "$launcher"
	ended
	sb exec one true
	refused 'there is no sandbox of that name'
}

@test "options: --env, its value, the caller's, the last of several; else the environment of the program" {
	runs --env MINE=program --env KEPT=program
	ok exec --env MINE=command --env EMPTY= one sh -c 'echo "$MINE $KEPT [${EMPTY-unset}]"'
	printed 'command program []'
	TAKEN='the caller' ok exec --env TAKEN --env UNSET one sh -c 'echo "$TAKEN ${UNSET-unset}"'
	printed 'the caller unset'
	TAKEN='the caller' ok exec one sh -c 'echo "${TAKEN-unset}"'
	printed unset
	# Each once: of two of a name one program would take the first, another one the last.
	ok exec --env A=1 --env MINE=1 --env A=2 --env A=3 one env
	lacks '^(A=[12]|MINE=program)$'
	shows '^A=3$' '^MINE=1$'
	ok exec --env PATH=/nowhere one /bin/sh -c 'echo "$PATH"'
	printed /nowhere
	sb exec --env PATH=/nowhere one true
	exited 127
	local word
	for word in '' = =value; do
		sb exec --env "$word" one true
		refused 'env: NAME=VALUE'
	done
}

@test "options: -C, a directory, from the program's on if it is relative" {
	mkdir -p below/that
	runs -C "$PROJECT/below"
	ok exec one pwd
	printed "$PROJECT/below"
	ok exec -C /usr one pwd
	printed /usr
	ok exec --chdir=that one pwd
	printed "$PROJECT/below/that"
	ok exec -C .. one pwd
	printed "$PROJECT"
	sb exec -C /no/where one pwd
	refused '/no/where: No such file'
	sb exec -C /etc/passwd one pwd
	refused 'Not a directory'
	sb exec -C
	refused 'needs a DIR'
}

@test "what stands behind the name is the command's; -- ends the options in front of it" {
	runs
	ok exec one echo --tty always -C / --env --help
	printed '--tty always -C / --env --help'
	ok exec one -- echo --
	printed --
	ok exec -- one echo -n -- x
	printed '-- x'
	ok exec --tty never -- one echo x
	printed x
	sb exec one -x
	exited 127
	sb exec --no-such one true
	refused 'no-such'
	sb exec --tty maybe one true
	refused 'auto, never or always'
	ok exec --help
	shows '^Usage: sandbox exec '
	ok exec one printf '%s|' '' 'two words' $'a\nb' "$(printf 'x%.0s' {1..100000})"
	[ "$output" = "|two words|"$'a\nb'"|$(printf 'x%.0s' {1..100000})|" ] || fail 'other words'
}

# --- the same restrictions

# alike OPTION...: the first program and a command see the same in all that facts.py prints. Without what is $except.
# The file is in the project, for the identity separate reads it, too.
alike() {
	local except=${except:-^$}
	cp "$ROOT/tests/live/probes/facts.py" .
	chmod 0755 . facts.py
	begin "$@" -n one -- python3 -I facts.py wait
	grep -v '^ready$' "$BATS_TEST_TMPDIR/started" | grep -Ev "$except" >first
	[ "$(wc -l <first)" -gt 100 ] || fail 'too few facts'
	"$SANDBOX" exec one python3 -I facts.py 2>&1 </dev/null | grep -Ev "$except" >second
	diff first second >&2 || fail "other restrictions: $*"
	ok stop --force one
	ended
	"$SANDBOX" list --kept --names | xargs -r "$SANDBOX" remove
	remember_host
}

@test "the comparison sees a difference: another profile, umask, environment, identity, limit" {
	local options
	cp "$ROOT/tests/live/probes/facts.py" .
	# What two sandboxes never share.
	facts() {
		sb "$@" -- python3 -I facts.py
		exited 0
		grep -Ev '^(namespace|mountinfo)' <<<"$output"
	}
	facts -p shell >plain
	for options in '-p nested' '--set User.UMask=027' '--env NEW=1' '--user root'; do
		# Several words.
		# shellcheck disable=SC2086
		facts -p shell $options >other
		! diff plain other >/dev/null || fail "no difference: $options"
	done
	facts -p shell >same
	(ulimit -Sn 77 && facts -p shell) >other
	diff plain same >&2
	! diff plain other >/dev/null || fail 'no difference: a limit'
}

@test "a command is restricted as the program is: profiles" {
	local profile
	for profile in build shell untrusted nested; do
		alike -p "$profile"
	done
}

@test "a command is restricted as the program is: identities, umask, capabilities, a session, a keyring" {
	alike -p shell --user root
	alike -p shell --user separate
	alike -p shell --set User.UMask=027 --env MORE=1 --cow .
	alike -p shell --tty never
	# The calls let through, they have the same session keyring.
	alike -p shell --set Seccomp.SystemCallFilter=keyctl
	grep -q '^keyring: [1-9]' first || fail "$(grep ^keyring first)"
}

# The cgroup namespace begins where the process has been made, and each makes its own; that all see the same from
# there is in the facts (cgroup), and the test below looks from outside.
@test "a command is restricted as the program is: in a cgroup, whose limits are for both" {
	[ -n "${SANDBOX_TEST_CGROUP:-}" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	local except='^namespace cgroup:' profile group
	for profile in shell nested untrusted; do
		alike -p "$profile" --stats
	done
	runs --stats
	visit sh -c "$SLEEP"
	says_ready
	group=$(ok stats --json one && json 'print(j[0]["cgroup"]) or True' <<<"$output")
	[ "$(xargs -n1 <"$group/cgroup.procs" | wc -l)" -eq 2 ] || fail "in the group: $(cat "$group/cgroup.procs")"
	gone_with_all
	visit_ended 137
}

@test "a command reaches the system calls that the program reaches" {
	cp "$(probe all-calls)" .
	begin -p shell -n one --set Seccomp.SystemCallErrorNumber=EUCLEAN -- \
		sh -c './all-calls 0 480 >first </dev/null 2>/dev/null; echo ready; exec sleep 120'
	"$SANDBOX" exec one ./all-calls 0 480 >second </dev/null
	diff first second >&2
	[ "$(grep -c denied second)" -gt 50 ] || fail 'nothing is denied'
	[ "$(grep -c reached second)" -gt 100 ] || fail 'nothing is reached'
}

# Two Landlock domains that are siblings may not signal each other.
@test "the command and the program may signal each other, and neither may write outside" {
	mkdir fixed
	begin -p shell -n one --rw . --ro fixed -- sh -c 'trap "echo told >told; kill -USR2 \$(cat pid)" USR1
		touch fixed/first 2>/dev/null || echo refused >first
		echo ready; while :; do sleep 0.05; done'
	[ "$(cat first)" = refused ]
	sb exec one touch fixed/second
	exited 1
	said 'Read-only|Permission'
	ok exec one touch second
	[ -e second ] && [ -z "$(ls -A fixed)" ]
	visit sh -c 'echo $$ >pid; trap "echo answered; exit 3" USR2
		kill -USR1 $(pgrep -o sh); while :; do sleep 0.05; done'
	visit_ended 3
	printed answered
	[ "$(cat told)" = told ]
}

# --- many, and the end

@test "a hundred commands at once: each has its status, nothing is left" {
	local i clients=() bad=0
	runs
	for i in {1..100}; do
		"$SANDBOX" exec one sh -c "exit $i" 2>>errors </dev/null 3>&- &
		clients+=($!)
	done
	for i in {1..100}; do
		status=0
		wait "${clients[i - 1]}" || status=$?
		[ "$status" -eq "$i" ] || bad=$((bad + 1))
	done
	[ "$bad" -eq 0 ] || fail "$bad have another status" "$(cat errors)"
	wait_for 5 inside '^Processes   1$'
	gone_with_all
}

@test "a shell that is executed is as good as the first one, and cannot come in again" {
	cp "$SANDBOX" launcher
	runs
	sb exec one sh -c 'seq 1000 | sort -rn | tail -n 1; (exit 4); echo $?; sleep 0.01 & wait; echo waited'
	printed $'1\n4\nwaited'
	sb exec one sh -c './launcher exec one true; echo $?'
	printed 125
	said 'no sandbox of that name runs'
}

@test "what a command leaves in the background goes on, and ends with the sandbox" {
	runs
	ok exec one sh -c 'sleep 61 & setsid sleep 62 </dev/null >/dev/null 2>&1 &'
	inside 'sleep$'
	inside '^Processes   3$'
	gone_with_all
}

@test "the sandbox ends: so do the commands, at once, and the clients say so" {
	local how
	for how in stop force program launcher; do
		runs
		visit sh -c 'trap "" TERM HUP; echo ready; while :; do sleep 0.1; done'
		says_ready
		case $how in
		stop) ok stop one ;;
		force) ok stop --force one ;;
		program) ok exec one sh -c 'kill $(pgrep -xo sleep)' || true ;;
		launcher) kill -KILL "$launcher" ;;
		esac
		visit_ended 137
		# By force commands are killed first, and that is how they have ended.
		[ "$how" = force ] || said '^sandbox: the sandbox has ended, and the command with it$'
		[ "$how" = force ] || one_line
		ended
	done
	sb list # what the killed one has left is swept
	no_leftovers
}

@test "commands that come while the sandbox is being stopped end, one way or the other" {
	local i round clients bad
	for round in 1 2 3; do
		runs
		clients=()
		for i in {1..20}; do
			"$SANDBOX" exec one sleep 60 2>>errors </dev/null 3>&- &
			clients+=($!)
			[ "$i" -ne $((5 * round)) ] || "$SANDBOX" stop --force one &
		done
		launchers+=("${clients[@]}")
		bad=
		for i in "${clients[@]}"; do
			client=$i
			wait_for 10 client_ended || fail 'one hangs'
			status=0
			wait "$i" || status=$?
			[[ $status =~ ^(125|137)$ ]] || bad+=" $status"
		done
		[ -z "$bad" ] || fail "ended with$bad"
		ended
	done
	no_leftovers
}

# --- signals

@test "the client is killed: the command is hung up, with what it waits for" {
	runs
	visit sh -c 'echo ready; sleep 61 & wait'
	says_ready
	kill -KILL "$client"
	wait_for 5 inside '^Processes   1$' || fail "$("$SANDBOX" inspect one)"
	# Also if it has stopped.
	visit sh -c 'echo ready; kill -STOP $$'
	says_ready
	kill -KILL "$client"
	wait_for 5 inside '^Processes   1$' || fail "$("$SANDBOX" inspect one)"
	visit sh -c 'trap "echo told >told; exit" HUP; echo ready; while :; do sleep 0.05; done'
	says_ready
	kill -KILL "$client"
	wait_for 5 test -s told
	gone_with_all
}

@test "the client is killed at any moment: nothing of it stays" {
	local i
	runs
	for i in {1..40}; do
		visit sleep 61
		sleep "0.00$((i % 6))"
		kill -KILL "$client"
		wait "$client" || true
	done
	wait_for 5 inside '^Processes   1$' || fail "$("$SANDBOX" inspect one)"
	gone_with_all
}

@test "a command that does not listen outlives its client, and ends with the sandbox" {
	runs
	visit sh -c 'trap "" HUP; echo ready; while :; do echo >>ticks; sleep 0.05; done'
	says_ready
	kill -KILL "$client"
	wait "$client" || true
	: >ticks
	wait_for 5 test -s ticks
	gone_with_all
}

@test "signals for the client reach the command and all of its process group" {
	local name
	runs
	for name in TERM INT HUP QUIT USR1 USR2; do
		visit sh -c 'ulimit -c 0; echo ready; sleep 61; exit 1'
		says_ready
		# Before dash dies of SIGINT it waits for its child, which must be there to hear of it.
		wait_for 5 sh -c '[ "$("$SANDBOX" inspect one | grep -c " sleep$")" -eq 2 ]'
		kill -"$name" "$client"
		visit_ended $((128 + $(kill -l "$name")))
		visit sh -c "trap 'echo told; exit 3' $name; echo ready; while :; do sleep 0.05; done"
		says_ready
		kill -"$name" "$client"
		visit_ended 3
		[ "$output" = $'ready\ntold' ] || fail "$output"
	done
	wait_for 5 inside '^Processes   1$'
}

@test "a signal that comes as soon as the client runs is not lost" {
	local i
	runs
	for i in {1..40}; do
		visit sleep 61
		executed "$client"
		sleep "0.00$((i % 4))"
		kill -TERM "$client"
		visit_ended 143
	done
	wait_for 5 inside '^Processes   1$'
}

grows() {
	local size
	size=$(stat -c %s ticks)
	wait_for 5 sh -c '[ "$(stat -c %s ticks)" -gt "$1" ]' - "$size"
}

@test "Ctrl-Z stops client and command, and SIGCONT continues both" {
	runs
	visit sh -c 'echo ready; while :; do echo >>ticks; sleep 0.02; done'
	says_ready
	wait_for 5 test -s ticks
	for _ in 1 2; do
		kill -TSTP "$client"
		wait_for 5 grep -q '^State:.T' "/proc/$client/status"
		wait_for 5 inside ' stopped .* sh$' || fail "$("$SANDBOX" inspect one)"
		kill -CONT "$client"
		grows
	done
	kill -TERM "$client"
	visit_ended 143
}

@test "one with a name can be visited from the first moment of its program" {
	not_with_asan
	need strace
	capture strace -f -qq -o trace -e trace=listen,execve "$SANDBOX" -p shell -n one -- true
	exited 0
	grep -Eo 'listen\(|execve.* = 0$' trace >order
	[[ $(cut -d'(' -f1 order | xargs) = 'execve listen execve' ]] || report "$(cat trace)"
}

@test "who comes while its launcher is busy hears of the end all the same" {
	local init
	begin --keep=no -p shell -n one -- sh -c 'echo ready; until [ -e go ]; do sleep 0.05; done; exit 7'
	kill -STOP "$launcher"
	wait_for 10 grep -q '^State:.T' "/proc/$launcher/status"
	"$SANDBOX" wait one >waited 2>waited.err 3>&- &
	client=$!
	launchers+=("$client")
	wait_for 10 grep -q skb_wait "/proc/$client/wchan" # it waits for the answer
	init=$(pgrep -P "$launcher")
	touch go
	wait_for 10 grep -q '^State:.Z' "/proc/$init/status"
	kill -CONT "$launcher"
	ended
	exited 7
	wait_for 10 client_ended
	[ "$(cat waited)" = 7 ] || report "$(cat waited waited.err)"
}
