#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2026-87766: a missing mount point is created through a link in the sandbox's tree, and so on the host.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "a naive mkdir of the destination lands outside" {
	mkdir "$HOME/t/victim" root
	ln -s "$HOME/t/victim" root/link
	works mkdir -p root/link/made
	[ -d "$HOME/t/victim/made" ]
	rm -r "$HOME/t/victim"
}

@test "nothing is created outside the root" {
	mkdir -p "$HOME/t/victim" src root/usr root/deep
	echo x >file
	ln -s "$HOME/t/victim" root/link
	ln -s ../../victim root/up
	ln -s "$HOME/t/victim" link
	ln -s "$HOME/t/victim/new" root/deep/dangling
	remember_host
	local where

	for where in link/made up/made deep/dangling; do
		run "$SANDBOX" -p build --set "Filesystem.Root=$PWD/root" --bind "$PWD/src:/$where" true
		run "$SANDBOX" -p build --set "Filesystem.Root=$PWD/root" --bind "$PWD/file:/$where:ro" true
	done
	run "$SANDBOX" -p build --bind "$PWD/src:$PWD/link/made" true
	run "$SANDBOX" -p build --bind "$PWD/file:$PWD/link/made" true
	run "$SANDBOX" -p build --tmpfs "$PWD/link/tmp" true
	run "$SANDBOX" -p build --hide "$PWD/link/hidden" true
	[ -z "$(ls -A "$HOME/t/victim")" ] || { ls -lA "$HOME/t/victim" >&2; return 1; }
	no_leftovers
	rm -r "$HOME/t/victim"
}

@test "destinations below the links of the system keep working" {
	mkdir src
	echo there >src/file
	works "$SANDBOX" -p build --bind "$PWD/src:/var/run/probe:ro" cat /run/probe/file
	works "$SANDBOX" -p build --bind "$PWD/src:/mnt:ro" cat /mnt/file
	[ ! -e /run/probe ]
}
