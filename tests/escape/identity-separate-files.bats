#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# With an identity of its own, the program cannot read the caller's private files even where they are in view.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

setup_keys() {
	mkdir "$HOME/keys"
	cp "$HOME/.secret" "$HOME/keys/private"
	chmod 0600 "$HOME/keys/private"
	echo public >"$HOME/keys/public"
	chmod 0644 "$HOME/keys/public"
}

@test "with the caller's id, a private file in view is read" {
	setup_keys
	works "$SANDBOX" -p build --ro "$HOME/keys" cat "$HOME/keys/private"
	works "$SANDBOX" -p untrusted --ro "$HOME/keys" cat "$HOME/keys/public"
	rm -r "$HOME/keys"
}

@test "with its own, it is not, nor is anything changed" {
	setup_keys
	fails "$SANDBOX" -p untrusted --ro "$HOME/keys" cat "$HOME/keys/private"
	fails "$SANDBOX" -p default --user separate --ro "$HOME/keys" cat "$HOME/keys/private"
	run "$SANDBOX" -p untrusted --ro "$HOME/keys" sh -c 'chmod 0644 "$1" || sudo -n cat "$1" || su -c "cat $1"' - \
		"$HOME/keys/private"
	[ "$(stat -c %a "$HOME/keys/private")" = 600 ]
	[[ $output != *s3cret* ]]
	rm -r "$HOME/keys"
}
