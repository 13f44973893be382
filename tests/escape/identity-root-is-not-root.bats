#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Root inside is the caller outside: what only the host's root may read or change stays so.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "the probe reads what may be read, and root inside owns what the caller owns" {
	works "$SANDBOX" -p shell --user root cat /etc/passwd
	works "$SANDBOX" -p shell --user root sh -c '[ "$(id -u)" = 0 ] && touch mine && chown 5:5 mine'
	[ "$(stat -c %u mine)" != 5 ]
	[ "$(stat -c %u mine)" != "$(id -u)" ]
}

@test "the host's files of root are neither read nor changed" {
	local file

	for file in /etc/shadow /etc/gshadow /root/.bashrc; do
		[ -e "$file" ] || [ "${file%/*}" = /root ] || continue
		run "$SANDBOX" -p shell --user root cat "$file"
		[ "$status" != 0 ]
		run "$SANDBOX" -p shell --user root --rw /etc cat "$file"
		[ "$status" != 0 ]
	done
	fails "$SANDBOX" -p shell --user root --rw /etc sh -c 'echo x >>/etc/passwd || exit 1'
	fails "$SANDBOX" -p shell --user root --rw /etc chown 0 /etc/passwd
	fails "$SANDBOX" -p shell --user root --rw /etc chmod 0666 /etc/passwd
	[ "$(stat -c %u:%a /etc/passwd)" = 0:644 ]
}

@test "a file made by root inside belongs to the caller" {
	works "$SANDBOX" -p shell --user root sh -c 'cp /bin/true t; chown 0:0 t'
	[ "$(stat -c %u t)" = "$(id -u)" ]
}
