#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2018-7169: who may drop a group gets at files whose mode denies that group more than others.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

# A file of another user that our group may not read, while others may.
make_file() {
	echo s3cret >denied
	unshare --map-root-user --map-auto sh -c 'chown 1:0 denied && chmod 0604 denied' ||
		skip_or_fail "no-subids: no subordinate ids here"
}

drop='setpriv --regid 5 --clear-groups cat denied || setpriv --clear-groups cat denied'

@test "with a mapped range, the group can be dropped and the file read" {
	make_file
	fails cat denied
	works unshare --map-root-user --map-auto sh -c "$drop"
}

@test "under the caller's own id, it cannot" {
	make_file
	fails "$SANDBOX" -p build cat denied
	run "$SANDBOX" -p shell sh -c "$drop"
	[ "$status" != 0 ]
	[[ $output != *s3cret* ]]
	works "$SANDBOX" -p shell grep -x deny /proc/self/setgroups
}
