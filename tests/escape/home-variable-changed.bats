#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# HOME says where the home is that has to be hidden: what if it is wrong, empty, relative, a link, or the root
# directory?

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "outside, the secret is read whatever HOME says" {
	local real=$HOME

	HOME=/nowhere works cat "$real/.secret"
}

@test "inside, no value of HOME shows it" {
	local real=$HOME value profile

	ln -s "$HOME" link
	for value in / /nowhere '' . .. relative "$PWD" "$PWD/link" "$HOME/.." /etc /usr /proc/self/root "$HOME/t/../../"; do
		for profile in default build shell; do
			HOME=$value run "$SANDBOX" -p "$profile" cat "$real/.secret" "/proc/self/root$real/.secret"
			[[ $status != 0 && $output != *s3cret* ]] || { echo "HOME=$value $profile: $output" >&2; return 1; }
		done
	done
	run env -u HOME "$SANDBOX" -p build cat "$real/.secret"
	[[ $status != 0 && $output != *s3cret* ]]
}
