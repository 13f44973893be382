#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The ground the other tests stand on: that it can say no. A check that cannot fail proves nothing.

load common

setup() {
	setup_project
	export LEFT_AFTER=2 # for what is meant to be seen
}

teardown() {
	local pid

	for pid in ${PIDS:-}; do
		kill -9 "$pid" 2>/dev/null || true
	done
	teardown_project
}

need_namespaces() {
	unshare --user true 2>/dev/null || skip_or_fail "userns: no user namespaces here"
}

# A program that ends by itself soon, even if this test dies.
sleeper() {
	cp "$(command -v sleep)" "$HOME/$1"
	remember_host
}

@test "the project is below a home that is not the caller's own, with a secret beside it" {
	[ "$(pwd -P)" = "$PROJECT" ]
	[ "${PROJECT%/*}" = "$HOME/t" ]
	[ "$HOME" = "$SANDBOX_TEST_HOME" ]
	[ "$HOME" != "$(getent passwd "$(id -u)" | cut -d: -f6)" ]
	grep -q s3cret "$HOME/.secret"
	[ "$(stat -c %a "$HOME")" = 700 ]
}

@test "the tests have no privilege, no foreign descriptor and the usual limits" {
	[ "$(id -u)" != 0 ]
	run awk '/^Cap(Inh|Prm|Eff|Amb):/ && $2 !~ /^0*$/' /proc/self/status
	[ -z "$output" ]
	[ "$(ulimit -Sn)" -le 4096 ]
	[ -z "${XDG_RUNTIME_DIR:-}${XDG_CONFIG_HOME:-}${SSH_AUTH_SOCK:-}${MAKEFLAGS:-}" ]
}

@test "no_leftovers is content when nothing happened, and with a running child of the test" {
	no_leftovers
	sleep 30 3>&- &
	PIDS=$!
	no_leftovers
}

@test "no_leftovers sees a process that lost its parent" {
	(sleep 31.5 3>&- >/dev/null 2>&1 & echo $! >"$PROJECT/pid")
	PIDS=$(<"$PROJECT/pid")
	wait_for 5 grep -qx sleep "/proc/$PIDS/comm"
	if [ -z "${SANDBOX_REAPER:-}" ]; then skip "runner: started by hand, nobody is the subreaper"; fi
	run no_leftovers
	[ "$status" -ne 0 ]
	[[ $output == *"process left: sleep (pid $PIDS,"* ]]
}

# Its first child is in a pid namespace of its own, and sleeps.
child_inside() {
	local child

	child=$(<"/proc/$1/task/$1/children")
	[ -n "$child" ] && grep -qx sleep "/proc/${child% }/comm" &&
		grep -qE '^NSpid:.[0-9]+.[0-9]+$' "/proc/${child% }/status"
}

@test "no_leftovers sees a process in a pid namespace whose parent lives" {
	need_namespaces
	unshare --user --map-root-user --pid --fork --kill-child sleep 32 3>&- &
	PIDS=$!
	wait_for 5 child_inside "$PIDS"
	run no_leftovers
	[ "$status" -ne 0 ]
	[[ $output == *'process left: sleep'* ]]
}

@test "no_leftovers sees a launcher that still runs" {
	sleeper "${SANDBOX##*/}"
	"$HOME/${SANDBOX##*/}" 33 3>&- &
	PIDS=$!
	wait_for 5 grep -qx "${SANDBOX##*/}" "/proc/$PIDS/comm"
	run no_leftovers
	[ "$status" -ne 0 ]
	[[ $output == *"process left: ${SANDBOX##*/} (pid $PIDS,"* ]]
}

@test "no_leftovers sees a file in the home, and not one in the project" {
	touch "$PROJECT/wanted"
	no_leftovers
	mkdir -p "$HOME/.local/state/sandbox/forgotten"
	run no_leftovers
	[ "$status" -ne 0 ]
	[[ $output == *'file left: '*'/.local/state/sandbox/forgotten'* ]]
	[[ $output != *wanted* ]]
}

@test "no_leftovers sees a file of ours in /tmp" {
	file=$(mktemp /tmp/a-sandbox-left.XXXXXX)
	run no_leftovers
	rm -f "$file"
	[ "$status" -ne 0 ]
	[[ $output == *"file left: $file"* ]]
}

@test "no_leftovers sees a mount" {
	need_namespaces
	export -f no_leftovers _host_processes _host_mounts _host_files _only_new _subordinate_range
	export HOST_BEFORE
	run unshare --user --map-root-user --mount bash -c 'mount -t tmpfs none "$PROJECT" && no_leftovers'
	[ "$status" -ne 0 ]
	[[ $output == *"mount left: $PROJECT"* ]]
}

@test "teardown_project removes what a subordinate id owns and what has no permission" {
	mkdir -p closed/deep
	chmod 0 closed
	as_range_root sh -c 'mkdir d && touch d/f && chown -R 12:12 d && chmod 700 d' ||
		skip_or_fail "subids: no subordinate range for $(id -un)"
	run rm -rf d
	[ "$status" -ne 0 ]
	old=$PROJECT
	teardown_project
	[ ! -e "$old" ]
}

@test "skip_or_fail fails where all must work" {
	CI=true run skip_or_fail "never-listed: for no reason"
	[ "$status" -ne 0 ]
	[[ $output == *'must not be skipped'* ]]
}

# runner NAME: a copy of the runner with one part, tests/live, that holds what stdin says.
runner() {
	mkdir -p "$PROJECT/tests/live" "$PROJECT/build"
	cp -r "$ROOT/tests/lib" "$PROJECT/tests/"
	sed 's/^%test/@test/' >"$PROJECT/tests/live/$1" # bats would take @test for one of this file
	chmod +x "$PROJECT/tests/live/$1"
	run env -u SANDBOX -u BUILD "$PROJECT/tests/lib/run" live
	last=${lines[-1]}
}

@test "the runner counts passed, failed and skipped, and fails" {
	runner run-mixed <<-'END'
		#!/bin/sh
		printf '1..4\nok 1 a\nnot ok 2 b\n# the reason\nok 3 c # SKIP x: why\nok 4 d\n'
	END
	[ "$status" -ne 0 ]
	[[ $output == *'live/run-mixed: b'* ]]
	[[ $output == *'the reason'* ]]
	if [ "${CI:-}" = true ] || [ "${SANDBOX_MUST_WORK:-}" = 1 ]; then
		[ "$last" = '2 passed, 2 failed, 0 skipped' ]
	else
		[ "$last" = '2 passed, 1 failed, 1 skipped' ]
	fi
}

@test "the runner succeeds when all is well, and runs bats files" {
	runner good.bats <<-'END'
		load ../lib/common
		%test "one" { setup_project; no_leftovers; teardown_project; }
		%test "two" { :; }
	END
	[ "$last" = '2 passed, 0 failed, 0 skipped' ]
	[ "$status" = 0 ]
}

@test "the runner does not accept a skip where all must work, unless it is listed" {
	export SANDBOX_MUST_WORK=1
	runner run-skipped <<-'END'
		#!/bin/sh
		printf '1..1\nok 1 a # skip not-listed: why\n'
	END
	[ "$last" = '0 passed, 1 failed, 0 skipped' ]
	echo 'not-listed  for this test' >>"$PROJECT/tests/lib/skips"
	run env -u SANDBOX -u BUILD "$PROJECT/tests/lib/run" live
	[ "${lines[-1]}" = '0 passed, 0 failed, 1 skipped' ]
	[ "$status" = 0 ]
}

@test "the runner fails when a file announces more tests than it runs" {
	runner run-short <<-'END'
		#!/bin/sh
		printf '1..3\nok 1 a\n'
	END
	[ "$last" = '1 passed, 1 failed, 0 skipped' ]
	[ "$status" -ne 0 ]
}

@test "the runner fails when a part runs nothing" {
	runner run-silent <<-'END'
		#!/bin/sh
		exit 0
	END
	[ "$last" = '0 passed, 1 failed, 0 skipped' ]
	[ "$status" -ne 0 ]
}

@test "the runner fails when a file crashes, is missing, or leaves a process behind" {
	runner run-crash <<-'END'
		#!/bin/sh
		printf '1..1\nok 1 a\n'
		kill -SEGV $$
	END
	[ "$last" = '1 passed, 1 failed, 0 skipped' ]
	run env -u SANDBOX -u BUILD "$PROJECT/tests/lib/run" ./absent.bats
	[ "${lines[-1]}" = '0 passed, 1 failed, 0 skipped' ]
	rm "$PROJECT/tests/live/run-crash"
	runner run-left <<-'END'
		#!/bin/sh
		sleep 34 >/dev/null 2>&1 &
		printf '1..1\nok 1 a\n'
	END
	[ "$last" = '1 passed, 1 failed, 0 skipped' ]
	[[ $output == *'left behind: process '*' (sleep)'* ]]
	run pgrep -f 'sleep 34'
	[ "$status" -ne 0 ]
}

@test "the runner stops a file that hangs, names it, and kills what it started" {
	runner run-hang <<-'END'
		#!/bin/sh
		# timeout: 1
		printf '1..2\nok 1 a\n'
		setsid sleep 35 & sleep 35
	END
	[ "$last" = '1 passed, 1 failed, 0 skipped' ]
	[[ $output == *'live/run-hang: hung'* ]]
	run pgrep -f 'sleep 35'
	[ "$status" -ne 0 ]
}
