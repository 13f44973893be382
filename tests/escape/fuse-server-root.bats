#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A program that takes fuse-overlayfs over (it parses what the program sends) has its root: no home in it, only its
# layers and what it needs to run, most of it read-only; and few rights.
#
# start_server sets server and launcher.
# shellcheck disable=SC2154

load ../lib/common
load attack
load cow

setup() {
	attack_setup
	mkdir "$HOME/other"
	echo the word is s3cret >"$HOME/other/file"
	mkdir keys
	echo the word is s3cret >keys/key
}

teardown() {
	attack_teardown
}

@test "what the launcher itself sees has the secrets" {
	start_server
	works cat "/proc/$launcher/root$HOME/.secret"
	works cat "/proc/$launcher/root$HOME/other/file"
	works test -e "/proc/$launcher/root$HOME/.local/state/sandbox"
}

@test "fuse-overlayfs' root has its layers, itself and its libraries" {
	local identity root path

	for identity in "${IDENTITIES[@]}"; do
		start_server --user "$identity" --hide keys
		root=/proc/$server/root
		for path in "$root"/* "$root"/.[!.]*; do
			case ${path##*/} in
			'.[!.]*') ;; # no such name
			bin | lib | lib32 | lib64 | usr | proc | dev | etc | lower | layer | void*) ;;
			*) echo "$identity: in its root: $path" >&2; return 1 ;;
			esac
		done
		[ "$(ls "$root/layer/")" = $'upper\nwork' ]
		[ "$(ls -A "$root/etc/")" = ld.so.cache ]
		fails test -e "$root$HOME"
		fails test -e "$root$PWD"
		fails cat "$root/layer/../..$HOME/.secret"
		works test -e "$root/lower/keys"
		fails cat "$root/lower/keys/key"
		fails sh -c "find $root/lower/ $root/layer/ -name key -o -name .secret -o -name other | grep ."
		kill -KILL "$launcher"
	done
}

@test "nothing in it but the layer can be written to" {
	local name

	start_server
	for name in / /usr /usr/bin /etc /dev /lower /lower/keys /lib/../usr; do
		run sh -c ": >/proc/$server/root$name/evil"
		[ "$status" != 0 ] || { echo "written: $name" >&2; return 1; }
	done
	[ ! -e evil ] && [ ! -e keys/evil ]
	works sh -c ": >/proc/$server/root/layer/work/mark"
}

@test "no capability that reaches beyond files, no new privileges, a filter, no environment, no other descriptor" {
	local identity caps fd

	for identity in "${IDENTITIES[@]}"; do
		start_server --user "$identity"
		# CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETGID, SETUID, SETFCAP.
		caps=$(awk '$1 == "CapBnd:" { print $2 }' "/proc/$server/status")
		[ $((0x$caps & ~0x800000df)) = 0 ] || { echo "$identity: $caps" >&2; return 1; }
		grep -q '^NoNewPrivs:.1$' "/proc/$server/status"
		grep -q '^Seccomp:.2$' "/proc/$server/status"
		[ "$(tr '\0' '\n' <"/proc/$server/environ")" = PATH=/usr/bin:/bin ]
		[ "$(readlink "/proc/$server/cwd")" = / ]
		for fd in "/proc/$server/fd"/*; do
			case $(readlink "$fd") in
			/dev/null | /null | pipe:* | /dev/fuse | /fuse) ;;
			/ | /proc | /proc/*/fd | /lower | /layer/upper | /layer/work | /layer/work/work) ;;
			*) echo "$identity: open: $(readlink "$fd")" >&2; return 1 ;;
			esac
		done
		kill -KILL "$launcher"
	done
}
