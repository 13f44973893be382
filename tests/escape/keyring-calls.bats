#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Kernel keyrings are not in any namespace of the file system: they hold tokens, tickets and disk keys.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "add_key, request_key and keyctl cannot be reached" {
	calls_unreachable add_key request_key keyctl
}
