#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# NetworkRateMax=: no more bytes per second than it says, down and up. What a machine does without a limit
# depends on the machine; that it is more is all that is asked of it.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

BYTES=3000000

setup_file() {
	world_begin
}

teardown_file() {
	world_end
}

setup() {
	net_setup
	need curl tc
	head -c "$BYTES" /dev/zero >data
}

teardown() {
	net_teardown
}

# measure down|up [ARG...]: sets `rate`, in bytes per second, of one transfer of $BYTES.
measure() {
	local -a how=("http://203.0.113.10/bytes/$BYTES" -o /dev/null)
	[ "$1" = down ] || how=(--data-binary @data -H Expect: http://203.0.113.10/)
	sbh -p shell --net private "${@:2}" -- curl -sS --max-time 25 -w '%{stderr}%{time_total}\n' "${how[@]}"
	exited 0
	rate=$(awk -v bytes="$BYTES" '{ printf "%d", bytes / $1 }' <<<"$stderr")
	echo "$*: $rate bytes/s" # seen where the test fails
}

# about LIMIT [PART]: what was measured is no more than it, but for what may come at once at the beginning (a
# burst), and a half of it at least, or a PARTth: an older pasta does not like to lose packets.
about() {
	[ "$rate" -lt $(($1 * 13 / 10)) ] || fail "$rate bytes/s, more than $1"
	[ "$rate" -gt $(($1 / ${2:-2} / ${SLOW:-1})) ] || fail "$rate bytes/s, much less than $1"
}

@test "one rate, for both directions, with both drivers" {
	local driver rate free part=2
	for driver in slirp4netns pasta; do
		[ "$driver" = slirp4netns ] || part=10
		measure down --set "Network.Driver=$driver"
		free=$rate
		measure down --set "Network.Driver=$driver" --set 'Network.NetworkRateMax=1M'
		about $((1024 * 1024)) "$part"
		[ "$free" -gt $((rate * 3)) ] || fail "no faster without a limit: $free bytes/s"
		measure up --set "Network.Driver=$driver"
		free=$rate
		measure up --set "Network.Driver=$driver" --set 'Network.NetworkRateMax=1M'
		about $((1024 * 1024)) "$part"
		[ "$free" -gt $((rate * 3)) ] || fail "no faster without a limit: $free bytes/s"
	done
}

@test "two rates: down, and up" {
	local rate
	measure down --set 'Network.NetworkRateMax=3M 1M'
	about $((3 * 1024 * 1024))
	measure up --set 'Network.NetworkRateMax=3M 1M'
	about $((1024 * 1024))
}

@test "several connections share it" {
	local rate
	begin_clock
	sbh -p shell --net private --set 'Network.NetworkRateMax=1M' -- sh -c 'for i in 1 2 3; do
		curl -sS --max-time 25 -o /dev/null http://203.0.113.10/bytes/1000000 & done; wait'
	exited 0
	rate=$((3000000 * 1000 / ((${EPOCHREALTIME/[.,]/} - begun) / 1000)))
	about $((1024 * 1024))
}

@test "names are still resolved, and the loopback has no limit" {
	sbh -p shell --allow good.test --set 'Network.NetworkRateMax=100K' -- sh -c '
		curl -sS --max-time 20 -4 http://good.test/
		python3 -u -m http.server -b 127.0.0.1 80 >said 2>&1 & until grep -q Serving said; do sleep 0.05; done
		curl -sS --max-time 50 -o /dev/null -w "%{time_total} %{size_download}\n" http://127.0.0.1/data; kill $!'
	exited 0
	[ "${lines[0]}" = 'world 203.0.113.10' ] || report 'no name'
	# With it, this would take 29 s.
	awk -v bytes="$BYTES" '{ exit !($1 < 15 && $2 == bytes) }' <<<"${lines[1]}" || report 'limited'
}

@test "the program cannot lift it" {
	local rate
	for word in 'tc qdisc del dev tap0 root' 'tc qdisc del dev tap0 ingress' 'ip link set down0 down' \
		'ip link del down0'; do
		sbh -p shell --net private --set 'Network.NetworkRateMax=1M' -- sh -c "$word"
		[ "$status" -ne 0 ] || report "it could: $word"
	done
}

@test "what is no rate is refused by name" {
	local word
	for word in 0 1 fast '1M 1M 1M' -1M '1M/s' 1T1 99999999999999999999; do
		sbh -p shell --net private --set "Network.NetworkRateMax=$word" -- true
		refused 'NetworkRateMax' || fail "accepted: $word"
	done
	sbh -p shell --set 'Network.NetworkRateMax=1M' --net none -- true
	refused
}
