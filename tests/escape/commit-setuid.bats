#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A program leaves a shell with the set-user-ID bit in its copy of the tree: committed with it, whoever runs it later
# would be the user.

load ../lib/common
load attack
load commit

setup() {
	attack_setup
	printf '#!/bin/sh\nid -u\n' >tool
	chmod 0755 tool
	touch -d 2001-01-01 tool
}

teardown() {
	attack_teardown
}

MADE='cp /bin/true new; chmod 6755 new; chmod u+s tool; mkdir d; cp /bin/true d/deep; chmod 2755 d/deep; ln new d/link; mv d e'

none_left() {
	local found

	found=$(find . -type f -perm /6000)
	[ -z "$found" ] || { echo "set-ID: $found" >&2; return 1; }
}

@test "made for real, the bits are there" {
	"$SANDBOX" -p build --set Seccomp.RestrictSUIDSGID=no sh -c "$MADE"
	[ -u new ] && [ -g new ] && [ -u tool ] && [ -g e/deep ]
}

@test "in the layer they are there too; after commit they are not, and that is said" {
	local identity overlay

	for identity in self root separate; do
		for overlay in auto fuse; do
			changed "$identity" "$MADE" --user "$identity" --set Seccomp.RestrictSUIDSGID=no --set Filesystem.Overlay=$overlay
			as_range_root test -u "$(layer_of "$identity")/new"
			ends 0 "$SANDBOX" changes "$identity" --json
			says '"setid"'
			ends 0 "$SANDBOX" commit "$identity"
			says 'set-user-ID'
			[ -x new ] && [ -x e/deep ] && [ -x e/link ]
			none_left
			[ "$(stat -c %u new)" = "$(id -u)" ]
			ends 0 "$SANDBOX" undo "$identity"
			[ ! -e new ] && [ "$(stat -c %a tool)" = 755 ]
			ends 0 "$SANDBOX" commit "$identity" "$PWD/new"
			none_left
			forget "$identity"
			rm -rf new e
		done
	done
}

@test "nor from a layer into which they were brought by hand, in a directory that is not listed itself" {
	mkdir d
	changed x 'echo x >d/f; echo x >g'
	chmod 4755 "$(layer_of x)/d/f"
	chmod 6777 "$(layer_of x)/g"
	ends 0 "$SANDBOX" commit x
	none_left
	[ -f d/f ] && [ -f g ]
}
