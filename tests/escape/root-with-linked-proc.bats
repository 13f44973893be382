#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2019-19921, CVE-2026-47766: a root directory whose /proc, /sys, /dev or /tmp is a link that leads out: what we
# mount there must not land elsewhere, what we read must be what we mounted.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

make_root() {
	mkdir -p root/usr "$HOME/t/victim"
	local name

	for name in bin lib lib64 sbin; do
		[ ! -L "/$name" ] || ln -s "usr/$name" "root/$name"
	done
	mkdir -p root/proc root/sys root/dev root/tmp root/run root/etc root/var root/home
}

@test "with plain directories this root works" {
	make_root
	works "$SANDBOX" -p build --set "Filesystem.Root=$PWD/root" --bind /usr:/usr:ro -C / \
		sh -c 'test -e /proc/self/status && test -c /dev/null && ! test -e /etc/passwd'
}

@test "a naive mount over the link lands outside" {
	mkdir -p root "$HOME/t/victim"
	ln -s "$HOME/t/victim" root/proc
	works unshare -Urmpf sh -c 'mount -t proc proc root/proc && test -e "$1/t/victim/self"' - "$HOME"
	rm -r "$HOME/t/victim"
}

@test "with links it is refused, or the mounts are inside" {
	local name target

	for name in proc sys dev tmp run; do
		for target in "$HOME/t/victim" ../../../victim / usr /proc; do
			rm -rf root
			make_root
			rmdir "root/$name"
			ln -s "$target" "root/$name"
			run "$SANDBOX" -p build --set "Filesystem.Root=$PWD/root" --bind /usr:/usr:ro -C / \
				sh -c 'test -e /proc/self/status && grep -q "^proc " /proc/mounts && test -c /dev/null &&
					echo x >/dev/null && echo fine'
			[ "$status" = 125 ] || [ "$output" = fine ] ||
				{ echo "$name -> $target: $status $output" >&2; return 1; }
			[ -z "$(ls -A "$HOME/t/victim")" ]
			[ -L "root/$name" ]
		done
	done
	rm -r "$HOME/t/victim"
}
