#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# sandbox-scope by itself, in a login session: the user's systemd makes a delegated scope around one process.

load ../lib/common

setup() {
	setup_project
	unset DBUS_SESSION_BUS_ADDRESS
	XDG_RUNTIME_DIR=/run/user/$(id -u)
	export XDG_RUNTIME_DIR
	helper=$BUILD/helpers/sandbox-scope
	unit=sandbox-test-$$-$BATS_TEST_NUMBER.scope
	sleep 300 3>&- &
	pid=$!
}

teardown() {
	jobs -p | xargs -r kill
	teardown_project
}

# Where a process is, below the mount of cgroup2.
group_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

group_of_unit() {
	systemctl --user show "$1" -P ControlGroup
}

ask() {
	run "$helper" "${1:-$unit}" 'a test' <<<"$pid"
}

# refused WHY: status 1, and this one line.
refused() {
	[ "$status" = 1 ] && [ "${#lines[@]}" = 1 ] && [[ $output == *"$1"* ]]
}

not_moved() {
	[[ $(group_of "$pid") != *"$unit"* ]]
}

@test "the process is in a scope that is delegated, and described" {
	[[ $(group_of "$pid") == */session-*.scope ]]
	ask
	[ "$status" = 0 ]
	[ -z "$output" ]
	[ "$(group_of "$pid")" = "$(group_of_unit "$unit")" ]
	[[ $(group_of "$pid") == */user@*.service/app.slice/"$unit" ]]
	run systemctl --user show "$unit" -p Delegate -p Description -p CollectMode -p ActiveState
	[[ $output == *Delegate=yes* && $output == *'Description=a test'* ]]
	[[ $output == *CollectMode=inactive-or-failed* && $output == *ActiveState=active* ]]
}

@test "the scope can be divided from the session, and goes with its last process" {
	ask
	[ "$status" = 0 ]
	group=/sys/fs/cgroup$(group_of "$pid")
	mkdir "$group/a" "$group/b"
	echo "$pid" >"$group/a/cgroup.procs"
	[[ $(group_of "$pid") == */"$unit"/a ]]
	# The control: what stays in the session cannot go there by itself.
	run sh -c "echo \$\$ >'$group/b/cgroup.procs'"
	[ "$status" != 0 ]
	sleep 1
	[ "$(systemctl --user is-active "$unit")" = active ]
	kill "$pid"
	wait_for 10 test ! -e "$group"
	[ "$(systemctl --user show "$unit" -P LoadState)" = not-found ]
}

@test "limits in the scope's children survive a reload of the manager" {
	ask
	[ "$status" = 0 ]
	group=/sys/fs/cgroup$(group_of "$pid")
	mkdir "$group/a"
	echo "$pid" >"$group/a/cgroup.procs"
	echo '+memory +pids' >"$group/cgroup.subtree_control"
	echo 67108864 >"$group/a/memory.max"
	echo 20 >"$group/a/pids.max"
	systemctl --user daemon-reload
	[ "$(cat "$group/a/memory.max")" = 67108864 ]
	[ "$(cat "$group/a/pids.max")" = 20 ]
}

@test "nothing is asked when the input ends, nor when it was never open" {
	run "$helper" "$unit" 'a test' </dev/null
	[ "$status" = 0 ]
	[ -z "$output" ]
	run sh -c '"$1" "$2" "a test" <&-' sh "$helper" "$unit"
	refused 'standard input'
	[ "$(systemctl --user show "$unit" -P LoadState)" = not-found ]
}

@test "it waits for the process, and ends with whom it waits for" {
	mkfifo input
	"$helper" "$unit" 'a test' <input 3>&- &
	waiting=$!
	exec {writer}>input
	sleep 1
	kill -0 "$waiting"
	exec {writer}>&-
	wait "$waiting"
	not_moved
}

@test "a name that is taken is not taken over" {
	ask
	[ "$status" = 0 ]
	group=$(group_of "$pid")
	sleep 300 3>&- &
	other=$!
	run "$helper" "$unit" 'another one' <<<"$other"
	refused "there is a $unit already"
	[ "$(group_of "$other")" != "$group" ]
}

@test "only names of scopes" {
	for unit in '' .scope a a.service a.scope.service 'a/b.scope' '../a.scope' 'a b.scope' 'a@b.scope' \
		"$(printf 'a%.0s' {1..250}).scope" $'a\n.scope'; do
		ask "$unit"
		[ "$status" = 1 ]
		[[ $output == *'is not the name of a scope' ]]
	done
	unit=sandbox-none.scope
	not_moved
}

@test "only process ids" {
	for text in '' 0 -1 +1 ' 1' 1x 0x10 01 1234567890 99999999999999999999 '1 2'; do
		run "$helper" "$unit" 'a test' <<<"$text"
		refused 'not a process id'
	done
	printf %s "$pid" >input
	run "$helper" "$unit" 'a test' <input
	refused 'not a process id'
	not_moved
}

@test "no process of that id, or one that is not ours" {
	run "$helper" "$unit" 'a test' <<<999999999
	refused 'does not exist'
	run "$helper" "$unit" 'a test' <<<1
	refused 'systemd: '
	run "$helper" "$unit" 'a test' <<<"$(pgrep -o -u root -x systemd-logind)"
	refused 'systemd could not move process'
}

@test "by the session bus where the manager has no socket" {
	mkdir runtime
	export XDG_RUNTIME_DIR=$PWD/runtime
	ask
	refused "no connection to the user's systemd: No such file"
	ln -s "/run/user/$(id -u)/bus" runtime/bus
	ask
	[ "$status" = 0 ]
	[[ $(group_of "$pid") == */app.slice/"$unit" ]]
	XDG_RUNTIME_DIR=/run/user/$(id -u)
}

@test "no variables, no bus" {
	run env -u XDG_RUNTIME_DIR "$helper" "$unit" 'a test' <<<"$pid"
	refused 'neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set'
	run env -u XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus" \
		"$helper" "$unit" 'a test' <<<"$pid"
	[ "$status" = 0 ]
}

@test "a socket of somebody else is no systemd of ours" {
	run env -u XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket \
		"$helper" "$unit" 'a test' <<<"$pid"
	refused 'not permitted'
	not_moved
}

@test "a systemd that does not answer is not waited for" {
	mkdir systemd
	python3 -c 'if True:
		import socket, time
		s = socket.socket(socket.AF_UNIX)
		s.bind("systemd/private")
		s.listen()
		time.sleep(60)' 3>&- &
	wait_for 20 test -S systemd/private
	XDG_RUNTIME_DIR=$PWD run timeout 30 "$helper" "$unit" 'a test' <<<"$pid"
	refused 'no answer'
}
