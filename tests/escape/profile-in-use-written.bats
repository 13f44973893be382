#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A profile inside the project, used by its path: the program adds a line that the next run would follow.

load ../lib/common
load attack

setup() {
	attack_setup
	mkdir -p ci
	printf '[Profile]\nInherit=build\n' >ci/ci.profile
	cp ci/ci.profile before
}

teardown() {
	attack_teardown
}

ATTACK='printf "[Filesystem]\nReadOnlyPaths=~\n" >>ci/ci.profile && exit 0
cp ci/ci.profile c && mv -f c ci/ci.profile && exit 0
mv ci other && mkdir ci && cp other/ci.profile ci/ && exit 0
exit 1'

@test "outside, and under another profile, it can be changed" {
	works sh -c "$ATTACK"
	cp before ci/ci.profile
	works "$SANDBOX" -p build sh -c "$ATTACK"
}

@test "the one in use cannot" {
	fails "$SANDBOX" -p ./ci/ci.profile sh -c "$ATTACK"
	fails "$SANDBOX" -p "$PWD/ci/ci.profile" sh -c "$ATTACK"
	cmp before ci/ci.profile
}
