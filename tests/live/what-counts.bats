#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Which of several lines about one path counts, and what no line opens.
#
# capture sets status, output and stderr; each test is a shell of its own.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	teardown_project
}

@test "of two options on one path the later wins" {
	mkdir d
	echo one >d/file
	ok -p shell --hide d --ro d -- cat d/file
	printed one
	sb -p shell --ro d --hide d -- cat d/file
	[ "$status" -ne 0 ]
	ok -p default --rw . -- touch made
	[ -e made ]
}

@test "the host's /proc and /dev are opened by no line" {
	local option
	for option in "--rw /proc" "--ro /proc" "--bind /proc:/mnt" "--rw /dev" "--hide /dev" "--tmpfs /proc"; do
		# An option and its value.
		# shellcheck disable=SC2086
		sb -p shell $option -- ls /mnt
		refused 'of its own'
	done
}

@test "the root as working directory is not opened by a profile's dot" {
	cd /
	sb -p build -- true
	refused 'all of the host'
}

