#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Job control and terminals: the scenarios of probes/term.py, each on a pty of its own, and an
# editor in tmux. Where a scenario is not about the launcher alone, the same one without a sandbox
# is its positive control (the first test).
#
# capture sets status, output and stderr.
# shellcheck disable=SC2154

load ../lib/common
load live

setup() {
	setup_project
	need python3
}

teardown() {
	[ -z "${tmux:-}" ] || "${tmux[@]}" kill-server 2>/dev/null || true
	teardown_project
}

# scenario NAME: it must do what it says, and leave nothing.
scenario() {
	capture timeout -k 5 60 python3 "$ROOT/tests/live/probes/term.py" "$1" "$SANDBOX" 3>&-
	exited 0
	no_leftovers
}

@test "the scenarios themselves work with a launcher that only starts the program" {
	need vim less
	cat >plain <<-'SH'
		#!/bin/bash
		shift 3
		exec "$@"
	SH
	chmod +x plain
	for name in ctrl_c ctrl_c_once window_size tty_name shell_ctrl_c shell_loop_ctrl_c shell_loop_status_130 \
		shell_modes_after_death stop_and_continue stop_freezes inner_shell background_reads \
		background_works pager; do
		capture timeout -k 5 60 python3 "$ROOT/tests/live/probes/term.py" "$name" "$PROJECT/plain" 3>&-
		exited 0
	done
}

@test "Ctrl-C ends the program with 130" {
	scenario ctrl_c
}

@test "Ctrl-\\ ends it with 131" {
	scenario ctrl_backslash
}

@test "a program that catches Ctrl-C decides its status" {
	scenario ctrl_c_caught
}

@test "Ctrl-C arrives once" {
	scenario ctrl_c_once
}

@test "typed input and end of file arrive" {
	scenario input_and_eof
}

@test "/dev/tty is the terminal" {
	scenario dev_tty
}

@test "the terminal has a name inside" {
	scenario tty_name
}

@test "a new window size arrives with SIGWINCH" {
	scenario window_size
}

@test "the terminal modes are put back when the program was killed" {
	scenario modes_after_death
}

@test "the terminal modes are put back when the launcher is told to end" {
	scenario modes_after_term
}

@test "hanging up ends everything inside" {
	scenario hangup
}

@test "in an interactive shell: Ctrl-C gives 130" {
	scenario shell_ctrl_c
}

@test "in an interactive shell: Ctrl-C ends the loop around it" {
	scenario shell_loop_ctrl_c
}

@test "in an interactive shell: status 130 alone does not end the loop" {
	scenario shell_loop_status_130
}

@test "Ctrl-Z stops the job, fg resumes it with input and status" {
	scenario stop_and_continue
}

@test "a stopped job does nothing, bg lets it go on" {
	scenario stop_freezes
}

@test "stopping and resuming three times" {
	scenario stop_twice
}

@test "an editor is stopped and resumed with its terminal modes" {
	need vim
	scenario stop_stopped_terminal_program
}

@test "in an interactive shell: a killed full-screen program leaves a usable terminal" {
	scenario shell_modes_after_death
}

@test "pipelines with the launcher at every place do not stop" {
	scenario pipeline
}

@test "a pager after it and a pager inside it" {
	need less
	scenario pager
}

@test "Ctrl-C ends a pipeline of two" {
	scenario pipeline_ctrl_c
}

@test "bash -i inside has job control of its own, and suspend" {
	scenario inner_shell
}

@test "in the background, reading the terminal stops it until fg" {
	scenario background_reads
}

@test "in the background it takes nothing from the foreground" {
	scenario background_works
}

@test "the terminal belongs to the shell again afterwards" {
	scenario foreground_returns
}

@test "SIGKILL of the launcher in the foreground leaves nothing" {
	scenario launcher_killed
}

@test "vim in tmux: type, save, quit" {
	need tmux vim
	tmux=(tmux -S "$HOME/tmux.sock" -f /dev/null)
	remember_host
	"${tmux[@]}" new-session -d -x 80 -y 24 \
		"'$SANDBOX' -p shell -- vim -u NONE -N file; echo \$? >status" 3>&-
	showing() {
		"${tmux[@]}" capture-pane -p | grep -q -- "$1"
	}
	wait_for 10 showing '^~'
	"${tmux[@]}" send-keys 'ityped in tmux' Escape
	wait_for 5 showing 'typed in tmux'
	"${tmux[@]}" resize-window -x 100 -y 30 2>/dev/null || true
	"${tmux[@]}" send-keys ':wq' Enter
	wait_for 10 test -s status
	[ "$(cat status)" = 0 ]
	[ "$(cat file)" = "typed in tmux" ]
	"${tmux[@]}" kill-server 2>/dev/null || true
	rm -f "$HOME/tmux.sock"
	no_leftovers
}
