#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2024-21626: a descriptor that the caller has open, of a directory above all, leads around every mount.

load ../lib/common
load attack

setup() {
	attack_setup leaked-fds
}

teardown() {
	attack_teardown
}

with_descriptors() {
	(
		exec 10<"$HOME/.secret" 11<"$HOME/.secret" 12<"$HOME" 13</ 14<"$HOME/.secret" 15<"$HOME" \
			16>>"$HOME/t/log" 17<"$HOME/.secret" 18<"$HOME/.secret" 200<"$HOME" 3</ 4<"$HOME"
		"$@"
	)
}

@test "outside, twelve descriptors are inherited and lead to the secret" {
	works with_descriptors ./leaked-fds
	[[ $output == *'secret below'* ]]
}

@test "inside, none is" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails with_descriptors "$SANDBOX" -p "$profile" ./leaked-fds
	done
	fails with_descriptors "$SANDBOX" -p build --user root ./leaked-fds
	rm -f "$HOME/t/log"
}
