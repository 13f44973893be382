#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A profile's name is joined to a directory: '../x' or a newline in it must not lead elsewhere.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "the file is a good profile when it is given by its path" {
	printf '[Profile]\nInherit=build\n[Filesystem]\nReadOnlyPaths=~/.secret\n' >evil.profile
	chmod 0644 evil.profile
	works "$SANDBOX" -p ./evil.profile cat "$HOME/.secret"
}

@test "a name without a slash is not looked for here, and the other names are refused" {
	local name

	printf '[Profile]\nInherit=build\n[Filesystem]\nReadOnlyPaths=~/.secret\n' >evil.profile
	cp evil.profile evil
	for name in evil evil.profile '' . .. $'evil\n' $'build\n' '-p' '*' build.profile; do
		run "$SANDBOX" -p "$name" cat "$HOME/.secret"
		[ "$status" = 125 ] || { echo "name '$name': $status $output" >&2; return 1; }
	done
}

@test "Inherit= does not climb out of the profile directories" {
	local name

	mkdir -p "$HOME/x/sandbox/profiles"
	printf '[Profile]\nInherit=build\n[Filesystem]\nReadOnlyPaths=~/.secret\n' >"$HOME/x/evil.profile"
	for name in ../../evil ../../evil.profile; do
		printf '[Profile]\nInherit=%s\n' "$name" >"$HOME/x/sandbox/profiles/victim.profile"
		XDG_CONFIG_HOME=$HOME/x run "$SANDBOX" -p victim cat "$HOME/.secret"
		[ "$status" = 125 ] || { echo "name '$name': $status $output" >&2; return 1; }
	done
	rm -r "$HOME/x"
}
