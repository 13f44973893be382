#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A setuid program made in a copy is a file of the host all the same, in the layer: owned by the caller, or by a
# subordinate id. Nobody else can come to it, and nothing runs with its rights.

load ../lib/common
load attack
load cow

setup() {
	attack_setup suid-modes
	STATE=$HOME/.local/state/sandbox
}

teardown() {
	attack_teardown
}

make='cp "$(command -v id)" evil && chmod 6755 evil && test -u evil'

@test "outside, and in a copy where the profile lets it, the bits can be set" {
	local overlay

	works sh -c "$make"
	rm evil
	for overlay in "${OVERLAYS[@]}"; do
		works copied "$overlay" --keep=no --set Seccomp.RestrictSUIDSGID=no sh -c "$make"
	done
}

@test "under default and untrusted they cannot" {
	local overlay

	for overlay in "${OVERLAYS[@]}"; do
		fails copied "$overlay" --keep=no ./suid-modes
	done
	fails "$SANDBOX" --quiet --keep=no -p untrusted ./suid-modes
}

@test "in the layer nobody else reaches them, and in the copy they give nothing" {
	local overlay identity path

	for overlay in "${OVERLAYS[@]}"; do
		for identity in "${IDENTITIES[@]}"; do
			[ "$overlay/$identity" != kernel/separate ] || continue
			run copied "$overlay" --name suid --user "$identity" --set Seccomp.RestrictSUIDSGID=no sh -c "$make
				chown 5:5 evil && chmod 6755 evil; ./evil -u; id -u"
			[ "$(printf '%s\n' "$output" | tail -n 2 | uniq | wc -l)" = 1 ] ||
				{ echo "$overlay $identity: $output" >&2; return 1; }
			for path in "$STATE" "$STATE/suid"; do
				[ "$(stat -c %a "$path")" = 700 ] || { echo "$path: $(stat -c %a "$path")" >&2; return 1; }
			done
			forget
		done
	done
	[ ! -e evil ]
}
