#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The mounts that hide are taken off again: by umount, by the user who is root in a user namespace of his own.

load ../lib/common
load attack

setup() {
	attack_setup mount-ways
}

teardown() {
	attack_teardown
}

@test "who may, can mount over and take off again" {
	works unshare -Urm sh -c 'mkdir over && mount -t tmpfs none over && ./mount-ways umount over'
}

@test "inside, no mount is taken off, and the secret stays hidden" {
	local place profile

	for profile in build shell untrusted; do
		for place in / /proc /dev /sys /tmp /run /home "$HOME" "$PWD"; do
			fails "$SANDBOX" -p "$profile" ./mount-ways umount "$place"
			fails "$SANDBOX" -p "$profile" ./mount-ways tmpfs "$place"
		done
	done
	fails "$SANDBOX" -p shell --user root ./mount-ways umount /home
	fails "$SANDBOX" -p shell --user root ./mount-ways umount /proc
}

@test "nor where user namespaces are allowed inside" {
	run "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no --set 'Seccomp.SystemCallFilter=@mount @process' \
		unshare -Urm sh -c 'for m in $(awk "{ print \$5 }" /proc/self/mountinfo | sort -r); do
			umount -l "$m" 2>/dev/null; done; umount -l /home 2>/dev/null
			id -u; grep -rs s3cret /home "$1"; ls -A "$1"' - "$HOME"
	[[ $output == 0* ]] || { echo "$output" >&2; return 1; }
	[[ $output != *s3cret* && $output != *.secret* ]] || { echo "$output" >&2; return 1; }
}
