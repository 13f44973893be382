#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A project's .git may be a file or a link that names a directory anywhere: made visible for git's sake it would
# disclose what the attacker chose.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

setup_keys() {
	mkdir -p "$HOME/.ssh" "$HOME/.aws"
	echo s3cret >"$HOME/.ssh/id_ed25519"
	echo "$HOME/.aws" >"$HOME/.ssh/commondir"
	echo s3cret >"$HOME/.aws/credentials"
	touch "$HOME/.ssh/HEAD"
}

attack='cat "$1/.ssh/id_ed25519" .git/id_ed25519 .git/../.aws/credentials \
	"$1/.aws/credentials" 2>/dev/null | grep s3cret'

@test "outside, and when asked for, the keys are read" {
	setup_keys
	works sh -c "$attack" - "$HOME"
	works "$SANDBOX" -p build --ro "$HOME/.ssh" sh -c "$attack" - "$HOME"
}

@test "no pointer brings them into view" {
	local profile

	setup_keys
	for profile in "${ALL_PROFILES[@]}"; do
		rm -rf .git
		echo "gitdir: $HOME/.ssh" >.git
		fails "$SANDBOX" -p "$profile" sh -c "$attack" - "$HOME"
		rm -rf .git
		ln -s "$HOME/.ssh" .git
		run "$SANDBOX" -p "$profile" sh -c "$attack" - "$HOME"
		[ "$status" = 1 ] || [ "$status" = 125 ] # a link is refused where it could be replaced
		[[ $output != *s3cret* ]]
		rm -rf .git
		git init -q .
		echo "$HOME/.aws" >.git/commondir
		rm -rf .git/hooks
		ln -s "$HOME/.ssh" .git/hooks
		fails "$SANDBOX" -p "$profile" sh -c "$attack; ls .git/hooks/ | grep id_" - "$HOME"
	done
}
