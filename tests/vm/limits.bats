#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each limit of [Resources] with a program that exceeds it and one that does not, on a real systemd. It
# runs twice: in a service that is delegated to its user (the launcher's own cgroup), and in a login
# session (a scope that systemd makes).
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

groups() {
	find /sys/fs/cgroup/user.slice -type d \( -name 'sandbox.[0-9]*' -o -name 'sandbox-*' \) 2>/dev/null
}

no_groups() {
	[ -z "$(groups)" ]
}

# start ARG...: the launcher in the background, until the program wrote `ready`; then $group is its cgroup.
start() {
	rm -f started
	"$SANDBOX" "$@" >started 2>started.err </dev/null 3>&- &
	launcher=$!
	wait_for 60 grep -q ready started || fail "not started:" "$(cat started.err)" || return 1
	group=$(groups | grep "\.$launcher\$" | tail -n 1)
	[ -n "$group" ] || fail "no group of $launcher in: $(groups)"
}

# --- memory

# Holds N MiB at once, without a file.
hold() {
	printf 'head -c %dM /dev/zero | tail -c %dM | wc -c' "$1" "$1"
}

@test "MemoryMax ends a program that wants more, and says so; one that wants less is left alone" {
	sb -p shell --memory 64M -- sh -c "$(hold 150); echo not reached"
	exited 137
	lacks 'not reached'
	said '^sandbox: killed by MemoryMax=64M, peak (6[0-4](\.[0-9])?)M$'
	ok -p shell --memory 400M -- sh -c "$(hold 150)"
	printed 157286400
	silent
}

@test "a limit of memory that is too small to start is named" {
	sb -p shell --memory 100K -- true
	[ "$status" -eq 125 ] || [ "$status" -eq 137 ] || report 'another status'
	said 'MemoryMax=100K'
}

@test "the host stays usable beside a program that eats memory" {
	local i
	sb -p shell --memory 100M --timeout 20s -- sh -c 'while :; do head -c 500M /dev/zero | tail -c 400M; done' &
	for i in 1 2 3; do
		timeout 20 sh -c 'ls / >/dev/null; sleep 0.5' || fail 'the host is not usable'
	done
	wait
}

@test "MemoryMax holds for children, for daemons and for files in memory, and ends all of it" {
	sb -p shell --memory 64M -- sh -c 'sh -c "sh -c \"'"$(hold 150)"'\"" & sleep 100'
	exited 137
	said 'killed by MemoryMax'
	sb -p shell --memory 64M -- sh -c '(setsid sh -c "setsid sh -c \"'"$(hold 150)"'\" &" &); sleep 100'
	exited 137
	said 'killed by MemoryMax'
	sb -p shell --memory 64M -- sh -c 'head -c 150M /dev/zero >/tmp/file; echo not reached'
	exited 137
	lacks 'not reached'
	ok -p shell --memory 400M -- sh -c 'head -c 150M /dev/zero >/tmp/file; echo reached'
	printed reached
	no_leftovers
}

@test "a percentage of the memory is one of the machine's" {
	start -p shell --memory 50% -- sh -c 'echo ready; sleep 100'
	local kib max
	kib=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	max=$(cat "$group/memory.max")
	[ $((max / 1024 - kib / 2)) -lt 8 ] && [ $((kib / 2 - max / 1024)) -lt 8 ] || fail "$max of $kib KiB"
	[ "$(cat "$group/memory.oom.group")" = 1 ] || fail 'memory.oom.group'
}

@test "MemoryHigh slows down, and says so" {
	# A file in the page cache, of which the kernel can take back all.
	sb -p shell --set Resources.MemoryHigh=20M -- sh -c 'head -c 60M /dev/zero >big; sync big; echo written'
	exited 0
	printed written
	said '^sandbox: slowed down by MemoryHigh=20M, peak '
	ok -p shell --set Resources.MemoryHigh=500M -- sh -c 'head -c 60M /dev/zero >big2; echo written'
}

@test "MemorySwapMax is written beside MemoryMax" {
	start -p shell --memory 64M --set Resources.MemorySwapMax=8M -- sh -c 'echo ready; sleep 100'
	[ "$(cat "$group/memory.swap.max")" = 8388608 ] || fail "$(cat "$group/memory.swap.max")"
	[ "$(cat "$group/memory.max")" = 67108864 ] || fail "$(cat "$group/memory.max")"
}

# --- processors

# Processor time in a second of the clock, per cent, of two spinning processes.
share_of() {
	sb -p shell --json "$@" -- sh -c '(while :; do :; done) & (while :; do :; done) & sleep 3; kill -KILL 0'
	python3 -c 'import json, sys
j = json.loads(sys.argv[1].splitlines()[-1])
print(100 * (j["user_us"] + j["system_us"]) // j["wall_us"])' "$stderr"
}

@test "CPUQuota throttles spinning processes, and says so" {
	local some all
	some=$(share_of --cpus 0.2)
	[ "$some" -le 30 ] || fail "20 per cent were allowed, $some used"
	all=$(share_of)
	[ "$all" -ge 50 ] || fail "without a limit $all per cent were used: the other test proves nothing"
	sb -p shell --cpus 0.2 -- sh -c '(while :; do :; done) & sleep 2; kill -KILL $!'
	exited 0
	said '^sandbox: throttled by CPUQuota=20% for [0-9.]+ s$'
	ok -p shell --cpus 100 -- true
}

@test "CPUWeight shares a processor between sandboxes that want it" {
	local few many
	start -p shell --json --set Resources.AllowedCPUs=0 --set Resources.CPUWeight=10 -- \
		sh -c 'echo ready; while :; do :; done'
	sb -p shell --json --set Resources.AllowedCPUs=0 --set Resources.CPUWeight=1000 -- \
		timeout 8 sh -c 'while :; do :; done'
	kill -TERM "$launcher"
	wait "$launcher" || true
	launcher=
	few=$(tail -n 1 started.err | python3 -c 'import json, sys; print(json.load(sys.stdin)["user_us"])')
	many=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["user_us"])' <<<"$stderr")
	[ "$many" -gt $((few * 2)) ] || fail "$many us with weight 1000, $few us with weight 10"
}

@test "AllowedCPUs is what the program gets, and one that is not there is refused" {
	ok -p shell --set Resources.AllowedCPUs=0 -- sh -c 'nproc; taskset -c 0 true && echo 0
		taskset -c 1 true 2>/dev/null && echo 1; true'
	printed $'1\n0'
	start -p shell --set Resources.AllowedCPUs=0 -- sh -c 'echo ready; sleep 100'
	[ "$(cat "$group/cpuset.cpus")" = 0 ] || fail "$(cat "$group/cpuset.cpus")"
	sb -p shell --set Resources.AllowedCPUs=77 -- true
	refused AllowedCPUs=77 "this machine has processors"
}

# --- tasks

@test "TasksMax stops a fork bomb, and the host stays usable" {
	local began=$SECONDS
	sb -p shell --pids 30 --timeout 5s -- bash -c 'bomb() { bomb | bomb & }; bomb; wait; sleep 30' &
	local bomb=$!
	sleep 2
	timeout 20 sh -c 'for i in 1 2 3 4 5; do /bin/true; done; ls / >/dev/null' || fail 'the host is not usable'
	wait "$bomb"
	[ $((SECONDS - began)) -lt $((60 * ${SLOW:-1})) ] || fail 'it took too long'
	sb -p shell --pids 5 -- bash -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done 2>/dev/null; wait; true'
	said '^sandbox: TasksMax=5 reached, [0-9]+ refused$'
	ok -p shell --pids 50 -- bash -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait; echo all'
	printed all
	no_leftovers
}

@test "TasksMax counts daemons and threads" {
	sb -p shell --pids 6 -- bash -c 'for i in 1 2 3 4; do (setsid sleep 300 &); done
		for i in 1 2 3 4; do sleep 5 & done 2>/dev/null; wait; true'
	said 'TasksMax=6 reached'
	sb -p shell --pids 4 -- python3 -c '
import threading, time
try:
    for i in range(8):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError:
    print("no more threads")'
	printed 'no more threads'
	said 'TasksMax=4 reached'
}

# --- disks

# Milliseconds that dd needs, by its own words.
dd_time() {
	sb "$@" || return 1
	exited 0 || return 1
	took=$(sed -nE 's/^.* copied, ([0-9.e-]+) s, .*$/\1/p' <<<"$stderr" | awk '{ print int($1 * 1000) }')
	[ -n "$took" ] || report 'dd does not say how long it took'
}

# held OPTION CMD...: CMD moves 4 MiB, which takes more than 7 seconds at half a megabyte per second, and less without
# the limit.
held() {
	local took option=$1

	shift
	dd_time -p shell "$option" 500K -- "$@"
	[ "$took" -ge 7000 ] || fail "4 MiB at 0.5 MB/s took $took ms: $*"
	dd_time -p shell -- "$@"
	[ "$took" -lt 7000 ] || fail "without a limit it took $took ms: the other proves nothing"
}

@test "IOWriteBandwidthMax and IOReadBandwidthMax hold for direct writes and reads" {
	held --io-write dd if=/dev/zero of=big bs=256K count=16 oflag=direct,sync
	held --io-read dd if=big of=/dev/null bs=256K iflag=direct
}

@test "IOWriteBandwidthMax holds for what goes through the page cache" {
	# Each time another file: who wrote to an inode first pays for its writing back, for a while.
	local took
	dd_time -p shell --io-write 500K -- dd if=/dev/zero of=limited bs=256K count=16 conv=fsync
	[ "$took" -ge 7000 ] || fail "4 MiB at 0.5 MB/s took $took ms"
	dd_time -p shell -- dd if=/dev/zero of=free bs=256K count=16 conv=fsync
	[ "$took" -lt 7000 ] || fail "without a limit it took $took ms: the other proves nothing"
}

@test "the disk is found by any path on it, and what is on none is refused" {
	ok -p shell --set "Resources.IOWriteBandwidthMax=$HOME 1M" -- true
	ok -p shell --set 'Resources.IOWriteBandwidthMax=/dev/vda 1M' -- true
	sb -p shell --set 'Resources.IOWriteBandwidthMax=/proc 1M' -- true
	refused 'IOWriteBandwidthMax=/proc' 'on no disk'
}

@test "IOWeight is set where the kernel has it, else refused" {
	start -p shell --io-read 1G -- sh -c 'echo ready; sleep 100'
	local file=$group/io.weight
	if [ -e "$file" ]; then
		kill -TERM "$launcher"
		wait "$launcher" || true
		start -p shell --set Resources.IOWeight=50 -- sh -c 'echo ready; sleep 100'
		[ "$(cat "$group/io.weight")" = 'default 50' ] || fail "$(cat "$group/io.weight")"
	else
		sb -p shell --set Resources.IOWeight=50 -- true
		refused IOWeight=50 'this kernel has no such limit'
		printf '%s\n' '[Profile]' 'Inherit=shell' 'Optional=IOWeight' '[Resources]' 'IOWeight=50' >p.profile
		sb -p ./p.profile --verbose --json --pids 100 -- true
		exited 0
		said 'note: IOWeight is not enforced: this kernel has no such limit'
		json '[l["key"] for l in j["limits"]] == ["TasksMax"]' <<<"$(tail -n 1 <<<"$stderr")"
	fi
}

# --- all of them

@test "--json has all that was used" {
	sb -p shell --json --memory 200M -- sh -c "$(hold 50) >/dev/null
		dd if=/dev/zero of=big bs=1M count=2 oflag=direct 2>/dev/null; true"
	exited 0
	json 'j["source"] == "cgroup" and j["memory_peak"] > 40 << 20 and j["tasks_peak"] >= 3 and j["io_written"] >= 2 << 20' <<<"$stderr"
	json 'j["wall_us"] > 0 and j["user_us"] >= 0 and j["system_us"] > 0 and j["io_read"] >= 0' <<<"$stderr"
	json '[l["key"] for l in j["limits"]] == ["MemoryMax"] and j["limits"][0]["effect"] is None' <<<"$stderr"
}

@test "stats tells of a running sandbox what its cgroup counts" {
	export XDG_RUNTIME_DIR=/run/user/$UID # as after any login
	start -p shell -n counted --memory 200M --pids 30 -- \
		sh -c 'head -c 40M /dev/zero >/tmp/held; dd if=/dev/zero of=big bs=1M count=2 oflag=direct 2>/dev/null
			sleep 100 & sleep 100 & echo ready; wait'
	sb stats --json counted
	exited 0
	json 'j[0]["name"] == "counted" and j[0]["source"].startswith("cgroup")' <<<"$output"
	json 'j[0]["memory"] > 35 << 20 and j[0]["memory_peak"] >= j[0]["memory"] and j[0]["memory_max"] == 200 << 20' \
		<<<"$output"
	json 'j[0]["tasks"] == 3 and j[0]["io_written"] >= 2 << 20' <<<"$output"
	sb stats --no-stream
	shows '^counted .* cgroup'
}

@test "build has its limits here, and says nothing of them" {
	start -p build -- sh -c 'echo ready; sleep 100'
	[ "$(cat "$group/pids.max")" = 4096 ] && [ "$(cat "$group/memory.max")" != max ] || fail "not there"
	ok -p build -- true
	ok -p build --verbose -- true
	lacks 'not enforced'
}

@test "the limits of a running sandbox outlive a reload of systemd" {
	start -p shell --memory 64M --pids 20 --cpus 0.5 -- sh -c 'echo ready; sleep 100'
	XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user daemon-reload
	sleep 1
	[ "$(cat "$group/memory.max")" = 67108864 ] && [ "$(cat "$group/pids.max")" = 20 ] &&
		[ "$(cat "$group/cpu.max")" = '50000 100000' ] || fail "$(head "$group"/{memory,pids,cpu}.max)"
}

@test "the program is in its group whatever it does, and cannot see or write what limits it" {
	ok -p shell --pids 50 -- sh -c 'cat /proc/self/cgroup; (setsid sh -c "cat /proc/self/cgroup >&2" &) 2>&1 | cat
		test -e /sys/fs/cgroup/cgroup.procs || echo unseen'
	printed $'0::/\n0::/\nunseen'
	# With namespaces of its own it can mount the hierarchy, and finds a group without limits in it.
	sb -p nested --pids 50 -- unshare --user --map-root-user --mount --cgroup sh -c '
		mount -t cgroup2 none /tmp && mkdir -p /tmp/a/b/c && cat /tmp/cgroup.procs >/dev/null && echo mounted'
	printed mounted
	start -p nested --pids 50 -- unshare --user --map-root-user --mount --cgroup sh -c '
		mount -t cgroup2 none /tmp; echo max >/tmp/pids.max; echo ready; sleep 100'
	[ "$(cat "$group/pids.max")" = 50 ] || fail "the limit is $(cat "$group/pids.max")"
	[ -d "$group/program" ] || fail "no group below $group"
	kill -TERM "$launcher"
	wait "$launcher" || true
	launcher=
	wait_for 5 no_groups || fail "left: $(groups)"
}

@test "nothing is left in the tree after many starts" {
	local i
	for i in $(seq "${STARTS:-40}"); do
		"$SANDBOX" -p shell --memory 1G -- true || fail "start $i"
	done
	wait_for 5 no_groups || fail "left: $(groups)"
	no_leftovers
}

@test "nothing is left when the launcher is killed, at whatever moment" {
	local i
	for i in 0 0.02 0.05 0.1 0.15 0.2 0.3 0.5 1; do
		"$SANDBOX" -p shell --memory 1G -- sleep 100 2>/dev/null 3>&- &
		launcher=$!
		sleep "$i"
		kill -KILL "$launcher" 2>/dev/null || true
		wait "$launcher" || true
	done
	wait_for 10 no_groups || fail "left: $(groups)"
	no_leftovers
}
