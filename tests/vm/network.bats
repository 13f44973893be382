#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The network on Debian's own kernel, whose parts for it are modules, and in a login session with limits: the same world
# as in tests/net, and of its tests the ones that the kernel decides.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load ../net/world

LIMIT=120 # seconds for one command: the machine may be an emulated one; read by sb
export LIMIT

@test "NAT by both drivers, names, and what is closed" {
	local driver
	for driver in slirp4netns pasta; do
		sbh -p shell --net private --set "Network.Driver=$driver" -- sh -c '
			curl -sS --max-time 60 http://good.test/; curl -sS --max-time 60 -6 http://good.test/
			curl -s --max-time 30 http://10.0.2.2:8000/ || echo closed
			curl -s --max-time 30 http://169.254.169.254/ || echo closed'
		exited 0
		printed $'world 203.0.113.10\nworld 2001:db8:77::10\nclosed\nclosed'
	done
}

@test "only what is listed; what is refused is told with its name" {
	sbh -p shell --allow good.test -- sh -c '
		curl -sS --max-time 60 http://good.test/; curl -s --max-time 30 https://evil.test/; true'
	exited 0
	printed 'world 203.0.113.10'
	[ "$stderr" = 'sandbox: 1 connection refused by AllowHosts (first: evil.test:443)' ] || report 'another line'
	untouched evil
}

@test "an address that is not its own does not help" {
	sbh -p shell --allow good.test -- python3 established.py 2001:db8:77::66 7
	[ "$status" -ne 0 ] || report 'it was answered'
	untouched evil
}

@test "connections that it makes for itself open nothing" {
	local ends
	sbh -p shell --allow good.test -- python3 takeover.py 10.0.2.3 good.test
	exited 0
	asked 'good.test TXT'
	unasked secret
	listen in_host 127.0.0.1 ::1
	for ends in '10.0.2.100 127.0.0.1' 'fd00::100 ::1'; do
		# shellcheck disable=SC2086 # two words
		sbh -p shell --allow good.test -- python3 itself.py udp $ends 7777
		exited 0
		[[ $output != answered ]] || report "$ends"
	done
	heard_nothing in_host 127.0.0.1
}

@test "a published port, and a rate" {
	begin_h run -n serving -p shell --net private --publish 8080:80 -- python3 serve.py 80 90
	outside_h curl -sS --max-time 60 http://127.0.0.1:8080/
	exited 0
	printed 'inside 80'
	sbh -p shell --set Network.NetworkRateMax=1M -- curl -sS --max-time 60 http://good.test/
	exited 0
	printed 'world 203.0.113.10'
}
