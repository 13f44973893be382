#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Root inside leaves a setuid program in the project: owned by the caller it makes any other user of the host the
# caller.

load ../lib/common
load attack

setup() {
	attack_setup suid-modes
}

teardown() {
	attack_teardown
}

@test "outside, the caller can make one" {
	works ./suid-modes
}

@test "root inside cannot" {
	fails "$SANDBOX" -p build --user root ./suid-modes
	run "$SANDBOX" -p build --user root sh -c 'cp /bin/true t && chown 5:5 t && chmod 4755 t; setcap cap_net_raw+ep t'
	[ -z "$(find . -perm /6000)" ]
}
