#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Descriptors that come in lead around mounts; the walls of Landlock stand behind them.

load ../lib/common
load attack

setup() {
	attack_setup stdin-reopen
}

teardown() {
	attack_teardown
}

@test "without Landlock, a file given for reading is reopened for writing" {
	works "$SANDBOX" -p build --set Filesystem.Landlock=no ./stdin-reopen write <"$HOME/.secret"
}

@test "with it, it is not" {
	fails "$SANDBOX" -p build --set Filesystem.Landlock=required ./stdin-reopen write <"$HOME/.secret"
}
