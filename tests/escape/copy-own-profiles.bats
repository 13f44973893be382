#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Our own profiles and compiled filters in a copied home: the program may change its copy of them, which decides about
# no run, not even about the next one of the same sandbox.

load ../lib/common
load attack
load cow

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

evil='[Profile]\nDescription=planted\nInherit=base\n[Filesystem]\nReadWritePaths=/\n'
plant='mkdir -p "$HOME/.config/sandbox/profiles" && printf "$1" >"$HOME/.config/sandbox/profiles/default.profile" &&
	printf "$1" >"$HOME/.config/sandbox/profiles/build.profile" && mkdir -p "$HOME/.cache/sandbox" &&
	for f in "$HOME"/.cache/sandbox/*; do : >"$f"; done && cat "$HOME/.config/sandbox/profiles/build.profile"'

@test "outside, a profile that is planted is used" {
	works sh -c "$plant" - '[Profile]\nDescription=planted\nInherit=base\n'
	run "$SANDBOX" profile show build
	[[ $output == *planted* ]]
}

@test "planted in a copy of the home, it is not, in no later run" {
	local overlay there

	for overlay in "${OVERLAYS[@]}"; do
		for there in no yes; do
			[ "$there" = no ] || mkdir -p "$HOME/.config/sandbox/profiles"
			works copied "$overlay" --name planted --cow "$HOME" sh -c "$plant" - "$evil"
			[[ $output == *planted* ]]
			[ ! -e "$HOME/.config/sandbox/profiles/build.profile" ]
			run "$SANDBOX" profile show build
			[[ $output != *planted* ]]
			run "$SANDBOX" --quiet --name planted sh -c 'cat ~/.config/sandbox/profiles/default.profile
				: >/usr/evil || : >/etc/evil'
			[[ $output == *planted* && $status != 0 ]]
			run "$SANDBOX" explain --name planted true
			[[ $output == *'Look but do not touch'* && $output != *'planted'*profile* ]]
			[ -z "$(find "$HOME/.cache/sandbox" -type f -empty)" ]
			forget
			rm -rf "$HOME/.config"
		done
	done
}

@test "a profile in the copied project is not read from the copy" {
	printf '[Profile]\nDescription=mine\nInherit=base\n[Filesystem]\nCopyOnWritePaths=.\n' >mine.profile
	works "$SANDBOX" --quiet --name own -p ./mine.profile sh -c 'printf "$1" >mine.profile' - "$evil"
	run "$SANDBOX" explain --name own true
	[[ $output == *'mine'* && $output != *planted* ]]
	run "$SANDBOX" --quiet --name own sh -c ': >/usr/evil'
	[ "$status" != 0 ]
}
