#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A path to be hidden that is a link, or whose parent is one: what is meant is what it leads to.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

setup_data() {
	mkdir -p data/keys
	echo s3cret >data/keys/word
	ln -s data/keys alias
	ln -s data other
}

@test "without the rule, the word is read by each name" {
	setup_data
	works "$SANDBOX" -p build cat alias/word other/keys/word data/keys/word
}

@test "hidden by one name, it is hidden by all" {
	local name path

	setup_data
	for name in alias other/keys data/keys ./data/../data/keys; do
		for path in alias/word other/keys/word data/keys/word; do
			fails "$SANDBOX" -p build --hide "$name" cat "$path"
		done
	done
}
