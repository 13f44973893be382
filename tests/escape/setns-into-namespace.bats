#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# setns enters a namespace through a descriptor or /proc/PID/ns; those of process 1 are the ones it set up with its
# rights.

load ../lib/common
load attack

setup() {
	attack_setup reach process-peek
}

teardown() {
	attack_teardown
}

@test "setns cannot be reached" {
	works ./reach setns
	works "$SANDBOX" -p shell --set Seccomp.RestrictNamespaces=no \
		--set Seccomp.SystemCallErrorNumber=EUCLEAN --set Seccomp.SystemCallFilter=setns ./reach setns
	fails_under_all --set Seccomp.SystemCallErrorNumber=EUCLEAN ./reach setns
}

@test "the namespaces of process 1 cannot be opened" {
	works ./process-peek ns
	fails_under_all ./process-peek ns 1
}
