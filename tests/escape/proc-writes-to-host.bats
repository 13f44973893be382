#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Entries of /proc that change the host: sysrq-trigger, core_pattern, all of /proc/sys, the pressure files.

load ../lib/common
load attack

setup() {
	attack_setup writable-files
}

teardown() {
	attack_teardown
}

@test "for root of a namespace of his own, hundreds are writable" {
	works unshare -Urn ./writable-files /proc
}

@test "inside, none is, not for root inside either" {
	fails_under_all ./writable-files /proc
	fails "$SANDBOX" -p shell --user root ./writable-files /proc
	fails "$SANDBOX" -p build --net host ./writable-files /proc
}
