#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2022-30594 and kin: what the filter does not know. Each number from 0 to 1023 is tried: what is reached must be
# on the list of what profile build means to allow, and an unknown number is answered with ENOSYS or the profile's
# errno.

load ../lib/common
load attack

setup() {
	attack_setup all-calls
}

teardown() {
	attack_teardown
}

# Reached calls, by number, under a profile.
reached() {
	"$SANDBOX" -p "$1" --set Seccomp.SystemCallErrorNumber=EUCLEAN ./all-calls 0 560 |
		awk '$2 == "reached" { print $1 }'
}

number() {
	printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | cc -E -P - | tail -n 1
}

@test "outside, the dangerous calls are reached" {
	./all-calls 0 1023 | awk '$2 == "reached" { print $1 }' >outside
	[ "$(wc -l <outside)" -gt 300 ]
	grep -qx "$(number mount)" outside
	grep -qx "$(number bpf)" outside
}

@test "inside, no dangerous call is reached" {
	local profile name

	for profile in build shell untrusted; do
		reached "$profile" >"$HOME/reached"
		[ "$(wc -l <"$HOME/reached")" -gt 100 ]
		for name in mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree move_mount \
			mount_setattr bpf userfaultfd kexec_load kexec_file_load reboot \
			init_module finit_module delete_module io_uring_setup io_uring_enter io_uring_register add_key \
			request_key keyctl open_by_handle_at swapon swapoff acct quotactl syslog settimeofday \
			clock_settime sethostname setdomainname clone3 fanotify_init; do
			! grep -qx "$(number "$name")" "$HOME/reached" || { echo "$profile: $name is reached" >&2; return 1; }
		done
	done
	rm "$HOME/reached"
}

@test "inside, a number that no kernel knows gives ENOSYS, or the profile's errno" {
	"$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN ./all-calls 0 1023 >all
	[ "$(wc -l <all)" = 1024 ]
	[ "$(awk '$2 == "reached" && $1 > 480' all)" = "" ]
	grep -qx '1023 enosys' all
}
