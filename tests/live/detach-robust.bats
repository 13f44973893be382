#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# timeout: 600
#
# What may not happen to sandboxes in the background: something left of one that was killed, a hang or half a sandbox
# where there is no room, two commands that damage what they both want, a state that is believed though nobody of ours
# has written it.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153,SC2154

load ../lib/common
load live
load cow
load running
load background

teardown() {
	rm -rf "$HOME/small"
	end_background
}

# background ARG...: background.py, whose words are shown if it fails.
background() {
	LIMIT=200 outside env SANDBOX="$SANDBOX" SLOW="${SLOW:-1}" python3 "$ROOT/tests/live/background.py" "$@"
	exited 0
	remember_files
	no_leftovers
}

# groups NAME: those of sandboxes of this name, which no other test file uses.
groups() {
	find "${SANDBOX_TEST_CGROUP:?}" -mindepth 1 -type d -name "sandbox-$1.*"
}

no_groups() {
	[ -z "$(groups "$1")" ]
}

# killed WHOM: at fifty moments, of all ways to have files, and with a cgroup, which `build` has where it can.
killed() {
	background kill "$1" $((20 / ${SLOW:-1} + 1)) -p shell
	background kill "$1" $((10 / ${SLOW:-1} + 1)) -p shell --set Filesystem.Overlay=kernel --cow .
	background kill "$1" $((10 / ${SLOW:-1} + 1)) -p shell --set Filesystem.Overlay=fuse --cow .
	background kill "$1" $((10 / ${SLOW:-1} + 1)) -p build
	[ -n "${SANDBOX_TEST_CGROUP:-}" ] || return 0
	# Where PID 1 cannot remove its group, the next launch with one does, when the group is two seconds old.
	sleep 3.1
	sb -p shell --stats -- true
	exited 0
	wait_for 5 no_groups victim || fail "cgroups left:" "$(groups victim)"
}

@test "SIGKILL of the launcher at any moment: nothing is left, and what is kept starts again" {
	killed launcher
}

@test "SIGKILL of PID 1 at any moment: nothing is left, and what is kept starts again" {
	killed init
}

@test "SIGKILL of the command that starts it at any moment: nothing is left, and what is kept starts again" {
	killed client
}

@test "two commands at once on one name: one wins, the other says why, nothing is damaged" {
	background race $((100 / ${SLOW:-1}))
}

@test "start, stop, remove, many times: nothing is left" {
	local i
	for i in $(seq $((60 / ${SLOW:-1}))); do
		"$SANDBOX" run -d -n often --cow . -p shell -- sh -c 'echo x >f; exec sleep 60' >/dev/null 3>&-
		"$SANDBOX" stop often
		"$SANDBOX" start often >/dev/null 3>&-
		"$SANDBOX" stop --force often
		"$SANDBOX" remove often
	done
	nothing_is_left
	remember_files
	no_leftovers
	[ -z "${SANDBOX_TEST_CGROUP:-}" ] || no_groups often
}

# --- no room

# with_little WHERE OPTIONS: a file system with these options is where the state, or what runs, is listed.
with_little() {
	mkdir -p "$HOME/small"
	capture hostlike "mount -t tmpfs -o mode=700,$2 none $(printf %q "$HOME/small")" \
		env "$1=$HOME/small" SLOW="${SLOW:-1}" bash try
}

@test "no room among the states: a clear refusal, or it runs to its end" {
	local room refusals=0 runs=0
	cat >try <<-'SH'
		[ -z "${FILL:-}" ] || head -c 1M /dev/zero >"$XDG_STATE_HOME/fill" 2>/dev/null
		timeout -k 5 $((30 * SLOW)) "$SANDBOX" run -d -n one -p shell -- sh -c 'echo shown; exit 3' || echo "status $?"
		timeout -k 5 $((30 * SLOW)) "$SANDBOX" wait one 2>/dev/null
		"$SANDBOX" remove one 2>/dev/null
		ls -A "$XDG_STATE_HOME/sandbox" "$XDG_RUNTIME_DIR/sandbox" 2>/dev/null | grep -v : | xargs
	SH
	for room in nr_inodes={1..7} size={4,8,12,16,20}k; do
		for FILL in '' $([[ $room != size* ]] || echo 1); do
			export FILL
			with_little XDG_STATE_HOME "$room"
			case $output in
			'status 125'*)
				[[ $stderr == *'No space left on device'* ]] || report "the reason, with $room"
				one_line
				[ "${lines[1]}" = '' ] || report "something is left, with $room"
				refusals=$((refusals + 1))
				;;
			one*)
				silent
				# Without room for how it ended, wait says so.
				[ "${lines[1]}" = 3 ] || [ "${lines[1]}" = '' ] || report "how it ended, with $room"
				runs=$((runs + 1))
				;;
			*) report "neither refused nor run, with $room" ;;
			esac
			nothing_runs
		done
	done
	[ "$refusals" -gt 0 ] && [ "$runs" -gt 0 ] || fail "refused $refusals times, run $runs times"
}

@test "no room where what runs is listed: a clear refusal, or it runs to its end" {
	local room refusals=0 runs=0
	cat >try <<-'SH'
		[ -z "${FILL:-}" ] || head -c 1M /dev/zero >"$XDG_RUNTIME_DIR/fill" 2>/dev/null
		timeout -k 5 $((30 * SLOW)) "$SANDBOX" run -d $NAME -p shell -- sh -c 'sleep 0.2; exit 3' >name || echo "status $?"
		[ ! -s name ] || timeout -k 5 $((30 * SLOW)) "$SANDBOX" wait "$(cat name)" || echo "ended $?"
		[ ! -s name ] || "$SANDBOX" remove "$(cat name)"
		ls -A "$HOME/.local/state/sandbox" "$XDG_RUNTIME_DIR/sandbox" 2>/dev/null | grep -v : | xargs
	SH
	for room in nr_inodes={1..6} size={4,8}k; do
		for FILL in '' $([[ $room != size* ]] || echo 1); do
			for NAME in '' '-n one'; do
				export FILL NAME
				with_little XDG_RUNTIME_DIR "$room"
				case $output in
				'status 125'*)
					[[ $stderr == *'No space left on device'* ]] || report "the reason, with $room"
					one_line
					[ "${lines[1]}" = '' ] || report "something is left, with $room"
					refusals=$((refusals + 1))
					;;
				$'3\nended 3'*)
					silent
					[ "${lines[2]}" = '' ] || report "something is left, with $room"
					runs=$((runs + 1))
					;;
				*) report "neither refused nor run, with $room" ;;
				esac
			done
		done
	done
	[ "$refusals" -gt 0 ] && [ "$runs" -gt 0 ] || fail "refused $refusals times, run $runs times"
}

# --- what nobody of ours has written

# each DAMAGE: a function damage_DAMAGE FILE makes a file into what is to be refused.
damage_forged() { printf 'sandbox 1\nname one\nend\n' >"$1"; }
damage_empty() { : >"$1"; }
damage_truncated() { truncate -s -5 "$1"; }
damage_nul() { printf '\0' >>"$1"; }
damage_version() { sed -i '1s/ 1/ 9/' "$1"; }
damage_link() { mv "$1" elsewhere && ln -s "$PWD/elsewhere" "$1"; }
damage_fifo() { rm "$1" && mkfifo -m 600 "$1"; }
damage_directory() { rm "$1" && mkdir -m 700 "$1"; }
damage_foreign() { as_range_root chown 1:1 "$1"; }

# all_refuse REGEX COMMAND...: each command on `one` is refused with one line.
all_refuse() {
	local regex=$1 command
	shift
	for command in "$@"; do
		# shellcheck disable=SC2086 # they are several words
		LIMIT=10 sb $command
		[ "$status" -eq 125 ] || report "$command, $what: expected to be refused"
		refused "$regex" || fail "$command, $what"
	done
}

@test "an entry of what runs that is damaged, forged, a link or another's is refused by whoever reads it" {
	local what
	ok run -d -n one -p shell -- sleep 60
	cp "$RUNNING/one/state" good
	for what in forged empty truncated nul version link fifo directory foreign; do
		"damage_$what" "$RUNNING/one/state"
		all_refuse one 'stop one' 'stop --force one' 'pause one' 'resume one' 'inspect one' 'stats one' \
			'exec one true'
		ok list
		shows '^one +(damaged|running) '
		[ -d "/proc/$(awk '$1 == "launcher" { print $2 }' good)" ] || fail "$what: it was ended"
		# By name it can still be told that it is taken.
		sb run -d -n one -p shell -- true
		refused one
		rm -rf "$RUNNING/one/state"
		(umask 077 && cat good >"$RUNNING/one/state")
	done
	what='the directory, open to others'
	chmod 755 "$RUNNING/one"
	all_refuse 'open to others' 'stop one' 'pause one' 'inspect one' 'stats one' 'exec one true' 'attach one' 'wait one' \
		'run -d -n one -p shell -- true'
	chmod 700 "$RUNNING/one"
	what='the directory, a link'
	mv "$RUNNING/one" moved
	ln -s "$PWD/moved" "$RUNNING/one"
	all_refuse 'not a directory' 'stop one' 'pause one' 'inspect one' 'stats one' 'exec one true' 'attach one' 'wait one' \
		'run -d -n one -p shell -- true'
	rm "$RUNNING/one"
	mv moved "$RUNNING/one"
	ok stop one
}

@test "a state of what is kept that is damaged, forged, a link or another's is refused by whoever reads it" {
	local what
	ok run -d -n one -p shell -- true
	sb wait one
	exited 0
	cp "$STATE/one/state" good
	for what in forged empty truncated nul version link fifo directory foreign; do
		"damage_$what" "$STATE/one/state"
		all_refuse one 'start one' 'inspect one' 'changes one' 'run -d -n one -p shell -- true' 'wait one' 'stop one' \
			'attach one' 'exec one true'
		ok list
		shows '^one +damaged '
		rm -rf "$STATE/one/state"
		(umask 077 && cat good >"$STATE/one/state")
	done
	what='the directory, open to others'
	chmod 777 "$STATE/one"
	all_refuse 'others may write' 'start one' 'inspect one' 'changes one' 'run -d -n one -p shell -- true' 'wait one' \
		'remove one'
	chmod 700 "$STATE/one"
	what='the directory, a link'
	mv "$STATE/one" moved
	ln -s "$PWD/moved" "$STATE/one"
	all_refuse 'symbolic link' 'start one' 'inspect one' 'changes one' 'run -d -n one -p shell -- true' 'wait one' \
		'remove one'
	rm "$STATE/one"
	mv moved "$STATE/one"
	# What is damaged can be removed, whatever it is.
	for what in forged version link fifo foreign; do
		"damage_$what" "$STATE/one/state"
		ok remove one
		nothing_is_left
		ok run -d -n one -p shell -- true
		sb wait one
	done
}

@test "a log that is damaged, forged, a link or another's: neither started with it nor shown" {
	local what
	for what in forged version link fifo directory foreign; do
		ok run -d -n one -p shell -- true
		sb wait one
		exited 0
		"damage_$what" "$STATE/one/log"
		all_refuse log 'start one' 'run -d -n one -p shell -- true'
		[ ! -e elsewhere ] || ! grep -aq 'started.*started' elsewhere || fail 'it was written to'
		ok remove one
		rm -rf elsewhere
	done
	# What a killed launcher has written in part is no damage.
	ok run -d -n one -p shell -- true
	sb wait one
	truncate -s -3 "$STATE/one/log"
	ok start one
	sb wait one
	exited 0
}

@test "a state of an older version, which does not say how it ended, is read" {
	ok run -d -n one --cow . -p shell -- sh -c 'echo x >new'
	sb wait one
	exited 0
	sed -i '/^exit /d' "$STATE/one/state"
	ok list
	shows '^one +kept '
	ok inspect one
	ok changes one
	shows '^A new'
	sb wait one
	refused 'one: nobody knows how it ended'
	ok start one
	sb wait one
	exited 0
}

# --- processes that are others'

# entry NAME PID START: as a launcher that was killed has left it; PID is both processes.
entry() {
	mkdir -m 700 "$RUNNING/$1"
	(umask 077 && printf '%s\n' 'sandbox-running 1' "name $1" "launcher $2 $3" "init $2 $3" 'cgroup ' 'memory-max 1' \
		'profile shell' 'cwd /' 'started 1' 'argument true' end >"$RUNNING/$1/state")
}

@test "a process with the number of one that was killed, and entries of another boot: swept, and nobody is signalled" {
	local bystander start command
	sleep 60 3>&- &
	bystander=$!
	launchers+=("$bystander")
	start=$(sed 's/.*) //' "/proc/$bystander/stat" | cut -d' ' -f20)
	for command in 'list --names' 'stats --names'; do
		entry reused "$bystander" $((start - 1))
		entry future "$bystander" $((start + 100000000))
		entry nobody 4194303 1
		ok run -d -n real -p shell -- sleep 60
		# shellcheck disable=SC2086 # they are several words
		ok $command
		[ "$output" = real ] || [ "$command" = 'list --names' ] || report 'only one runs'
		ok list --json
		json '[r["name"] for r in j] == ["real"]' <<<"$output"
		[ "$(ls "$RUNNING")" = real ] || fail "not swept:" "$(ls "$RUNNING")"
		ok stop real
		ok remove real
	done
	for command in 'stop reused' 'stop --force reused' 'pause reused' 'resume reused' 'exec reused true' 'wait reused' \
		'inspect reused'; do
		entry reused "$bystander" $((start - 1))
		# shellcheck disable=SC2086 # they are several words
		sb $command
		refused reused
		grep -q '^State:.S' "/proc/$bystander/status" || fail "$command: the bystander was signalled"
		rm -rf "$RUNNING/reused"
	done
	# A name that only such a one has can be taken.
	entry reused "$bystander" $((start - 1))
	ok run -d -n reused -p shell -- true
	sb wait reused
	exited 0
}

@test "what ran when the machine went down: told as killed, and can be looked at, started, removed" {
	local name init
	for name in one two; do
		ok run -d -n "$name" --cow . -p shell -- sh -c 'echo x >new; exec sleep 60'
		wait_for 10 test -e "$STATE/$name/0/upper/new"
		init=$(init_of "$name")
		cp -a "$RUNNING/$name" "$name"
		kill -KILL "$(launcher_of "$name")"
		wait_for 10 sh -c "[ ! -d /proc/$init ] || grep -q '^State:.Z' /proc/$init/status"
		rm -rf "${RUNNING:?}/$name"
		sed -E 's/^(launcher|init) .*/\1 4194303 99999999999/' "$name/state" >state
		cat state >"$name/state"
		mv "$name" "$RUNNING/"
	done
	grep -q '^running yes$' "$STATE/one/state" || fail 'the state says that it has ended'
	ok list --json
	json '[(r["name"], r["state"], r["pid"]) for r in j] == [("one", "kept", None), ("two", "kept", None)]' <<<"$output"
	nothing_runs
	sb wait one
	refused 'one: its launcher was killed: nobody knows how it ended'
	ok changes one
	shows '^A new'
	ok start one
	ok stop one
	sb wait one
	exited 143
	ok remove one two
	nothing_is_left
}
