#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A newuidmap or newgidmap of the attacker's, first in the caller's PATH (which may hold '.').

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

plant() {
	local name

	mkdir bin
	for name in newuidmap newgidmap fuse-overlayfs mount ip sh; do
		printf '#!/bin/bash\n: >"%s/%s.ran"\nexit 1\n' "$PWD" "$name" >"bin/$name"
		chmod 0755 "bin/$name"
	done
}

@test "a tool that searches the PATH runs it" {
	plant
	PATH=$PWD/bin:$PATH run unshare --map-root-user --map-auto true
	[ -e newuidmap.ran ] || [ -e newgidmap.ran ]
}

@test "we do not" {
	local user

	plant
	for user in root separate; do
		PATH=$PWD/bin:$PATH works "$SANDBOX" -p default --user "$user" /bin/true
		(cd bin && PATH=.:$PATH works "$SANDBOX" -p default --user "$user" /bin/true)
	done
	[ -z "$(find . -name '*.ran')" ]
}
