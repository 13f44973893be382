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
	kill_launchers
	remove_tree "$XDG_RUNTIME_DIR"
	cow_teardown
}

# kill_launchers: those of ours that are there; the number of one that was waited for may be another test file's by now.
kill_launchers() {
	local pid above
	for pid in "${launchers[@]}"; do
		above=$pid
		while [ "${above:-0}" -gt 1 ] && [ "$above" != "${SANDBOX_REAPER:-$above}" ]; do
			above=$(awk '/^PPid:/ { print $2 }' "/proc/$above/status" 2>/dev/null) || true
		done
		[ "${above:-0}" -le 1 ] || kill -KILL "$pid" 2>/dev/null || true
	done
}

# begin ARG...: a sandbox that runs until it is stopped, or the test ends; its program says `ready`.
begin() {
	start "$@"
	launchers+=("$launcher")
}
