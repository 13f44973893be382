#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The world that the other files here use is what they take it for: without this, "not reached" would prove
# nothing.
#
# capture sets status, output and stderr.
# shellcheck disable=SC2154

load ../lib/common
load ../live/live
load world

setup_file() {
	world_begin
}

teardown_file() {
	world_end
}

setup() {
	setup_project
	world_forget
}

teardown() {
	teardown_project
}

@test "the user is himself, the network another, and the names resolve" {
	outside_h sh -c 'id -u; cat /etc/resolv.conf; ip -br link | wc -l'
	exited 0
	[ "${lines[0]}" = "$(id -u)" ] || report 'another user'
	[ "${lines[1]}" = 'nameserver 203.0.113.53' ] || report 'resolv.conf'
	[ "${lines[2]}" = 2 ] || report 'interfaces'
	outside_h getent ahostsv4 good.test
	shows '^203\.0\.113\.10 '
	outside_h getent ahostsv6 good.test
	shows '^2001:db8:77::10 '
	asked '^udp 203.0.113.53 good.test A$'
	outside_h getent ahostsv4 chain.test
	shows '^192\.0\.2\.40 '
	asked '^tcp 203.0.113.53 chain.test A$'
	outside_h getent hosts nobody.test
	exited 2
}

@test "the servers answer, by TLS too, on both families, and it is seen" {
	local name
	untouched good evil private meta
	for name in good evil private; do
		outside_h curl -sS --max-time 5 -4 "http://$name.test/"
		exited 0
		shows '^world [0-9]+\.'
		outside_h curl -sS --max-time 5 -6 --cacert "$WORLD/ca.pem" "https://$name.test/"
		exited 0
		shows '^world [0-9a-f]+:'
		reached "$name"
	done
	outside_h curl -sS --max-time 5 http://169.254.169.254/
	printed 'world 169.254.169.254'
	reached meta
	outside_h curl -sS --max-time 5 http://good.test/bytes/100000 -o got
	[ "$(stat -c %s got)" = 100000 ]
	outside_h curl -sS --max-time 5 --data-binary @got http://good.test/
	printed '100000 bytes'
	world_forget
	untouched good evil private meta
}

@test "the host's own servers answer on its loopback only where it is reached" {
	outside_h curl -sS http://127.0.0.1:8000/
	printed 'host 127.0.0.1'
	outside_h curl -sS 'http://[::1]:8000/'
	printed 'host ::1'
	outside_h dig +short +time=10 +tries=1 @127.0.0.53 good.test
	printed 203.0.113.10
}

@test "ping, UDP, ssh and git over ssh and https" {
	outside_h ping -c 1 -W 20 -n good.test
	exited 0
	outside_h python3 "$ROOT/tests/net/probes/udp.py" 203.0.113.10 7
	printed 'world 203.0.113.10 hello'
	outside_h git -c "http.sslCAInfo=$WORLD/ca.pem" clone -q https://good.test/git/repo.git https
	exited 0
	printf 'Host *\nIdentityFile %s\nUserKnownHostsFile %s\n' "$WORLD/key" "$WORLD/known_hosts" >ssh_config
	outside_h env GIT_SSH_COMMAND="ssh -F $PWD/ssh_config" \
		git clone -q "ssh://$USER@good.test$WORLD/git/repo.git" ssh
	exited 0
	[ "$(cat https/file)" = "$(cat ssh/file)" ]
}

@test "an /etc that can be changed, for one command" {
	HOST_SETUP=$OWN_ETC'ln -s ../run/r /etc/resolv.conf' outside_h readlink /etc/resolv.conf
	printed ../run/r
	outside_h readlink /etc/resolv.conf
	exited 1
}
