#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Calls that only an administrator needs, to load modules among them; in a user namespace some believe that we are one.

load ../lib/common
load attack

setup() {
	attack_setup reach
}

teardown() {
	attack_teardown
}

@test "none of them can be reached" {
	calls_unreachable acct swapon swapoff quotactl quotactl_fd sethostname setdomainname vhangup fanotify_init \
		iopl ioperm init_module finit_module delete_module
}
