#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A wrong command line: one clear line and status 125, or correct work; never a
# crash, a hang or a half-open sandbox. Each call has a time limit, and the program that must not
# run leaves a file if it does.
#
# Quoted text is for the shell inside; capture sets status, output and stderr;
# each test is a shell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2103,SC2154

load ../lib/common
load live
load bad

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# --- the command line

@test "an unknown option is refused with the likely one" {
	local pair
	for pair in --profil:--profile --profiles:--profile --bnd:--bind --tmfs:--tmpfs \
		--hid:--hide --explian:--explain --chdi:--chdir --usr:--user; do
		wrong "${pair%%:*}" x
		refused "${pair%%:*}" "${pair#*:}"
	done
	wrong -Z
	refused '-Z'
	wrong --=x
	refused
	wrong ---rw .
	refused
}

@test "every option that takes a value is refused without one" {
	local option
	for option in -p --profile -n --name --rw --ro --hide --tmpfs --cow --bind --net --allow \
		--publish --memory --cpus --pids --io-read --io-write --timeout --env --user -C --chdir \
		--tty --set; do
		sb "$option"
		refused "$option|$(sed 's/^-p$/--profile/; s/^-n$/--name/; s/^-C$/--chdir/' <<<"$option")"
	done
}

@test "an option that takes no value is refused with one" {
	local option
	for option in --explain --json --verbose --quiet; do
		wrong "$option=yes"
		refused "$option"
	done
}

@test "an empty value is refused where it makes no sense" {
	local option
	for option in --rw --ro --hide --tmpfs --bind --net --env --user --chdir --tty --set --profile; do
		wrong "$option" ""
		refused
		wrong "$option="
		refused
	done
}

@test "wrong values of options are refused, and the message names the option" {
	local line
	while read -r line; do
		# Several words.
		# shellcheck disable=SC2086
		wrong $line
		refused "${line%% *}"
	done <<-'LIST'
		--net bridge
		--user nobody
		--tty sometimes
		--bind /usr
		--bind :/mnt
		--bind /usr:
		--bind /usr:mnt
		--bind /usr:/mnt:rx
		--bind /usr:/mnt:ro:x
		--tmpfs :1M
		--env =x
		--env A-B=x
		--set Filesystem
		--set Filesystem.Root
		--set =x
		--set .=x
	LIST
}

@test "the message says what was given, and what would do" {
	wrong --tty yes
	refused '--tty: expected auto, never or always, not "yes"$'
	sb version foo
	refused 'version: unexpected: foo \(it takes no arguments, but --json\)$'
	sb version --json foo
	refused 'version: unexpected: foo'
	wrong --bind /etc:/nonexistent/x
	refused '/nonexistent/x .*No such file or directory \(a mount point must exist, or lie in /tmp, /run or a --tmpfs\)$'
	sb -p shell --tmpfs /nonexistent -- true
	refused '/nonexistent: No such file or directory \(it must exist on the host; '
	ok --bind /etc:/tmp/x/y test -e /tmp/x/y/passwd
}

@test "--set of an unknown section or key is refused with the likely one" {
	wrong --set Filesystm.Root=host
	refused 'Filesystm' 'Filesystem'
	wrong --set Filesystem.Rot=host
	refused 'Rot' 'Root'
	wrong --set User.Root=host
	refused 'Root' 'Filesystem'
	wrong --set Seccomp.SystemCallFilter=@basic-oi
	refused '@basic-oi' '@basic-io'
	wrong --set Seccomp.SystemCallFilter=opennat
	refused 'opennat' 'openat'
}

@test "words of the network that are none are refused, with what they should be" {
	local line
	while read -r line; do
		# Several words.
		# shellcheck disable=SC2086
		wrong $line
		refused "${line%% *}" || return 1
	done <<-'LIST'
		--allow http://good.example/
		--allow good.example:0
		--allow good.example:65536
		--allow good.example:x
		--allow a..b
		--allow *
		--allow *.
		--allow a*.example
		--allow 10.0.0.1/8
		--allow 10.0.0.0/33
		--allow 1.2.3
		--allow 0x7f000001
		--allow [10.0.0.1]:80
		--allow [2001:db8::1
		--allow 2001:db8::/129
		--allow @nobody
		--allow bücher.example
		--publish 80
		--publish 0:80
		--publish 80:0
		--publish 80:80/icmp
		--publish name:80:80
		--publish 1.2.3:80:80
		--publish 80:80:80:80
		--publish [::1:80:80
	LIST
	wrong --set Network.NetworkRateMax=1
	refused NetworkRateMax
	wrong --set 'Network.NetworkRateMax=1M 1M 1M'
	refused NetworkRateMax
}

@test "what only a private network has is refused with another one" {
	local mode option
	for mode in none host; do
		for option in --allow=good.example --publish=8080:80 --set=Network.HostLoopback=yes \
			--set=Network.NetworkRateMax=1M; do
			wrong --net "$mode" "$option"
			refused 'Mode=private' '--net private' || return 1
		done
	done
	wrong --net private --set Capabilities.CapabilityBoundingSet=CAP_NET_ADMIN
	refused CapabilityBoundingSet CAP_NET_ADMIN
	wrong --net private --set Capabilities.CapabilityBoundingSet=CAP_NET_RAW
	refused CapabilityBoundingSet CAP_NET_RAW
	wrong --allow good.example:80 --allow '*.good.example:443'
	refused AllowHosts 'different ports'
	wrong --publish 8080:80 --publish 8080:90
	refused Publish 8080:90
}

@test "no command is an error, an empty one too" {
	sb
	exited 125
	sb -p shell
	refused
	sb -p shell --
	refused
	sb --
	refused
	sb -p shell -- ""
	[ "$status" -eq 127 ] || [ "$status" -eq 125 ] || report "status"
	one_line
}

@test "-- ends the options, and what follows the command belongs to it" {
	sb -p shell -- echo -p --net -- x
	exited 0
	printed "-p --net -- x"
	sb -p shell echo --profile y -h --version
	exited 0
	printed "--profile y -h --version"
	sb run -p shell -- echo run
	exited 0
	printed run
	sb run -p shell echo --
	exited 0
	printed "--"
	sb -p shell -- --starts-with-dashes
	exited 127
}

@test "subcommand words are subcommands only as the first word" {
	local word
	for word in list doctor exec profile version; do
		sb -p shell "$word"
		exited 127
		[[ $stderr == "sandbox: $word: "* ]]
		sb -p shell -- "$word"
		exited 127
	done
	sb -- list
	exited 127
	sb run list
	exited 127
}

@test "subcommands of later versions say so" {
	sb selftest
	refused selftest 'version'
	sb selftest x
	refused selftest
}

@test "an unknown first word is a program, and is not found" {
	sb lisst
	exited 127
	one_line
}

@test "a first word that is not found and is near a subcommand: the message names it" {
	local pair
	for pair in lst:list lisst:list changs:changes exce:exec ps:list rm:remove kill:stop diff:changes \
		top:stats; do
		capture env PATH=/nowhere "$SANDBOX" "${pair%:*}"
		exited 127
		one_line
		said "^sandbox: ${pair%:*}: command not found in the sandbox's PATH \(or did you mean \`sandbox ${pair#*:}\`\?\)$"
		sb help "${pair%:*}"
		refused "did you mean ${pair#*:}\?"
	done
	sb run lisst
	said "PATH$"
	sb -- lisst
	said "PATH$"
	sb no-such-program
	said "PATH$"
	sb selftst
	said "PATH$"
}
