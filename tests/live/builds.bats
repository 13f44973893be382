#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Real projects of three build systems, compiled natively and then under the profile `build` in the
# same directory: what is built and installed has to be the same to the byte.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
	export SOURCE_DATE_EPOCH=1700000000 LC_ALL=C.UTF-8
	export LIMIT=170
}

teardown() {
	teardown_project
}

# unpack NAME: the sources below $PROJECT/NAME.
unpack() {
	local tarball
	tarball=$(compgen -G "$ROOT/build/sources/$1_*.orig.tar.*" | head -n 1) || true
	[ -n "$tarball" ] || skip_or_fail "sources-$1: run tests/live/sources first"
	rm -rf "${PROJECT:?}/$1" "$PROJECT/inst"
	mkdir "$1"
	tar -x -f "$tarball" -C "$1" --strip-components=1
}

# compare NAME SCRIPT ARTEFACT...: run the shell text SCRIPT in the unpacked sources outside, then
# inside. The artefacts must be there, and every file of source tree and installation the same.
compare() {
	local name=$1 script=$2 file
	shift 2
	unpack "$name"
	outside sh -euc "cd $name; $script"
	exited 0
	for file; do
		[ -s "$PROJECT/$file" ] || report "not built outside: $file"
	done
	tree_hash "$name" inst >"$HOME/native"

	unpack "$name"
	sb -p build -- sh -euc "cd $name; $script"
	exited 0
	for file; do
		[ -s "$PROJECT/$file" ] || report "not built inside: $file"
	done
	tree_hash "$name" inst >"$HOME/sandboxed"
	diff -u "$HOME/native" "$HOME/sandboxed" >"$HOME/difference" ||
		fail "built differently:" "$(head -n 40 "$HOME/difference")"
	rm -f "$HOME"/{native,sandboxed,difference}
}

@test "plain make: lua, built and installed the same" {
	need make gcc
	compare lua5.4 'make -j2 linux && make install INSTALL_TOP=$PWD/../inst && src/lua -v' \
		lua5.4/src/liblua.a inst/bin/lua inst/bin/luac inst/lib/liblua.a
	[[ $output == *"Lua 5.4"* ]]
	no_leftovers
}

@test "autotools: popt with configure and libtool, built and installed the same" {
	need make gcc
	# config.log tells how long it took, and libtool the host's name.
	compare popt './configure --prefix=$PWD/../inst --disable-nls --disable-dependency-tracking &&
		make -j2 && make install && rm config.log && sed -i "/ was configured on host /d" libtool' \
		popt/config.h inst/lib/libpopt.a inst/lib/libpopt.so.0 inst/lib/pkgconfig/popt.pc
	no_leftovers
}

@test "cmake: cJSON with its own 20 test programs, built and installed the same" {
	need cmake make gcc
	# Logs of configuration and test runs carry times, and Makefile2 has its lines in a new order
	# each time.
	compare cjson 'cmake -B out -DCMAKE_INSTALL_PREFIX=$PWD/../inst -DCMAKE_INSTALL_LIBDIR=lib \
			-DENABLE_CJSON_UTILS=On
		cmake --build out -j2 && cmake --install out && (cd out && ctest)
		rm -rf out/Testing out/CMakeFiles/*.log out/CMakeFiles/*.yaml \
			out/CMakeFiles/Makefile2' \
		cjson/out/cJSON_test inst/lib/libcjson.so.1 inst/include/cjson/cJSON.h
	[[ $output == *"100% tests passed"* ]]
	no_leftovers
}
