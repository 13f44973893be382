#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A hidden directory shows nothing by any name: through /proc/self/root, the parent's links, dot-dot, a bind of what
# is above it.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

attack='for path in "$1/.secret" "/proc/self/root$1/.secret" "/proc/1/root$1/.secret" \
	"/proc/thread-self/root$1/.secret" \
	"/proc/1/cwd/../../.secret" "/proc/self/cwd/../../.secret" "/../..$1/.secret" "//$1/.secret" \
	"/proc/self/task/1/root$1/.secret" "link/.secret" "hard"; do
	cat "$path" 2>/dev/null && exit 0; done; exit 1'

@test "outside, and with the home in view, the secret is read" {
	works sh -c "$attack" - "$HOME"
	works "$SANDBOX" -p build --ro "$HOME" sh -c "$attack" - "$HOME"
	[[ $output == *s3cret* ]]
}

@test "inside, it is not" {
	ln -s "$HOME" link
	fails_under_all sh -c "$attack" - "$HOME"
	fails "$SANDBOX" -p build --user root sh -c "$attack" - "$HOME"
}

@test "a path hidden by --hide stays hidden below a visible one, and is not unhidden by its parent's grant" {
	mkdir -p data/keys
	echo s3cret >data/keys/.secret
	works "$SANDBOX" -p build cat data/keys/.secret
	fails "$SANDBOX" -p build --hide data/keys cat data/keys/.secret
	fails "$SANDBOX" -p build --rw data --hide data/keys cat data/keys/.secret
	fails "$SANDBOX" -p build --hide data/keys --rw data cat data/keys/.secret
	fails "$SANDBOX" -p build --hide data/keys/.secret grep s3cret data/keys/.secret
	run "$SANDBOX" -p build --hide data/keys sh -c 'mv data moved && cat moved/keys/.secret'
	[[ $output != *s3cret* ]]
	[ "$(cat data/keys/.secret 2>/dev/null || cat moved/keys/.secret)" = s3cret ]
}
