#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What can be done to sandboxes that run, from another terminal: list, stop, pause, resume.
#
# Quoted text is for the shell inside; capture sets status, output and stderr, cow_setup STATE.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load ../lib/common
load live
load cow
load running

# gone STATUS: the launcher has ended with it, and has left nothing.
gone() {
	ended
	exited "$1"
	[ -z "$(ls -A "$RUNNING")" ] || fail "listed:" "$(ls -A "$RUNNING")"
	no_leftovers
}

# state_is NAME STATE: as list and stats have it.
state_is() {
	ok list --json
	json "{r['name']: r['state'] for r in j}['$1'] == '$2'" <<<"$output"
	ok stats --json "$1"
	json "j[0]['state'] == '$2'" <<<"$output"
}

# need_cgroup NAME: it has one, or the test is skipped.
need_cgroup() {
	ok stats --json "$1"
	json 'j[0]["cgroup"] is not None' <<<"$output" 2>/dev/null || skip_or_fail 'cgroup: none was delegated to the test'
}

# grows FILE: it does, within a second.
grows() {
	local size
	size=$(stat -c %s "$1")
	wait_for 5 sh -c '[ "$(stat -c %s "$1")" -gt "$2" ]' - "$1" "$size"
}

rests() {
	local size
	size=$(stat -c %s "$1")
	sleep 0.3
	[ "$(stat -c %s "$1")" -eq "$size" ] || fail "$1 grows"
}

readonly SLEEP='echo ready; exec sleep 60'
readonly DEAF='trap "" TERM; echo ready; while :; do sleep 1; done'
# A line in `ticks` now and then, from a child, an orphan and one in a session of its own.
readonly TICKS='tick() { while :; do echo >>"$1"; sleep 0.02; done; }
	: >ticks; : >orphan; : >session; tick ticks & (tick orphan &)
	setsid sh -c "while :; do echo >>session; sleep 0.02; done" & echo ready; wait'

# --- list

@test "list: those that run, those that are kept, and both at once" {
	ok list
	printed ''
	sb --quiet -p shell --keep -n old -- true
	begin -p shell -n one -- sh -c "$SLEEP" two words
	begin --cow . -p shell -n both -- sh -c "touch changed; $SLEEP"
	ok list
	shows '^NAME  STATE    EXIT  SINCE             PROFILE  COMMAND$' '^old   kept        0  .{16}  shell    true' \
		'^one   running     -  .{16}  shell    sh -c .* two words$' '^both  running     -  .{16}  shell    sh -c '
	[ "${#lines[@]}" -eq 4 ] || report 'expected four lines'
	ok list --all
	[ "${#lines[@]}" -eq 4 ] || report 'expected four lines'
	ok list --names
	printed $'both\nold\none'
	ok list --kept --names
	printed $'both\nold'
	ok list --changes
	shows '^both  running .* 1  shell' '^one   running .* -  shell'
	sb list --all --kept
	refused 'choose one'
}

@test "list: on a terminal no line is longer than it is wide, in a file all is there" {
	local columns inside='import os, pty, sys
os.environ["COLUMNS"] = sys.argv[1]
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:])))'
	sb --quiet --keep -n old -- sh -c ': a command that is longer' some words
	ok list --changes
	shows "longer. some words  \\($PROJECT\\)$"
	for columns in 70 80; do
		outside python3 -c "$inside" "$columns" "$SANDBOX" list --changes
		exited 0
		output=${output//$'\r'/}
		lacks "^.{$((columns + 1))}"
		shows "^old .{$((columns - 7))}\.\.\.$"
	done
	outside python3 -c "$inside" 40 "$SANDBOX" list
	exited 0
	shows '^old .*default  .?$'
}

@test "list --json: the same fields for all that are not damaged" {
	sb --quiet -p shell --keep -n old -- true
	begin -p shell -n one -- sh -c "$SLEEP"
	begin --cow . -p shell -n both -- sh -c "$SLEEP"
	ok list --json
	json 'all(set(r) == {"name", "state", "kept", "created", "started", "ended", "exit", "pid", "profile", "directory", "command",
		"trees"}
		for r in j)' <<<"$output"
	json '[r["state"] for r in j] == ["running", "kept", "running"]' <<<"$output"
	json '[r["kept"] for r in j] == [True, True, False]' <<<"$output"
	json "[r['pid'] for r in j][:2] == [$launcher, None] and j[2]['pid'] == ${launchers[0]}" <<<"$output"
	json "j[2]['command'][:2] == ['sh', '-c'] and j[2]['directory'] == '$PROJECT' and j[2]['trees'] == []" <<<"$output"
	json 'all(r["created"] > 1.6e18 and r["started"] > 1.6e18 for r in j)' <<<"$output"
}

@test "list: what a killed launcher has left is removed, what is refused is a line" {
	begin -p shell -n one -- sh -c "$SLEEP"
	kill -KILL "$launcher"
	ended
	ok list
	printed ''
	[ ! -e "$RUNNING/one" ] || fail 'the entry is still there'
	ln -s /tmp "$RUNNING/forged"
	ok list
	shows '^forged  damaged  .*not a directory'
	ok list --json
	json 'j[0]["state"] == "damaged" and "not a directory" in j[0]["error"]' <<<"$output"
}

# --- stop

@test "stop: SIGTERM, and it is over when the command returns" {
	begin -p shell -n one -- sh -c 'trap "echo told; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	ok stop one
	ended_now || fail 'the launcher still runs'
	gone 3
	[[ $output == $'ready\ntold' ]] || fail "$output"
	begin -p shell -n one -- sh -c "$SLEEP"
	ok stop one
	gone 143
}

@test "stop: what does not listen is killed when the time is up, with all it has started" {
	local options
	for options in '' --stats; do
		begin $options -p shell -n deaf -- sh -c "(setsid sleep 61 &); $DEAF"
		ok stop --timeout 200ms deaf
		gone 137
	done
	begin -p shell -n deaf -- sh -c "$DEAF"
	ok stop -t 0 deaf
	gone 137
	begin -p shell -n deaf -- sh -c "$DEAF"
	capture timeout 2 "$SANDBOX" stop --timeout=infinity deaf
	exited 124
	ok stop --force deaf
	gone 137
}

@test "stop: what was changed in copies is kept" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		begin --set "Filesystem.Overlay=$backend" -p shell --cow . -n copy -- sh -c "echo new >file; $DEAF"
		ok stop --force copy
		ended
		exited 137
		grep -q '1 change to .*kept as copy' <<<"$stderr" || report 'not said'
		ok list
		shows '^copy  kept '
		ok changes copy
		shows '^A file'
		sb stop copy
		exited 0
		[ "$stderr" = 'sandbox: note: copy: it does not run' ] || report 'the note'
		forget
	done
}

@test "one that runs, but is listed elsewhere, is not taken for one that has ended" {
	local command
	begin -p shell --cow . -n far -- sh -c "$SLEEP"
	for command in 'stop far' 'stop --force far' 'pause far' 'exec far true' 'attach far' 'wait far' 'remove --force far'; do
		read -ra command <<<"$command"
		capture env -u XDG_RUNTIME_DIR "$SANDBOX" "${command[@]}"
		refused 'far: it (runs, but is not listed|is running)'
		XDG_RUNTIME_DIR=$PROJECT sb "${command[@]}"
		refused 'far: it (runs, but is not listed in .*|is running)'
	done
	ok list
	shows '^far +running '
	ok stop far
	ended
}

@test "stop: several side by side, each once" {
	local i
	for i in 1 2 3; do
		begin -p shell -n "s$i" -- sh -c "$DEAF"
	done
	begin -p shell -n meek -- sh -c "$SLEEP"
	# One after the other they would take 6 seconds.
	capture timeout 5 "$SANDBOX" stop s1 s2 -t 2 s3 meek s1
	exited 0
	for i in "${launchers[@]}"; do
		launcher=$i
		ended
		[ "$status" -eq 137 ] || [ "$i" = "${launchers[3]}" ] || report 'expected 137'
	done
	[ "$status" -eq 143 ] || report 'expected 143'
	gone_all
}

gone_all() {
	[ -z "$(ls -A "$RUNNING")" ] || fail "listed:" "$(ls -A "$RUNNING")"
	no_leftovers
}

@test "stop: a launcher that has stopped, and one whose program has" {
	begin -p shell -n one -- sh -c "$SLEEP"
	kill -STOP "$launcher"
	wait_for 5 grep -q '^State:.T' "/proc/$launcher/status"
	ok stop one
	gone 143
	begin -p shell -n one -- sh -c "$SLEEP"
	kill -TSTP "$launcher"
	wait_for 5 grep -q '^State:.T' "/proc/$launcher/status"
	ok stop one
	gone 143
	begin -p shell -n one -- sh -c "$DEAF"
	kill -TSTP "$launcher"
	wait_for 5 grep -q '^State:.T' "/proc/$launcher/status"
	ok stop --force one
	gone 137
}

@test "stop: other identities, and a shell that starts processes all the time" {
	begin -p shell --user root -n one -- sh -c "$DEAF"
	ok stop --force one
	gone 137
	begin -p untrusted --user separate -n one -- sh -c "$DEAF"
	ok stop --timeout 100ms one
	ended
	exited 137
	forget
	begin -p shell -n one -- sh -c 'trap "" TERM; echo ready; while :; do (true & true &); done'
	ok stop --timeout 300ms one
	gone 137
}

@test "stop, pause, resume: a name that is nobody's is an error, the others are done" {
	local command
	begin -p shell -n one -- sh -c "$SLEEP"
	for command in stop pause resume; do
		sb "$command"
		refused "$command: the name of a sandbox is missing"
		sb "$command" none
		refused '^sandbox: none: there is no sandbox of that name \(`sandbox list` shows all\)$'
		sb "$command" ../one
		refused
		sb "$command" $'no\e[31m\n'
		refused
	done
	sb pause none one
	exited 125
	state_is one paused
	sb resume none one
	exited 125
	state_is one running
	sb stop none one
	exited 125
	gone 143
	sb --quiet -p shell --keep -n old -- true
	sb pause old
	refused 'no sandbox of that name runs'
}

@test "stop: words that are no time, or say two things" {
	local word
	begin -p shell -n one -- sh -c "$SLEEP"
	for word in x -1 '' 1parsec; do
		sb stop --timeout "$word" one
		refused timeout
	done
	sb stop --timeout
	refused 'needs a TIME'
	sb stop one --force --timeout 1
	refused
	sb stop --fast one
	refused fast
	state_is one running
	ok stop --help
	shows '-t, --timeout TIME ' '-f, --force '
}

# forge: an entry whose processes are the shell of this test, with the lock of a launcher.
forge() {
	local start
	start=$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)
	mkdir -m 0700 "$RUNNING/forged"
	(umask 077 && printf '%s\n' 'sandbox-running 1' 'name forged' "launcher $1 $start" "init $1 $start" \
		'cgroup ' 'memory-max 1' 'profile shell' 'cwd /' 'started 1' 'argument true' end >"$RUNNING/forged/state")
}

@test "stop, pause, resume: an entry that is not a sandbox's is refused, and nobody is signalled" {
	local command bystander
	sleep 60 3>&- &
	bystander=$!
	launchers+=("$bystander")
	forge "$bystander"
	exec 9<"$RUNNING/forged"
	flock -x 9
	for command in stop pause resume; do
		sb "$command" forged
		refused forged 'not those of a sandbox'
		grep -q '^State:.S' "/proc/$bystander/status" || fail 'it was signalled'
	done
	sb stop --force forged
	refused forged 'not those of a sandbox'
	grep -q '^State:.S' "/proc/$bystander/status" || fail 'it was signalled'
	exec 9<&-
	# With numbers that are another's by now it is what a killed launcher left.
	sed -i -E 's/^(launcher|init) ([0-9]+) .*/\1 \2 1/' "$RUNNING/forged/state"
	sb stop --force forged
	refused 'no sandbox of that name'
	grep -q '^State:.S' "/proc/$bystander/status" || fail 'it was signalled'
}

@test "pause: a cgroup that an entry names and that is not its own is left alone" {
	begin --stats -p shell -n one -- sh -c "$TICKS"
	need_cgroup one
	begin --stats -p shell -n two -- sh -c "$SLEEP"
	sed "s|^cgroup .*|$(grep ^cgroup "$RUNNING/one/state")|" "$RUNNING/two/state" >state
	cat state >"$RUNNING/two/state"
	sb pause two
	exited 0
	state_is one running
	grows ticks
	ok stop one two
}

# --- pause and resume

# paused_and_resumed NAME: all that it has stops, and goes on.
paused_and_resumed() {
	local file
	for file in ticks orphan session; do
		grows "$file"
	done
	sb pause "$1"
	exited 0
	state_is "$1" paused
	for file in ticks orphan session; do
		rests "$file"
	done
	sb pause "$1"
	exited 0
	ok resume "$1"
	state_is "$1" running
	for file in ticks orphan session; do
		grows "$file"
	done
	ok resume "$1"
}

@test "pause and resume: by SIGSTOP where there is no cgroup, and it is said" {
	begin -p shell --rw . -n one -- sh -c "$TICKS"
	paused_and_resumed one
	sb pause one
	[[ $stderr == 'sandbox: note: one: it has no cgroup: '* ]] || report 'the note'
	ok resume one
	ok stop one
	gone 143
}

@test "pause and resume: by its cgroup" {
	begin --stats -p shell --rw . -n one -- sh -c "$TICKS"
	need_cgroup one
	paused_and_resumed one
	ok pause one
	ok stats
	shows '^one +paused '
	ok list
	shows '^one +paused '
	ok stop one
	gone 143
}

@test "pause again and again, and resume at once" {
	local i
	begin -p shell --rw . -n one -- sh -c "$TICKS"
	for i in {1..20}; do
		sb pause one
		exited 0
		ok resume one
	done
	grows ticks
	grows session
	state_is one running
	ok stop one
	gone 143
}

# Shortly before its time is up a launcher does not stop, and so its program must not be left stopped.
@test "a pause just before the time is up, done or refused, does not keep the program from hearing of it" {
	begin --timeout 2 -p shell -n one -- sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	sleep 1.2
	sb pause one
	# On a machine that is slow at this moment the time is up before.
	[ "$status" -eq 0 ] || refused 'one: (it cannot be paused|no sandbox of that name runs|there is no sandbox of that name)'
	gone 3
}

@test "one that is paused can be stopped, and its time runs on" {
	local options
	for options in '' --stats; do
		begin $options -p shell -n one -- sh -c "$SLEEP"
		sb pause one
		ok stop one
		gone 143
		begin $options -p shell -n one -- sh -c "$DEAF"
		sb pause one
		ok stop --force one
		gone 137
		begin $options --timeout 3 -p shell -n one -- sh -c "$SLEEP"
		sb pause one
		exited 0
		LIMIT=20 gone 143
	done
}

@test "a paused sandbox with files of fuse-overlayfs ends, whoever ends it" {
	local how
	for how in stop force launcher time; do
		begin --stats --set Filesystem.Overlay=fuse --cow . -p shell -n one --timeout 3 -- \
			sh -c 'exec 5>file; echo new >&5; while :; do echo x >&5; cp file other; done & echo ready; wait'
		sb pause one
		exited 0
		case $how in
		stop) ok stop one ;;
		force) ok stop --force one ;;
		launcher) kill -KILL "$launcher" ;;
		time) ;;
		esac
		LIMIT=20 ended
		remember_files
		no_leftovers
		sb stats --names
		printed ''
		forget
	done
}

remember_files() {
	_host_files >"$HOST_BEFORE/files"
}

@test "resume lets go on what was stopped as a job" {
	begin -p shell --rw . -n one -- sh -c "$TICKS"
	kill -TSTP "$launcher"
	wait_for 5 grep -q '^State:.T' "/proc/$launcher/status"
	# Only the process group of the program has stopped: what is in another runs.
	grows session
	state_is one running
	sb pause one
	state_is one paused
	ok resume one
	state_is one running
	grows ticks
	ok stop one
	gone 143
}

@test "commands that need one to have ended say how to end it" {
	local command
	begin -p shell --cow . -n web -- sh -c "$SLEEP"
	for command in commit discard undo; do
		sb "$command" web
		refused '^sandbox: web: it is running \(`sandbox stop web` ends it\)$'
	done
	sb remove web
	refused '^sandbox: web: it is running \(`sandbox stop web` ends it, and so does --force\)$'
	ok remove --force web
}

@test "the bash completion knows the names of those that run" {
	begin -p shell -n first -- sh -c "$SLEEP"
	sb --quiet -p shell --keep -n old -- true
	ok completion bash
	printf '%s\n' "$output" >completion.bash
	outside env PATH="$(dirname "$SANDBOX"):$PATH" bash --norc -c '
		. ./completion.bash
		try() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
			_sandbox
			echo "$* =>" "${COMPREPLY[@]}"
		}
		try sandbox stop ""
		try sandbox stop --timeout 3 ""
		try sandbox stop --f
		try sandbox pause fi
		try sandbox resume ""
		for command in exec attach wait publish changes logs start commit discard undo remove; do
			try sandbox $command ""
		done'
	exited 0
	for command in exec attach wait publish; do
		shows "^sandbox $command  => first\$"
	done
	for command in logs start commit discard undo remove; do
		shows "^sandbox $command  => old\$"
	done
	shows 'stop  => first$' '--timeout 3  => first$' 'stop --f => --force$' 'pause fi => first$' 'resume  => first$' \
		'changes  => old$'
}

@test "with --tty never SIGTSTP stops the program, exec says so, and SIGCONT lets it go on" {
	begin -p shell --tty never -n one -- sh -c "$TICKS"
	wait_for 5 test -s ticks
	kill -TSTP "$launcher"
	wait_for 5 grep -q '^State:.T' "/proc/$launcher/status"
	sb exec one true
	refused 'one: it is paused' 'sandbox resume one'
	kill -CONT "$launcher"
	grows ticks
	ok exec one true
	ok stop one
}

# --- inspect

@test "inspect: words, processes and plan of one that runs" {
	begin -p shell --ro /usr/share --stats -n one -- sh -c "sleep 62 & $SLEEP" 'two words'
	wait_for 5 sh -c '[ "$("$SANDBOX" inspect one | grep -c " sleep$")" -eq 2 ]' # not sh any more
	ok inspect --json one
	json 'set(j) == {"name", "state", "kept", "created", "started", "ended", "exit", "profile",
		"directory", "options", "command", "pid",
		"init_pid", "cgroup", "limits", "processes", "plan"}' <<<"$output"
	json "j['pid'] == $launcher and j['state'] == 'running' and not j['kept'] and j['profile'] == 'shell'" <<<"$output"
	json 'j["options"] == ["-p", "shell", "--ro", "/usr/share", "--stats", "-n", "one"]' <<<"$output"
	json 'j["command"][-1] == "two words" and j["plan"]["command"] == j["command"]' <<<"$output"
	json 'sorted(p["name"] for p in j["processes"]) == ["sleep", "sleep"]' <<<"$output"
	json 'all(p["parent"] in [j["init_pid"]] + [q["pid"] for q in j["processes"]] for p in j["processes"])' <<<"$output"
	json 'all(p["memory"] > 0 and p["threads"] == 1 and p["state"] == "running" for p in j["processes"])' <<<"$output"
	printf '%s' "$output" >inspected
	ok explain --json -p shell --ro /usr/share --stats -n one -- sh -c "sleep 62 & $SLEEP" 'two words'
	json '{k: v for k, v in j.items() if k != "steps"} == json.load(open("inspected"))["plan"]' <<<"$output"
	ok inspect one
	shows '^Sandbox     one: running$' "^  launcher  $launcher$" '^Processes   2$' '^  [0-9]+ +running +below [0-9]+ .* sleep$' \
		'^Profile     shell' '^  options   -p shell --ro /usr/share --stats -n one$'
	sb pause one
	ok inspect one
	shows '^Sandbox     one: paused$'
	ok stop one
	sb inspect one
	refused 'there is no sandbox of that name'
}

@test "inspect: one that is kept, runs again with more options, is kept still" {
	sb --quiet --cow . -p shell -n one -- touch file
	ok inspect --json one
	json 'j["state"] == "kept" and j["kept"] and "pid" not in j and j["command"] == ["touch", "file"]' <<<"$output"
	json 'j["options"] == ["--quiet", "--cow", ".", "-p", "shell", "-n", "one"] and j["plan"]["copy_on_write"]' <<<"$output"
	begin -n one --env MORE=1 -- sh -c "$SLEEP"
	cd /
	ok inspect --json one
	json 'j["state"] == "running" and j["kept"] and "MORE" in j["plan"]["environment"]' <<<"$output"
	json "j['options'][-4:] == ['-n', 'one', '--env', 'MORE=1'] and j['directory'] == '$PROJECT'" <<<"$output"
	ok stop one
	cd "$PROJECT"
	ok inspect --json one
	json 'j["state"] == "kept" and len(j["options"]) == 7' <<<"$output"
	ok inspect one
	shows '^Sandbox     one: kept$' "^  copy of   $PROJECT$"
}

@test "inspect: what cannot be known is told, the rest is there" {
	local long
	long=$(head -c 9000 /dev/zero | tr '\0' x)
	begin -p shell --env "A=$long" -n long -- sh -c "$SLEEP"
	ok inspect --json long
	json 'j["plan"] is None and "too long" in j["plan_error"] and j["options"][-1] == "..."' <<<"$output"
	mkdir there
	cd there
	begin -p shell -n one -- sh -c "$SLEEP"
	cd "$PROJECT"
	mv there elsewhere
	ok inspect one
	shows '^Sandbox     one: running$' '^Plan        not known: one: where it was started '
	sb inspect
	refused 'name of a sandbox'
	sb inspect one long
	refused unexpected
	ln -s /tmp "$RUNNING/forged"
	sb inspect forged
	refused 'not a directory'
}
