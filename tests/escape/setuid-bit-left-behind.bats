#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A setuid file left in the project is run by another user of the host later: chmod and all the calls that take a
# mode, fchmodat2 (newer than many filters) and openat2 (whose mode is in memory).

load ../lib/common
load attack

setup() {
	attack_setup suid-modes
}

teardown() {
	attack_teardown
}

@test "outside, and without RestrictSUIDSGID, the bits can be set" {
	works ./suid-modes
	[[ $output == *fchmodat2* ]] || [[ $output == *'fchmodat 4755'* ]]
	works "$SANDBOX" -p build --set Seccomp.RestrictSUIDSGID=no ./suid-modes
}

@test "inside, they cannot" {
	fails "$SANDBOX" -p build ./suid-modes
	fails "$SANDBOX" -p shell --set Seccomp.RestrictSUIDSGID=yes ./suid-modes
	fails "$SANDBOX" -p python ./suid-modes
	fails "$SANDBOX" -p node ./suid-modes
}
