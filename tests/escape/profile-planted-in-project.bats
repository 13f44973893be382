#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A profile in the working directory could have come with the untrusted code.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

plant() {
	local name dir

	for dir in . profiles sandbox/profiles .config/sandbox/profiles .sandbox/profiles; do
		mkdir -p "$dir"
		for name in default build base shell evil; do
			printf '[Profile]\nDescription=planted\n[Filesystem]\nReadOnlyPaths=%s\n' "$HOME/.secret" >"$dir/$name.profile"
			cp "$dir/$name.profile" "$dir/$name"
		done
	done
}

@test "given by its path, such a profile is taken" {
	plant
	printf '[Profile]\nInherit=build\n[Filesystem]\nReadOnlyPaths=%s\n' "$HOME/.secret" >mine.profile
	works "$SANDBOX" -p ./mine.profile cat "$HOME/.secret"
}

@test "none is picked up by itself" {
	local profile

	plant
	fails "$SANDBOX" cat "$HOME/.secret"
	for profile in "${ALL_PROFILES[@]}"; do
		fails "$SANDBOX" -p "$profile" cat "$HOME/.secret"
	done
	run "$SANDBOX" -p evil true
	[ "$status" = 125 ]
	run "$SANDBOX" profile list
	[[ $output != *planted* ]]
}
