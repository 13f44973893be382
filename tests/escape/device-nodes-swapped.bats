#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2025-31133, CVE-2025-52565, CVE-2025-52881: /dev/null, /dev/console and /dev/pts/0 of the root are files or
# links to something that is then mounted over or written to.

load ../lib/common
load attack

setup() {
	attack_setup dev-nodes
}

teardown() {
	attack_teardown
}

@test "in a root directory used as it is, the write lands in the victim" {
	mkdir -p root/dev
	ln -s ../../victim root/dev/null
	echo good >victim
	works sh -c 'echo evil >root/dev/null'
	[ "$(cat victim)" = evil ]
}

@test "inside, /dev is ours and its nodes are what they should be" {
	local name

	mkdir -p root/usr root/proc root/sys root/tmp root/run root/dev/pts root/etc
	for name in bin lib lib64 sbin; do
		[ ! -L "/$name" ] || ln -s "usr/$name" "root/$name"
	done
	echo good >victim
	cp victim "$HOME/t/victim"
	ln -s "$HOME/t/victim" root/dev/null
	ln -s ../../victim root/dev/console
	ln root/dev/null root/dev/pts/0
	echo plain >root/dev/zero
	cp dev-nodes root/
	run "$SANDBOX" -p build --set "Filesystem.Root=$PWD/root" --bind /usr:/usr:ro -C / \
		sh -c 'echo evil >/dev/null; echo evil >/dev/console; exec /dev-nodes' </dev/null
	[ "$status" = 1 ] || [ "$status" = 125 ] || { echo "$status: $output" >&2; return 1; }
	[ "$(cat victim)" = good ]
	[ "$(cat "$HOME/t/victim")" = good ]
	[ "$(cat root/dev/zero)" = plain ]
	rm "$HOME/t/victim"
}
