# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A cgroup for the user of the tests, as systemd delegates one: sourced by scripts that run as root. Where there is a
# systemd it is asked by who needs one. Nothing of the machine's own is changed.
#
#   cgroup_give USER       sets SANDBOX_TEST_CGROUP; empty where there is no cgroup2 or no right to divide it
#   cgroup_exec CMD...     becomes CMD in it
#   cgroup_take            removes it

SANDBOX_TEST_CGROUP=

cgroup_give() {
	local base=/sys/fs/cgroup file

	[ ! -d /run/systemd/system ] || return 0
	[ "$(stat -f -c %T "$base" 2>/dev/null)" = cgroup2fs ] || base+=/unified
	[ "$(stat -f -c %T "$base" 2>/dev/null)" = cgroup2fs ] || return 0
	mkdir "$base/sandbox-tests.$$" 2>/dev/null || return 0
	SANDBOX_TEST_CGROUP=$base/sandbox-tests.$$
	for file in '' /cgroup.procs /cgroup.subtree_control /cgroup.threads; do
		chown "$1" "$SANDBOX_TEST_CGROUP$file"
	done
}

cgroup_exec() {
	[ -z "$SANDBOX_TEST_CGROUP" ] || echo "$BASHPID" >"$SANDBOX_TEST_CGROUP/cgroup.procs"
	exec "$@"
}

cgroup_take() {
	[ -z "$SANDBOX_TEST_CGROUP" ] || find "$SANDBOX_TEST_CGROUP" -depth -type d -exec rmdir {} \; 2>/dev/null
}
