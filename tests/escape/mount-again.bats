#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Mounting anew what is masked or read-only: a fresh /proc, a bind of the root, the root's tree cloned, a remount for
# writing, a chroot.

load ../lib/common
load attack

setup() {
	attack_setup mount-ways
}

teardown() {
	attack_teardown
}

@test "root of a namespace of his own can" {
	local way

	mkdir mnt
	for way in proc bind fsopen clone-tree chroot pivot; do
		works unshare -Urmpf ./mount-ways "$way" "$PWD/mnt"
	done
	works unshare -Urm sh -c 'mount --bind mnt mnt && mount -o remount,bind,ro mnt && ./mount-ways remount-rw mnt'
	works unshare -Urm sh -c 'mount --bind mnt mnt && mount -o remount,bind,ro mnt && ./mount-ways setattr-rw mnt'
}

@test "inside, nobody can" {
	local way user

	mkdir mnt
	for way in tmpfs proc bind fsopen clone-tree chroot pivot remount-rw setattr-rw; do
		for user in self root; do
			fails "$SANDBOX" -p shell --user "$user" ./mount-ways "$way" "$PWD/mnt"
			fails "$SANDBOX" -p shell --user "$user" ./mount-ways "$way" /
		done
		fails "$SANDBOX" -p untrusted ./mount-ways "$way" /tmp
	done
}
