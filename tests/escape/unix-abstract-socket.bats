#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Abstract sockets have no file: only the network namespace, or Landlock where that is shared, closes them. X11,
# D-Bus and containerd-shim (CVE-2020-15257) had some.

load ../lib/common
load attack

setup() {
	attack_setup net-listen net-reach
}

teardown() {
	attack_teardown
}

@test "outside, and with AbstractSockets=yes, it is reached" {
	background listener ./net-listen abstract "escape-$$"
	first_line listener
	works ./net-reach abstract "escape-$$"
	works "$SANDBOX" -p build --net host --set Network.AbstractSockets=yes ./net-reach abstract "escape-$$"
}

@test "inside, it is not, with the host's network neither" {
	background listener ./net-listen abstract "escape-$$"
	first_line listener
	fails_under_all ./net-reach abstract "escape-$$"
	fails "$SANDBOX" -p build --net host ./net-reach abstract "escape-$$"
	fails "$SANDBOX" -p build --user root --net host ./net-reach abstract "escape-$$"
	fails grep hello listener.out
}
