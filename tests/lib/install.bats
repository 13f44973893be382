#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `make install`: what is installed works from where it is, wherever that is, and uninstall takes all of it away.

load common

setup() {
	setup_project
	mkdir made
	cp -a "$ROOT"/{Makefile,src,man,profiles,helpers} made
	# A build for the usual place, as it is after `make`.
	mkdir made/build
	cp -a "${SANDBOX%/*}"/{base,profile,host,plan,inside,store,run,cli,helpers,man,main.*,sandbox,sandbox.a,places} made/build
	[ "${SANDBOX%/build/sandbox}" = "$ROOT" ] || skip_or_fail 'plain-build: not of this build'
}

teardown() {
	teardown_project
}

@test "another prefix than that of the build before" {
	local prefix=$PROJECT/opt/x
	make -s -C made PREFIX="$prefix" install >log 2>&1 || { cat log >&2; return 1; }
	cd "$HOME/.."
	run env -u XDG_CONFIG_HOME "$prefix/bin/sandbox" profile list
	[[ $status = 0 && $output == *$'\n'build\ * ]] || { echo "$status: $output" >&2; return 1; }
	mkdir "$PROJECT/made/run"
	cd "$PROJECT/made/run"
	"$prefix/bin/sandbox" -p build true
	grep -q "$prefix/share/sandbox/profiles" "$prefix/share/man/man1/sandbox.1"
	grep -q "$prefix/libexec/sandbox/sandbox-scope" "$prefix/share/man/man1/sandbox.1"
	[ -x "$prefix/libexec/sandbox/sandbox-scope" ]
	! grep -q /usr/local/share/sandbox "$prefix/share/man"/*/* || return 1
	make -s -C .. PREFIX="$prefix" uninstall
	[ -z "$(find "$prefix" ! -type d)" ] || { find "$prefix" ! -type d >&2; return 1; }
}

@test "DESTDIR is where it is put, not where it looks" {
	make -s -C made DESTDIR="$PROJECT/root" PREFIX=/usr install >log 2>&1 || { cat log >&2; return 1; }
	[ -e root/usr/share/sandbox/profiles/build.profile ]
	grep -q /usr/share/sandbox/profiles root/usr/share/man/man1/sandbox.1
	run strings -a root/usr/bin/sandbox
	[[ $output != *"$PROJECT/root"* ]]
	# Without its profiles it says where it looked.
	run env -u XDG_CONFIG_HOME HOME="$PROJECT" root/usr/bin/sandbox profile list
	[ "$status" = 125 ] && [[ $output == *'/usr/share/sandbox/profiles'* ]] || { echo "$status: $output" >&2; return 1; }
}
