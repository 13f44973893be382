#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What of [Resources] needs no controllers: the time limit, what is said at the end, refusals with their
# reasons, and the group itself where this host has a hierarchy of version 2. The limits are in tests/vm.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	[ -z "${launcher:-}" ] || kill -KILL "$launcher" 2>/dev/null || true
	teardown_project
}

# said REGEX: a line of standard error.
# --- the time limit

@test "a program is ended when its time is up, and told so first" {
	sb -p shell --timeout 200ms -- sleep 30
	exited 143
	said '^sandbox: RuntimeMaxSec=200ms reached$'
	sb -p shell --timeout 2s -- sh -c 'trap "echo told; exit 3" TERM; sleep 30 & wait'
	exited 3
	printed told
	said 'RuntimeMaxSec=2s reached'
	no_leftovers
}

@test "a program that does not end when it is told to is killed, and all that it started" {
	sb -p shell --set Resources.RuntimeMaxSec=200ms -- \
		sh -c 'trap "" TERM; (trap "" TERM; sleep 60) & setsid sleep 60 & sleep 30 & wait; sleep 30'
	exited 137
	said 'RuntimeMaxSec=200ms reached'
	no_leftovers
}

@test "a stopped program is ended when its time is up" {
	sb -p shell --timeout 300ms -- sh -c 'kill -STOP $$; sleep 30'
	exited 143
	no_leftovers
}

@test "a program that ends in time is left alone, and nothing is said" {
	ok -p shell --timeout 1min -- echo ran
	printed ran
	ok -p shell --timeout infinity -- echo ran
	ok -p shell --timeout 100ms --set Resources.RuntimeMaxSec= -- sh -c 'sleep 0.3; echo ran'
	printed ran
	sb -p shell --quiet --timeout 200ms -- sleep 30
	exited 143
	silent
}

@test "what is no time is refused" {
	local time
	for time in 0 -1 soon 1x; do
		sb -p shell "--timeout=$time" -- true
		refused timeout 'time'
	done
	sb -p shell --timeout -- true
	exited 125
}

# --- what is said at the end

@test "--stats says what was used, and the status stays the program's" {
	sb -p shell --stats -- sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; exit 5'
	exited 5
	said '^sandbox: wall [0-9.]+ s, user [0-9.]+ s, system [0-9.]+ s$'
	said '^sandbox: memory peak [0-9.]+M'
	[ "$(wc -l <<<"$stderr")" -eq 2 ] || report "two lines were expected"
	sb -p shell --stats --quiet -- kill -KILL 0
	said '^sandbox: wall'
}

@test "--json says it as an object on one line" {
	local time=$((3000 * ${SLOW:-1}))ms
	sb -p shell --json --timeout "$time" -- sh -c 'head -c 40M /dev/zero | tail -c 30M >/dev/null; sleep 30'
	exited 143
	[ "$(wc -l <<<"$stderr")" -eq 1 ] || report "one line was expected"
	json 'j["exit"] == 143 and j["source"] in ("cgroup", "getrusage") and j["kept"] is None' <<<"$stderr"
	json 'j["wall_us"] >= 3000000 and j["user_us"] + j["system_us"] > 0 and j["memory_peak"] > 25 << 20' <<<"$stderr"
	json 'j["limits"] == [{"key": "RuntimeMaxSec", "value": "'"$time"'", "effect": "RuntimeMaxSec='"$time"' reached"}]' \
		<<<"$stderr"
	sb --json -- sh -c 'echo x >new'
	exited 0
	json 'j["changes"] == 1 and j["kept"]' <<<"$stderr"
	"$SANDBOX" remove "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["kept"])' <<<"$stderr")"
	no_leftovers
}

# --- hosts that cannot

# On a host whose /sys/fs/cgroup is what the shell text $1 makes of it.
on_host() {
	local setup=$1
	shift
	capture timeout 30 bash -c '. "$1"; shift; hostlike "$@"' on_host "$ROOT/tests/live/live.bash" "$setup" \
		"$SANDBOX" "$@"
}

V1='mount -t tmpfs none /sys/fs/cgroup'
ABSENT='mount --rbind /proc /sys/fs/cgroup'

@test "a limit that nothing enforces is refused: which, why, and what to do" {
	on_host "$V1" -p shell --memory 64M -- true
	refused '--memory' 'MemoryMax=64M' 'version 1 only' 'as root: boot with'
	on_host "$V1" -p shell --set Resources.AllowedCPUs=0 -- true
	refused '--set' 'AllowedCPUs=0'
	on_host "$ABSENT" -p shell --pids 5 -- true
	refused '--pids' 'TasksMax=5' 'no cgroup2 file system' 'mount -t cgroup2'
	printf '%s\n' '[Profile]' 'Inherit=shell' '[Resources]' 'CPUWeight=5' >p.profile
	on_host "$ABSENT" -p ./p.profile -- true
	mistaken ./p.profile:4 'CPUWeight=5'
}

@test "a limit that is optional is left out with one quiet line; that of an option is not optional" {
	on_host "$V1" -p build -- echo ran
	exited 0
	printed ran
	silent
	on_host "$V1" -p build --verbose -- echo ran
	exited 0
	[ "$(grep -c 'not enforced' <<<"$stderr")" -eq 1 ] || report "one note was expected"
	said 'note: MemoryMax, TasksMax: not enforced: .*version 1'
	on_host "$V1" -p build --memory 1G -- echo ran
	refused '--memory' 'MemoryMax=1G'
}

@test "a time limit needs none of it" {
	on_host "$ABSENT" -p shell --timeout 200ms -- sleep 30
	exited 143
	said 'RuntimeMaxSec=200ms reached'
}

@test "doctor names what such a host lacks" {
	on_host "$V1" doctor
	shows 'cgroup hierarchy +v1; limits need v2'
	on_host "$ABSENT" doctor
	shows 'cgroup hierarchy +not mounted'
}

@test "doctor, a refusal and sandbox-delegate have one remedy for version 1, by whether systemd runs" {
	local none='mount -t tmpfs none /run' cure='boot with cgroup_no_v1=all, and mount cgroup2 on /sys/fs/cgroup; OpenRC: rc_'
	on_host "$V1; $none" doctor
	shows "as root: $cure" ' Refused: limits of resources \(--memory, --cpus, --pids, --io-'
	lacks 'sandbox-delegate|unified_cgroup_hierarchy|Everything needed'
	on_host "$V1; $none" -p shell --memory 64M -- true
	refused "as root: $cure"
	on_host "$V1; $none; mkdir -p /run/systemd/system" doctor
	shows 'systemd.unified_cgroup_hierarchy=1'
	lacks 'sandbox-delegate|cgroup_no_v1'
	on_host "$V1; $none; mkdir -p /run/systemd/system" -p shell --memory 64M -- true
	refused 'as root: boot with systemd.unified_cgroup_hierarchy=1'
	echo '33 32 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu' >mountinfo
	capture unshare --user --map-root-user --mount bash -euc "$none"'
		mount -t tmpfs none /proc; mkdir /proc/self; cp mountinfo /proc/self; exec "$@"' sh \
		bash "$ROOT/helpers/sandbox-delegate" "$(id -un)"
	exited 1
	said "^sandbox-delegate: cgroup version 1 has controllers here \\($cure"
}

@test "doctor: sandbox-delegate is the remedy only where it works: cgroup2 without systemd" {
	local v2=/sys/fs/cgroup closed
	[ -e "$v2/cgroup.controllers" ] || v2=/sys/fs/cgroup/unified
	[ -e "$v2/cgroup.controllers" ] || skip_or_fail 'cgroup2: it is not mounted'
	closed="mount --rbind $v2 /sys/fs/cgroup; mount -o remount,bind,ro /sys/fs/cgroup; mount -t tmpfs none /run"
	on_host "$closed" doctor
	shows 'cgroup hierarchy +v2$' 'not yours to divide' "as root: /.*/sandbox-delegate $(id -un) [1-9][0-9]*\$" \
		'Refused: limits of resources'
	on_host "$closed; mkdir -p /run/systemd/system" doctor
	shows 'not yours to divide' "as root: loginctl enable-linger $(id -un)\$"
	lacks 'sandbox-delegate'
}

# --- bad values

@test "values that are none are refused with what is expected" {
	local line
	while read -r line; do
		# Several words.
		# shellcheck disable=SC2086
		sb -p shell $line -- true
		refused "${line%% *}" || return 1
	done <<-'LIST'
		--memory lots
		--memory -1
		--memory 101%
		--cpus 0
		--cpus many
		--pids 0
		--pids -5
		--io-read fast
		--io-write 0
		--set Resources.AllowedCPUs=1-
		--set Resources.AllowedCPUs=3-1
		--set Resources.AllowedCPUs=9999
		--set Resources.CPUWeight=0
		--set Resources.CPUWeight=10001
		--set Resources.IOWeight=x
	LIST
	sb -p shell --set 'Resources.IOReadBandwidthMax=/' -- true
	refused IOReadBandwidthMax 'a path and a rate'
	sb -p shell --set 'Resources.IOReadBandwidthMax=/nowhere 1M' -- true
	refused IOReadBandwidthMax
}

@test "a program that stops at the very moment does not escape" {
	local i
	for i in 190 195 198 199 200 201 202 205; do
		sb -p shell --timeout 200ms -- sh -c '(sleep 60) & sleep 0.'"$i"'; kill -STOP $$; sleep 60'
		[ "$status" -eq 143 ] || [ "$status" -eq 137 ] || report "stopped after $i ms"
	done
	no_leftovers
}

@test "a launcher that is stopped from outside goes on when the time is up" {
	"$SANDBOX" -p shell --timeout 2s -- sleep 60 2>/dev/null 3>&- &
	launcher=$!
	# Before its clock runs nobody would continue it.
	wait_for 10 grep -q . "/proc/$launcher/timers"
	kill -STOP "$launcher"
	wait_for 10 gone || fail 'it is still there'
	launcher=
	no_leftovers
}

gone() {
	[ ! -e "/proc/$launcher" ] || grep -q '^State:.Z' "/proc/$launcher/status"
}

@test "PID 1 keeps its descriptors whatever the program does" {
	need prlimit
	sb -p shell -- sh -c 'prlimit --pid 1 --nofile=0:0; prlimit --nofile=50:60 true && echo own'
	exited 0
	printed own
	grep -q 'not permitted' <<<"$stderr" || report 'it was not refused'
}

# --- the group, on the host's own hierarchy

# grouped ARG...: as sb; the process id of the launcher is in `pids`, for the groups of other test files are there too.
grouped() {
	capture timeout -k 5 30 sh -c 'echo $$ >>pids; exec "$0" "$@"' "$SANDBOX" "$@"
}

no_group_left() {
	local pid
	while read -r pid; do
		[ -z "$(find "$groups" -mindepth 1 -name "sandbox*.$pid")" ] || return 1
	done <pids
}

@test "a run with a group leaves none behind, however it ends" {
	local groups=${SANDBOX_TEST_CGROUP:-}
	[ -n "$groups" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	grouped -p shell --stats -- sh -c 'exit 4'
	exited 4
	! grep -q getrusage <<<"$stderr" || report "there was no group"
	grouped -p shell --stats -- no-such-program
	exited 127
	grouped -p shell --stats -- sh -c 'kill -KILL $$'
	exited 137
	local user
	for user in root separate; do
		grouped -p shell --stats --user "$user" -- true
		exited 0
	done
	# fuse-overlayfs is in the group too.
	echo old >file
	grouped -p untrusted --stats -- sh -c 'echo new >file; cat file'
	exited 0
	printed new
	! grep -q getrusage <<<"$stderr" || report "there was no group"
	"$SANDBOX" remove "$("$SANDBOX" list --names)"
	wait_for 3 no_group_left || report "left: $(find "$groups")"
	no_leftovers
}

@test "a launcher that is killed leaves no group behind" {
	local groups=${SANDBOX_TEST_CGROUP:-} i
	[ -n "$groups" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	for i in 0 0.001 0.002 0.003 0.005 0.01 0.3; do
		"$SANDBOX" -p shell --stats -- sleep 300 2>/dev/null 3>&- &
		launcher=$!
		echo "$launcher" >>pids
		sleep "$i"
		kill -KILL "$launcher"
		wait "$launcher" || true
	done
	no_leftovers
	wait_for 3 no_group_left || report "left: $(find "$groups")"
}

@test "what a killed launcher could not remove the next one does" {
	[ -n "${SANDBOX_TEST_CGROUP:-}" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	# One whose launcher is gone, as fuse-overlayfs leaves it when it ends last.
	sh -c 'exit' &
	wait $!
	mkdir "$SANDBOX_TEST_CGROUP/sandbox.$!"
	sleep 4
	sb -p shell --stats -- true
	[ ! -e "$SANDBOX_TEST_CGROUP/sandbox.$!" ] || fail 'it is still there'
}

@test "a program that may write to the hierarchy gets no limits that it could leave" {
	local groups=${SANDBOX_TEST_CGROUP:-}
	[ -n "$groups" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	sb -p shell --stats --rw "${groups%/*}" --verbose -- true
	exited 0
	said 'note: limits are not enforced: .* is writable'
	said getrusage
}

@test "the program is in the group and sees itself at the root of the hierarchy; PID 1 is not in it" {
	[ -n "${SANDBOX_TEST_CGROUP:-}" ] || skip_or_fail 'cgroup: the runner was not root, and could not give us a cgroup'
	sb -p shell --stats -- sh -c 'grep ^0:: /proc/self/cgroup; sh -c "(grep ^0:: /proc/self/cgroup) &" | cat; grep ^0:: /proc/1/cgroup'
	exited 0
	[ "${lines[0]}" = 0::/ ] && [ "${lines[1]}" = 0::/ ] && [ "${lines[2]}" != 0::/ ] || report "another group"
}
