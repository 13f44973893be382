#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# sandbox-delegate, without root: in a user namespace with the whole range of subordinate ids, and below a delegated
# scope instead of the root of the tree. There root is the user, and daemon (user id 1) is the one that is given groups.

load ../lib/common

setup() {
	setup_project
	unset DBUS_SESSION_BUS_ADDRESS
	XDG_RUNTIME_DIR=/run/user/$(id -u)
	export XDG_RUNTIME_DIR
	script=$ROOT/helpers/sandbox-delegate
	# The test itself goes into the scope, since only there it may move processes.
	self=$BASHPID
	"$BUILD/helpers/sandbox-scope" "sandbox-delegate-$self.scope" 'a test' <<<"$self"
	below=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$self/cgroup")
	mkdir "$below/leaf"
	echo "$self" >"$below/leaf/cgroup.procs"
}

teardown() {
	teardown_project
}

# inside SCRIPT: as root of the range; $1 is the script, $2 the group.
inside() {
	run as_range_root sh -c "$1" sh "$script" "$below"
}

@test "unknown users, no user, no group, nobody but root" {
	inside '"$1" --below "$2" nobody-of-that-name'
	[ "$status" = 1 ]
	[ "$output" = 'sandbox-delegate: nobody-of-that-name: there is no such user' ]
	inside '"$1" --below "$2"'
	[ "$status" = 2 ]
	inside '"$1" --below /tmp daemon'
	[ "$status" = 1 ]
	[ "$output" = 'sandbox-delegate: /tmp: not a group of cgroup2' ]
	run "$script" --below "$below" daemon
	[ "$status" = 1 ]
	[[ $output == *'only root'* ]]
	[ ! -e "$below/sandbox" ]
}

@test "a host with systemd is refused, and told how it is done there" {
	inside '"$1" daemon'
	[ "$status" = 1 ]
	[[ $output == *systemd* && $output == *'Delegate=cpu cpuset io memory pids'* ]]
}

@test "the user gets the group, its files and the leaf, but not the limits of the group" {
	inside '"$1" --below "$2" daemon && cd "$2/sandbox/daemon" && stat -c "%u %n" . cgroup.procs cgroup.subtree_control \
		cgroup.threads sandbox.callers sandbox.callers/cgroup.procs sandbox.callers/cgroup.threads .. memory.max pids.max \
		sandbox.callers/memory.max | sort && getfattr --only-values -n user.delegate .'
	[ "$status" = 0 ]
	grep -v '^sandbox-delegate: .*: not available: ' <<<"$output" >seen
	diff - seen <<-END
		0 ..
		0 memory.max
		0 pids.max
		0 sandbox.callers/memory.max
		1 .
		1 cgroup.procs
		1 cgroup.subtree_control
		1 cgroup.threads
		1 sandbox.callers
		1 sandbox.callers/cgroup.procs
		1 sandbox.callers/cgroup.threads
		1
	END
	for controller in cpu memory pids; do
		grep -w "$controller" "$below/sandbox/daemon/cgroup.controllers"
	done
}

@test "a process that is moved can limit what it starts, and the control cannot" {
	inside '
		work="mkdir $2/sandbox/daemon/a && echo +pids >$2/sandbox/daemon/cgroup.subtree_control &&
			echo 9 >$2/sandbox/daemon/a/pids.max && { sleep 30 & } &&
			echo \$! >$2/sandbox/daemon/a/cgroup.procs && cat /proc/\$!/cgroup; echo status \$?; kill \$!"
		be="setpriv --reuid 1 --regid 1 --clear-groups"
		"$1" --below "$2" daemon
		$be sh -c "$work" 2>&1 | sed "s/^/outside: /"
		rmdir "$2/sandbox/daemon/a"
		mkfifo -m 666 go
		$be sh -c "read line; $work" <>go &
		while [ "$(stat -c %u "/proc/$!")" != 1 ]; do sleep 0.1; done
		"$1" --below "$2" daemon "$!" && echo moved
		echo >go
		wait'
	echo "$output"
	[[ $output == *'outside: status '[1-9]* ]]
	[[ $output == *moved*/sandbox/daemon/a*'status 0'* ]]
}

@test "only processes of the user, and only process ids" {
	inside '"$1" --below "$2" daemon $$'
	[ "$status" = 1 ]
	[[ $output == *'it is not one of daemon'* ]]
	for id in 0 -1 1x '' 999999999; do
		inside "\"\$1\" --below \"\$2\" daemon '$id'"
		[ "$status" = 1 ]
		[[ $output == *'not a process id'* || $output == *'there is none'* ]]
	done
}

@test "at a login the parent is moved, and nothing at its end" {
	inside 'PAM_USER=daemon PAM_TYPE=close_session "$1" --below "$2" && ls "$2"'
	[ "$status" = 0 ]
	[[ $output != *sandbox* ]]
	inside 'PAM_USER=daemon PAM_TYPE=open_session "$1" --below "$2" && cat /proc/$$/cgroup'
	[ "$status" = 0 ]
	[[ $output == */sandbox/daemon/sandbox.callers ]]
}

@test "removed when nothing runs in it, and not before; twice is no harm" {
	inside '
		"$1" --below "$2" daemon && "$1" --below "$2" daemon
		mkdir -p "$2/sandbox/daemon/a/b"
		setpriv --reuid 1 --regid 1 --clear-groups sleep 60 &
		while [ "$(stat -c %u "/proc/$!")" != 1 ]; do sleep 0.1; done
		"$1" --below "$2" daemon "$!" && "$1" --below "$2" --remove daemon; echo "status $?"
		kill "$!"; wait
		"$1" --below "$2" --remove daemon; echo "status $?"
		"$1" --below "$2" --remove daemon; echo "status $?"'
	echo "$output"
	[[ $output == *'there are processes in it'*'status 1'*'status 0'*'there is none'*'status 1' ]]
	[ ! -e "$below/sandbox" ]
}
