#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A file .git/commondir, which a plain repository does not have, makes git read its configuration and hooks from
# another directory.

load ../lib/common
load attack
load git

setup() {
	attack_setup
	git_setup
}

teardown() {
	git_teardown
}

@test ".git/commondir created" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config; echo ../new >.git/commondir'
}

@test "made where nothing else can take its place afterwards" {
	git_attack . 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config; echo ../new >.git/commondir
		mkdir -p .git/commondir.untrusted/x .git/config.worktree.untrusted/x'
}

@test "by a process that goes on until the sandbox is ended" {
	"$SANDBOX" -p shell sh -c 'cp -r .git new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config
		(trap "" TERM HUP; setsid sh -c "while :; do echo ../new >.git/commondir; done" &) & sleep 0.1' >attack.log 2>&1
	git_expect quiet . 'a loop that outlives the program'
}

@test "with the launcher interrupted" {
	local pid

	mkdir new
	background box "$SANDBOX" -p shell sh -c 'cp -r .git/. new; printf "[core]\n\tfsmonitor = ./payload\n" >>new/config
		echo ../new >.git/commondir; echo ready; sleep 300'
	[ "$(first_line box)" = ready ]
	pid=${BACKGROUND[0]}
	kill -TERM "$pid"
	wait "$pid" || true
	git_expect quiet . 'SIGTERM'
}
