#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Entries of /proc that tell about the host or hold its memory: kcore, keys, timers, addresses of the kernel.

load ../lib/common
load attack

setup() {
	attack_setup readable-files
}

teardown() {
	attack_teardown
}

files='/proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/sysrq-trigger
	/proc/acpi/wakeup /proc/scsi/scsi /proc/asound/cards /proc/kmsg /proc/kpagecount /proc/kpageflags /proc/slabinfo
	/proc/vmallocinfo'

@test "outside, some of them can be read" {
	# shellcheck disable=SC2086 # a list of words
	works ./readable-files $files
}

@test "inside, none can" {
	# shellcheck disable=SC2086 # a list of words
	fails_under_all ./readable-files $files
	# shellcheck disable=SC2086 # a list of words
	fails "$SANDBOX" -p shell --user root ./readable-files $files
}
