#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The launcher for a user of Debian 12 as it is, in a login session: what is delegated to it is enforced, the rest is
# refused with the command that delegates it, and systemd is asked by a helper that may fail.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../live/live

LIMIT=120 # seconds for one command: the machine may be an emulated one; read by sb
export LIMIT

setup() {
	setup_project
}

teardown() {
	[ -z "${launcher:-}" ] || kill -KILL "$launcher" 2>/dev/null || true
	teardown_project
}

scopes() {
	XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user list-units --no-legend --all 'sandbox*.scope'
}

no_scopes() {
	[ -z "$(scopes)" ]
}

@test "memory, tasks and processor time are limited" {
	sb -p shell --memory 64M -- sh -c 'head -c 200M /dev/zero | tail -c 150M | wc -c'
	exited 137
	[ "$stderr" = 'sandbox: killed by MemoryMax=64M, peak 64M' ] || report 'another line'
	sb -p shell --pids 3 --cpus 0.5 -- sh -c '(sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait) 2>/dev/null; true'
	said 'TasksMax=3 reached'
	wait_for 5 no_scopes || fail "$(scopes)"
}

@test "what is not delegated is refused, and doctor has the command that delegates it" {
	sb -p shell --set Resources.AllowedCPUs=0 -- true
	refused '--set: AllowedCPUs=0' 'controller cpuset is not delegated to you' 'sandbox doctor'
	sb -p shell --io-read 1M -- true
	refused '--io-read' 'controller io is not delegated to you'
	sb doctor
	shows 'cgroup controllers +delegated to you: cpu memory pids; not: cpuset io'
	grep -q 'Delegate=cpu cpuset io memory pids' <<<"$output" || report 'the command is missing'
}

@test "what is optional is done as far as it goes" {
	printf '%s\n' '[Profile]' 'Inherit=shell' 'Optional=AllowedCPUs TasksMax' '[Resources]' 'AllowedCPUs=0' \
		'TasksMax=50' >p.profile
	sb -p ./p.profile --verbose --json -- true
	exited 0
	said 'note: AllowedCPUs: not enforced: the cgroup controller cpuset'
	json '[l["key"] for l in j["limits"]] == ["TasksMax"]' <<<"$(tail -n 1 <<<"$stderr")"
}

@test "a helper that fails ends the run with its reason, unless all limits are optional" {
	mkdir -p "$HOME/other/helpers"
	cp "$SANDBOX" "$HOME/other/sandbox"
	cp -r "$(dirname "$SANDBOX")/profiles/" "$HOME/other/profiles"
	local real=${SANDBOX%/*}/helpers/sandbox-scope SANDBOX=$HOME/other/sandbox
	sb -p shell --memory 64M -- true
	refused '--memory' 'sandbox-scope is not installed'
	printf '%s\n' '#!/bin/sh' 'echo no luck today >&2; exit 1' >"$HOME/other/helpers/sandbox-scope"
	chmod +x "$HOME/other/helpers/sandbox-scope"
	sb -p shell --memory 64M -- true
	refused 'no scope for the limits: no luck today'
	printf '%s\n' '#!/bin/sh' 'exit 0' >"$HOME/other/helpers/sandbox-scope"
	sb -p shell --memory 64M -- true
	refused 'did not put us into it|systemd made'
	printf '%s\n' '#!/bin/sh' 'kill -KILL $$' >"$HOME/other/helpers/sandbox-scope"
	sb -p shell --memory 64M -- true
	refused 'sandbox-scope was killed'
	# The launcher is in its scope by then, which ends with it.
	printf '%s\n' '#!/bin/sh' "'$real' \"\$@\" && echo yes >asked; kill -KILL \$\$" >"$HOME/other/helpers/sandbox-scope"
	sb -p shell --memory 64M -- true
	refused 'sandbox-scope was killed'
	[ "$(cat asked)" = yes ] || report 'the real helper did not get so far'
	wait_for 10 no_scopes || fail "$(scopes)"
	sb -p build --verbose -- echo ran
	exited 0
	printed ran
	said 'note: limits are not enforced: no scope'
	rm -r "$HOME/other"
	no_leftovers
}

@test "in the background: the limits hold for the program and for what exec runs, the log says so, the scope ends" {
	export XDG_RUNTIME_DIR=/run/user/$UID
	sb run -d -n back -p shell --memory 64M -- sh -c 'echo ready; sleep 100'
	exited 0
	printed back
	[[ $(scopes) == *sandbox-back.*.scope*running* ]] || fail "$(scopes)"
	# Its cgroup namespace begins at the sandbox's group, as the program's does.
	sb exec back cat /proc/self/cgroup /proc/2/cgroup
	exited 0
	printed $'0::/\n0::/'
	sb exec back sh -c 'head -c 200M /dev/zero | tail -c 150M | wc -c'
	[ "$status" -eq 137 ] || report 'not killed'
	sb wait back
	printed 137
	sb logs --events back
	shows '^ready$' 'killed by MemoryMax=64M, peak 64M' 'ended 137'
	wait_for 10 no_scopes || fail "$(scopes)"
	sb remove back
	exited 0
	no_leftovers
}

@test "a sandbox with limits is a scope, with its name, that ends with it" {
	"$SANDBOX" -p shell -n mine --memory 64M -- sh -c 'echo ready; sleep 100' >started 2>&1 3>&- &
	launcher=$!
	wait_for 20 grep -q ready started || fail "$(cat started)"
	[[ $(scopes) == *"sandbox-mine.$launcher.scope"*running* ]] || fail "$(scopes)"
	kill -TERM "$launcher"
	wait "$launcher" || true
	launcher=
	wait_for 5 no_scopes || fail "$(scopes)"
}
