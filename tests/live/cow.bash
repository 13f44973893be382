# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the live tests of copy-on-write share. Loaded after ../lib/common and live.
#
# The variables are for the tests.
# shellcheck disable=SC2034

BACKENDS=(kernel fuse)

# cow_setup: the project, and the directory of sandboxes, so that it is no leftover of the first run.
cow_setup() {
	unset XDG_STATE_HOME
	STATE=$HOME/.local/state/sandbox
	(umask 077 && mkdir -p "$STATE")
	setup_project
	need fuse-overlayfs
}

cow_teardown() {
	remove_tree "$HOME/.local"
	teardown_project
}

# forget: all sandboxes are removed.
forget() {
	local path
	for path in "$STATE"/*; do
		[ ! -e "$path" ] || remove_tree "$path"
	done
}

# cow BACKEND [ARG...]: sb, with that overlay.
cow() {
	sb --set "Filesystem.Overlay=$1" "${@:2}"
}

# nothing_kept: no sandbox is there.
nothing_kept() {
	[ -z "$(ls -A "$STATE")" ] || fail "kept:" "$(ls -A "$STATE")"
}

# snapshot DIR...: all that stat(2) tells of a tree but for times of access, and its content.
snapshot() {
	local dir
	for dir in "$@"; do
		find "$dir" -printf '%y %m %U:%G %n %s %T@ %C@ %i %p %l\n' | LC_ALL=C sort
		find "$dir" -type f -readable -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
	done
}

# start ARG...: the launcher itself as $launcher in the background, until the program wrote `ready`.
# A shell ignores INT and QUIT in what it starts in the background.
start() {
	rm -f "$BATS_TEST_TMPDIR/started"
	env --default-signal=INT,QUIT "$SANDBOX" "$@" >"$BATS_TEST_TMPDIR/started" \
		2>"$BATS_TEST_TMPDIR/started.err" </dev/null 3>&- &
	launcher=$!
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/started" ||
		fail "not started:" "$(cat "$BATS_TEST_TMPDIR/started.err")"
}

# A child that has ended is a zombie until it is waited for.
ended_now() {
	[ ! -e "/proc/$launcher" ] || grep -q '^State:.Z' "/proc/$launcher/status"
}

# ended: waits for the launcher, at most $LIMIT seconds (10 if unset); sets $status and $stderr.
ended() {
	status=0
	wait_for "${LIMIT:-10}" ended_now || fail "still running" || return 1
	wait "$launcher" || status=$?
	launcher=
	output=$(cat "$BATS_TEST_TMPDIR/started")
	stderr=$(cat "$BATS_TEST_TMPDIR/started.err")
}

# servers: process ids of the launcher's fuse-overlayfs.
servers() {
	pgrep -P "$launcher" -x fuse-overlayfs
}
