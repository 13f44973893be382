#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What belongs to a connection that was let through is let through. So programs make connections: with themselves, in
# the name of others, with whoever sends first, with the parts of packets, with the resolver's own port.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

setup_file() {
	world_begin
	# Metadata of clouds beside 169.254.169.254; and a host whose address a sandbox has as well.
	out_there ip -batch - <<-EOF
		addr add 100.100.100.200/32 dev lo
		addr add 168.63.129.16/32 dev lo
		addr add 192.0.0.192/32 dev lo
		addr add 10.0.2.100/32 dev lo
		addr add fd00:ec2::254/128 dev lo nodad
		addr add fd20:ce::254/128 dev lo nodad
		addr add fd00::100/128 dev lo nodad
	EOF
}

teardown_file() {
	world_end
}

setup() {
	net_setup
	need dnsmasq python3
}

teardown() {
	net_teardown
}

readonly DRIVERS=(slirp4netns pasta) METADATA=(100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254)

@test "with itself on the loopback, then out of the device" {
	local driver way kind ends
	for driver in "${DRIVERS[@]}"; do
		listen in_host 127.0.0.1 ::1
		listen out_there 10.0.2.100 fd00::100
		for way in '--net private' '--allow good.test' '--allow 0.0.0.0/0 --allow ::/0'; do
			read -ra way <<<"$way"
			for kind in udp tcp; do
				for ends in '10.0.2.100 127.0.0.1' 'fd00::100 ::1' '10.0.2.100 10.0.2.100' 'fd00::100 fd00::100'; do
					# shellcheck disable=SC2086 # two words
					sbh -p shell --set "Network.Driver=$driver" "${way[@]}" -- python3 itself.py "$kind" $ends 7777
					exited 0
					# Its own address is never out of the device.
					[[ $output != answered || $ends == *0\ *0 ]] || report "${way[*]} $kind $ends" || return 1
				done
			done
		done
		heard_nothing in_host 127.0.0.1
		heard_nothing out_there 10.0.2.100
	done
}

@test "a name server of the host's own loopback is not asked past the resolver" {
	local driver
	HOST_SETUP="echo nameserver 127.0.0.1 >$WORLD/local.conf && mount --bind $WORLD/local.conf /etc/resolv.conf"
	for driver in "${DRIVERS[@]}"; do
		: >"$WORLD/queries.host"
		sbh -p shell --set "Network.Driver=$driver" --allow good.test -- python3 itself.py udp 10.0.2.100 127.0.0.53 53
		sbh -p shell --set "Network.Driver=$driver" --allow good.test -- python3 takeover.py 10.0.2.3 good.test
		! grep -E 'evil|secret' "$WORLD/queries.host" || report "$driver: asked"
	done
}

@test "from the port of the resolver's question, whose connection is known still" {
	local driver server
	for server in 'slirp4netns 10.0.2.3' 'pasta 203.0.113.53'; do
		driver=${server% *}
		world_forget
		LIMIT=60 sbh -p shell --set "Network.Driver=$driver" --allow good.test -- python3 takeover.py "${server#* }" good.test
		exited 0
		[[ $output == sent\ * ]] || report 'it did not try'
		asked 'good.test TXT'
		unasked 'secret'
	done
	# It is the list that holds it.
	sbh -p shell --allow good.test --allow 203.0.113.53 -- python3 takeover.py 203.0.113.53 good.test
	asked 'secret.evil.test TXT'
}

@test "an unlisted host that sends first is not answered; one that is published to is" {
	local driver from listed to
	for driver in "${DRIVERS[@]}"; do
		for from in 203.0.113.66 2001:db8:77::66; do
			listed=203.0.113.10 to=198.51.100.2
			[[ $from != *:* ]] || listed=2001:db8:77::10 to=2001:db8:1::2
			begin_h run -p shell --set "Network.Driver=$driver" --allow "$listed" -- python3 cone.py "$listed" 7
			out_there python3 "$PWD/spray.py" "$from" "$to" 3 >sprayed
			wait "$launcher" || true
			never grep from "$BATS_TEST_TMPDIR/started"
			[ ! -s sprayed ] || fail "$driver: $(cat sprayed)"
		done
		begin_h run -p shell --set "Network.Driver=$driver" --allow 203.0.113.10 --publish 0.0.0.0:40123:40123/udp -- \
			python3 cone.py 203.0.113.10 7
		out_there python3 "$PWD/udp.py" 198.51.100.2 40123 hello >answer
		wait "$launcher" || true
		grep -q secret answer || fail "$driver: $(cat answer)"
	done
}

@test "the metadata of clouds, wherever it is, unless it is named" {
	local driver address
	listen out_there "${METADATA[@]}"
	for driver in "${DRIVERS[@]}"; do
		for address in "${METADATA[@]}"; do
			sbh -p shell --set "Network.Driver=$driver" --net private -- python3 udp.py "$address" 7777 stray
			said 'Operation not permitted'
			said 'to the host itself refused'
			sbh -p shell --set "Network.Driver=$driver" --allow 0.0.0.0/0 --allow ::/0 --allow 100.64.0.0/10 \
				--allow fd00::/8 -- python3 udp.py "$address" 7777 stray
			said 'Operation not permitted'
		done
	done
	never grep -q stray heard.out_there
	[[ $address == fd20:ce::254 ]]
	sbh -p shell --allow "[$address]" -- python3 udp.py "$address" 7777 end
	wait_for 5 grep -q end heard.out_there
}

@test "the second part of a datagram is not one to another port" {
	local driver
	listen out_there 203.0.113.10
	for driver in "${DRIVERS[@]}"; do
		sbh -p shell --set "Network.Driver=$driver" --allow 203.0.113.10:7 -- python3 fragment.py 203.0.113.10 7 7777
		exited 0
	done
	heard_nothing out_there 203.0.113.10
}

@test "to everybody on the link: nobody hears it" {
	local driver
	in_background in_host group python3 -c '
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5353))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton("224.0.0.251"),
	socket.inet_aton("198.51.100.2")))
print("up", flush=True)
while True:
	print(s.recv(99).decode(), flush=True)'
	for driver in "${DRIVERS[@]}"; do
		sbh -p shell --set "Network.Driver=$driver" --net private -- python3 udp.py -w 1.5 224.0.0.251 5353 stray
		sbh -p shell --set "Network.Driver=$driver" --net private -- python3 udp.py -w 1.5 ff02::fb%tap0 5353 stray
	done
	in_host python3 "$PWD/udp.py" -w 1.5 224.0.0.251 5353 end || true
	wait_for 5 grep -q end group
	never grep -q stray group
}

@test "a program that writes in the resolver's name without an end is ended when its time is up" {
	begin_h run -p shell --allow good.test --timeout 1s -- python3 endless.py 30
	begin_clock
	# A second, five of grace, and no more than it takes to look at what is there.
	LIMIT=12 ended
	[ "$status" = 137 ] || report 'killed'
	quick 12
}
