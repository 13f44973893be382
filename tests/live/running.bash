# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of sandboxes that run share. Loaded after ../lib/common, live and cow.
#
# The variables are for the tests; launcher is set by start, RUNNING is the registry.
# shellcheck disable=SC2034,SC2154

setup() {
	export XDG_RUNTIME_DIR=$HOME/run
	RUNNING=$XDG_RUNTIME_DIR/sandbox
	(umask 077 && mkdir -p "$RUNNING")
	launchers=()
	cow_setup
}

teardown() {
	local pid
	for pid in "${launchers[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	remove_tree "$XDG_RUNTIME_DIR"
	cow_teardown
}

# begin ARG...: a sandbox that runs until it is stopped, or the test ends; its program says `ready`.
begin() {
	start "$@"
	launchers+=("$launcher")
}
