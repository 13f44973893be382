#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A crash makes the kernel write a core file, or start the host's handler as root with the program's memory on its
# input.

load ../lib/common
load attack

setup() {
	attack_setup core-dump
}

teardown() {
	attack_teardown
}

@test "outside, with the limit allowed, the crash dumps core" {
	ulimit -H -c unlimited 2>/dev/null || skip_or_fail "no-core: the hard limit forbids core files here"
	case $(cat /proc/sys/kernel/core_pattern) in
	'|'*) skip_or_fail "no-core: this host hands core files to a program" ;;
	esac
	works ./core-dump
	rm -f core*
}

@test "inside, it does not" {
	fails_under_all ./core-dump
	[ -z "$(find . -name 'core' -o -name 'core.*')" ]
}
