# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of sandboxes in the background share. Loaded after ../lib/common, live, cow and running.
#
# STATE is set by cow_setup, RUNNING and launchers by setup.
# shellcheck disable=SC2154

# end_background: whatever still runs is ended, for nobody else would; for teardown().
end_background() {
	local name
	kill_launchers
	for name in $("$SANDBOX" list --names 2>/dev/null); do
		timeout 10 "$SANDBOX" stop --force "$name" 2>/dev/null || true
	done
	remove_tree "$XDG_RUNTIME_DIR"
	cow_teardown
}

# launcher_of NAME, init_of NAME: its process, of one that runs.
launcher_of() {
	awk '$1 == "launcher" { print $2 }' "$RUNNING/$1/state"
}

init_of() {
	awk '$1 == "init" { print $2 }' "$RUNNING/$1/state"
}

# logged NAME STREAM TEXT: a record of that stream has it.
logged() {
	awk -v stream="$2" -v text="$3" '
		/^@[0-9]+ [a-z]+ [0-9]+$/ { at = $2; next }
		at == stream && index($0, text) { found = 1 }
		END { exit !found }' "$STATE/$1/log"
}

# waits PID: that `sandbox wait` has said to the launcher that it does.
waits() {
	readlink "/proc/$1/fd"/* 2>/dev/null | grep -q '^socket:' && grep -q '^State:.S' "/proc/$1/status"
}

nothing_runs() {
	[ -z "$(ls -A "$RUNNING")" ] || fail 'listed:' "$(ls -A "$RUNNING")"
}

nothing_is_left() {
	nothing_runs && nothing_kept
}

remember_files() {
	_host_files >"$HOST_BEFORE/files"
}
