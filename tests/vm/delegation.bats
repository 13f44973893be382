#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the machine is that the tests in here are about: Debian 12 as a user finds it after a login.

load ../lib/common

MANAGER=/sys/fs/cgroup/user.slice/user-$UID.slice/user@$UID.service
DROP_IN=/etc/systemd/system/user@.service.d/delegate.conf

setup() {
	export XDG_RUNTIME_DIR=/run/user/$UID
}

# own_cgroup [CMD...]: the directory of the cgroup in which CMD, or this shell, runs.
own_cgroup() {
	echo "/sys/fs/cgroup$("$@" sed -n 's/^0:://p' /proc/self/cgroup)"
}

scope() {
	systemd-run --user --scope --quiet --collect -p Delegate=yes "$@"
}

@test "the kernel is Debian's 6.1, AppArmor and systemd run" {
	[[ $(uname -r) =~ ^6\.1\..*-amd64$ ]]
	[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
	systemctl is-active apparmor.service dbus.service systemd-logind.service
	[ "$(systemctl is-system-running)" = running ]
}

@test "cgroup v2 is all there is" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	[ "$(wc -l </proc/self/cgroup)" = 1 ]
}

@test "a login is a session of logind, and its cgroup is root's" {
	local cgroup session

	cgroup=$(own_cgroup)
	[[ $cgroup =~ /user-$UID\.slice/session-([0-9]+)\.scope$ ]]
	session=${BASH_REMATCH[1]}
	[ "$(loginctl show-session "$session" -P User -P Remote | xargs)" = "$UID yes" ]
	[ "$(stat -c %U "$cgroup")" = root ]
	run ! mkdir "$cgroup/child"
	run ! sh -c "echo \$\$ >'$cgroup/cgroup.procs'"
}

@test "a scope that the manager of the user delegates can be divided" {
	local cgroup

	cgroup=$(own_cgroup scope)
	[[ $cgroup == "$MANAGER"/app.slice/run-*.scope ]]
	scope sh -ec '
		cgroup=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
		mkdir "$cgroup/leaf"
		echo $$ >"$cgroup/leaf/cgroup.procs"
		echo +memory +pids >"$cgroup/cgroup.subtree_control"
		mkdir "$cgroup/child"
		echo 1M >"$cgroup/child/memory.max"'
}

@test "the manager of the user has the controllers that it should have" {
	local controllers

	controllers=$(tr ' ' '\n' <"$MANAGER/cgroup.controllers" | LC_ALL=C sort | xargs)
	if [ -e "$DROP_IN" ]; then
		[ "$controllers" = 'cpu cpuset io memory pids' ]
	else
		[ "$controllers" = 'cpu memory pids' ]
	fi
}

@test "limits hold: memory, processes" {
	run scope -p MemoryMax=32M -p MemorySwapMax=0 tail /dev/zero
	[ "$status" = 137 ]
	scope sh -c 'head -c 64M /dev/zero | tail -c 60M | wc -c' # the same without the limit
	run ! scope -p TasksMax=3 sh -ec 'sleep 0 & sleep 0 & sleep 0 & sleep 0 & wait'
}
