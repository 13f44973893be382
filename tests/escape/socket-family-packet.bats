#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# AF_PACKET sees and sends raw frames (CVE-2016-8655, CVE-2020-14386); a network namespace of one's own is enough.

load ../lib/common
load attack

setup() {
	attack_setup socket-family
}

teardown() {
	attack_teardown
}

@test "in a network namespace without the sandbox it works" {
	works unshare -Urn ./socket-family 17
}

@test "inside, it is refused, also for root inside" {
	fails_under_all ./socket-family 17
	fails "$SANDBOX" -p build --user root ./socket-family 17
}
