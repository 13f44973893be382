#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# NoExecPaths: a program in such a path is started directly, by the loader, through a descriptor or a link.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

attack='./tool/true && exit 0; /lib64/ld-linux-x86-64.so.2 ./tool/true && exit 0
	ln ./tool/true here && ./here && exit 0; ln -s tool/true link && ./link && exit 0
	exec 3<./tool/true; /proc/self/fd/3 && exit 0; exit 1'

@test "without the rule it works" {
	mkdir tool
	cp /bin/true tool/
	works sh -c "$attack"
	rm -f here link
	works "$SANDBOX" -p build sh -c "$attack"
}

@test "with the rule it does not" {
	mkdir tool
	cp /bin/true tool/
	fails "$SANDBOX" -p build --set Filesystem.NoExecPaths=tool sh -c "$attack"
}
