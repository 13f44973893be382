#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The profiles net-client and server, with real programs.
#
# capture sets status, output and stderr.
# shellcheck disable=SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

@test "net-client: a client reaches the world, not this host's loopback, the project is read-only" {
	sbh -p net-client -- curl -sS --max-time 5 --cacert ca.pem https://good.test/
	exited 0
	printed 'world 203.0.113.10'
	sbh -p net-client -- wget -q -T 5 -t 1 -O - http://good.test/
	printed 'world 203.0.113.10'
	sbh -p net-client -- curl -sS --max-time 5 http://10.0.2.2:8000/
	exited 7
	said 'to the host itself refused'
	sbh -p net-client -- touch made
	[ "$status" -ne 0 ]
	[ ! -e made ]
	sbh -p net-client -- cat "$HOME/.secret"
	[ "$status" -ne 0 ]
	# With a list it is what a program needs that may talk to one host.
	sbh -p net-client --allow good.test -- curl -sS --max-time 5 http://other.test/
	exited 7
	said 'AllowHosts \(first: other\.test:80\)'
}

@test "server: one on its usual port, published; the project is read-only" {
	echo hello >index.html
	begin_h run -n serving -p server --publish 8080:80 -- sh -c '
		touch made 2>/dev/null && echo "could write"; echo ready; exec python3 -m http.server 80'
	wait_for 10 in_host curl -sS --max-time 5 http://127.0.0.1:8080/index.html
	outside_h curl -sS --max-time 5 http://127.0.0.1:8080/index.html
	printed hello
	[ ! -e made ]
	kill -TERM "$launcher"
	ended
	exited 143
	lacks 'could write'
}
