#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A network of its own: what is reached by way of it, what of the host is not, and how it ends. Everything
# with both drivers.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

DRIVERS=(slirp4netns pasta)

# net DRIVER [ARG...]: the launcher with such a network.
net() {
	echo "driver: $1" # seen where the test fails
	sbh -p shell --net private --set "Network.Driver=$1" "${@:2}"
}

@test "HTTP and HTTPS by name, over both families" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		net "$driver" -- sh -euc 'for way in -4 -6; do
			curl -sS --max-time 5 "$way" http://good.test/
			curl -sS --max-time 5 "$way" --cacert ca.pem https://other.test/; done'
		exited 0
		printed $'world 203.0.113.10\nworld 203.0.113.11\nworld 2001:db8:77::10\nworld 2001:db8:77::11'
		silent
	done
	asked '^udp 203\.0\.113\.53 good\.test AAAA$'
	# Without it there is none.
	world_forget
	sbh -p shell -- curl -sS --max-time 5 http://203.0.113.10/
	exited 7
	untouched good
}

@test "a long answer, which has to come over TCP" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		net "$driver" -- getent ahostsv4 chain.test
		exited 0
		shows '^192\.0\.2\.1 ' '^192\.0\.2\.40 '
	done
	asked '^tcp 203\.0\.113\.53 chain\.test A$'
}

@test "ping, and UDP over both families" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		net "$driver" -- ping -n -c 1 -W 20 good.test
		exited 0
		net "$driver" -- python3 udp.py 203.0.113.10 7 one two
		printed 'world 203.0.113.10 one two'
		net "$driver" -- python3 udp.py 2001:db8:77::11 7 three
		printed 'world 2001:db8:77::11 three'
	done
	# libslirp does not answer echo requests of IPv6.
	net pasta -- ping -n -6 -c 1 -W 20 good.test
	exited 0
}

@test "a resolv.conf that is a link into /run" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		HOST_SETUP=$OWN_ETC'mount -t tmpfs none /run; mkdir /run/resolve
			cp "$WORLD/resolv.conf" /run/resolve/; ln -s ../run/resolve/resolv.conf /etc/resolv.conf' \
			net "$driver" -- sh -euc 'curl -sS --max-time 5 -4 http://good.test/; readlink /etc/resolv.conf'
		exited 0
		printed $'world 203.0.113.10\n../run/resolve/resolv.conf'
	done
}

@test "a resolv.conf with the host's own resolver, which only the host's loopback has" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		: >"$WORLD/queries.host"
		HOST_SETUP=$OWN_ETC'echo nameserver 127.0.0.53 >/etc/resolv.conf' \
			net "$driver" -- curl -sS --max-time 5 -4 http://good.test/
		exited 0
		printed 'world 203.0.113.10'
		grep -q 'good.test A$' "$WORLD/queries.host" || fail 'the resolver was not asked'
	done
	unasked .
}

@test "no resolv.conf at all" {
	local driver
	need dnsmasq
	HOST_SETUP=$OWN_ETC outside_h sh -c 'test ! -e /etc/resolv.conf && getent ahostsv4 good.test'
	exited 0
	for driver in "${DRIVERS[@]}"; do
		HOST_SETUP=$OWN_ETC net "$driver" -- curl -sS --max-time 5 -4 http://203.0.113.10/
		exited 0
		HOST_SETUP=$OWN_ETC net "$driver" -- curl -sS --max-time 5 -4 http://good.test/
		exited 0
		printed 'world 203.0.113.10'
	done
}

@test "a resolver of another user's own, on a host of IPv6 only" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		HOST_SETUP=$OWN_ETC'echo nameserver 2001:db8:77::53 >/etc/resolv.conf' \
			net "$driver" -- curl -sS --max-time 5 -6 http://good.test/
		exited 0
		printed 'world 2001:db8:77::10'
	done
	asked '^udp 2001:db8:77::53 good\.test AAAA$'
}

# The host's own, at each address by which it could be reached, and the metadata of a cloud.
HOST_OWN=(10.0.2.2:8000 '[fd00::2]:8000' 127.0.0.1:8000 '[::1]:8000' 127.0.0.53:53 169.254.169.254:80
	'[::ffff:10.0.2.2]:8000' '[::ffff:127.0.0.1]:8000' '[::ffff:169.254.169.254]:80' '[fe80::1%tap0]:8000')

# 82 is IFA_F_NODAD and IFA_F_PERMANENT: without the former it is useless until a worker of the kernel comes to it, and
# who connects meanwhile waits for 3 s in vain. 400 is the metric of our own route, which waits for nobody either.
@test "the address of IPv6 is there from the first moment" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		net "$driver" -- grep -w tap0 /proc/net/if_inet6
		[[ $output =~ ^fd000000000000000000000000000100\ [0-9a-f]+\ 40\ 00\ 82\ +tap0$ ]] || report address
		net "$driver" -- grep -E '^fd000000000000000000000000000100 80 .* 00000400 .* tap0$' /proc/net/ipv6_route
		exited 0
	done
}

udp_refused() {
	exited 1 || return 1
	said '^(ConnectionRefused|Permission)Error'
}

@test "the host's loopback and the metadata are closed, and at once" {
	local driver address
	outside_h curl -sS --max-time 5 http://127.0.0.1:8000/ 'http://[::1]:8000/' http://169.254.169.254/
	printed $'host 127.0.0.1\nhost ::1\nworld 169.254.169.254'
	world_forget
	for driver in "${DRIVERS[@]}"; do
		for address in "${HOST_OWN[@]}"; do
			echo "address: $address"
			net "$driver" -- curl -sSv --max-time 300 "http://$address/"
			curl_refused
		done
		net "$driver" -- curl -s --max-time 10 http://10.0.2.2:8000/
		[ "$stderr" = 'sandbox: 1 connection to the host itself refused (first: 10.0.2.2:8000)' ] ||
			report 'it is not said'
		net "$driver" -- python3 udp.py 10.0.2.2 8007
		udp_refused
		net "$driver" -- python3 udp.py fd00::2 8007
		udp_refused
		net "$driver" -- ping -n -c 1 -W 1 10.0.2.2
		[ "$status" -ne 0 ] || report reached
	done
	untouched meta
}

@test "the host's loopback is closed also with a published port" {
	local driver address
	for driver in "${DRIVERS[@]}"; do
		for address in 10.0.2.2:8000 '[fd00::2]:8000' 169.254.169.254:80; do
			net "$driver" --publish 8080:8080 --publish 8080:8080/udp -- \
				curl -sSv --max-time 300 "http://$address/"
			curl_refused
		done
		net "$driver" --publish 8080:8080/udp -- python3 udp.py 10.0.2.2 8007
		udp_refused
		net "$driver" --publish 8080:8080/udp -- python3 udp.py fd00::2 8007
		udp_refused
	done
}

@test "HostLoopback=yes opens the loopback, and only that" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		net "$driver" --set Network.HostLoopback=yes -- \
			curl -sS --max-time 5 http://10.0.2.2:8000/ 'http://[fd00::2]:8000/'
		exited 0
		printed $'host 127.0.0.1\nhost ::1'
		net "$driver" --set Network.HostLoopback=yes -- python3 udp.py 10.0.2.2 8007
		printed 'host 127.0.0.1 hello'
		net "$driver" --set Network.HostLoopback=yes -- curl -sSv --max-time 300 http://169.254.169.254/
		curl_refused
	done
	untouched meta
}

@test "nothing but the program's own processes is inside, and nothing is left" {
	local driver helpers
	for driver in "${DRIVERS[@]}"; do
		begin_h run -p shell --net private --set "Network.Driver=$driver" -- \
			sh -c 'ls -d /proc/[0-9]* | wc -l; echo ready; exec sleep 60'
		mapfile -t helpers < <(children "$launcher")
		[ -n "$(driver_of "$launcher")" ] || fail "no $driver"
		kill -TERM "$launcher"
		ended
		exited 143
		wait_for 2 gone "${helpers[@]}" || fail "left: ${helpers[*]}"
		# PID 1, the shell, ls and wc: no driver, no resolver.
		[ "$(head -n 1 <<<"$output")" -le 4 ] || report 'somebody else is inside'
	done
	no_leftovers
}

@test "the program has no say in the network: routes, addresses, devices, rules" {
	local driver word
	for driver in "${DRIVERS[@]}"; do
		for word in 'ip link set tap0 down' 'ip addr add 10.0.2.7/24 dev tap0' 'ip route del default' \
			'ip link add v0 type veth' 'nft flush ruleset' 'tc qdisc add dev tap0 root noqueue' \
			'sh -c "echo 1 >/proc/sys/net/ipv4/ip_forward"' \
			'ip neigh add 10.0.2.9 lladdr 1:2:3:4:5:6 dev tap0' \
			'sh -c "echo nameserver 203.0.113.88 >/etc/resolv.conf"'; do
			net "$driver" -- sh -c "$word"
			[ "$status" -ne 0 ] || report "it could: $word"
		done
	done
}

# The program of the next two: says what it gets, again and again, until it gets nothing.
POLL='until curl -sS --max-time 2 http://203.0.113.10/ >/dev/null; do :; done; echo ready
	while curl -sS --max-time 2 http://203.0.113.10/ >/dev/null; do sleep 0.05; done; echo ended'

@test "a driver that is killed takes the network along, and that is said" {
	local driver pid
	for driver in "${DRIVERS[@]}"; do
		begin_h run -p shell --net private --set "Network.Driver=$driver" -- sh -c "$POLL"
		pid=$(driver_of "$launcher")
		kill -KILL "$pid"
		LIMIT=20 ended
		exited 0
		shows '^ended$'
		said "^sandbox: .*$driver"
	done
	no_leftovers
}

@test "a launcher that is killed leaves neither driver nor resolver" {
	local driver helpers
	need dnsmasq
	for driver in "${DRIVERS[@]}"; do
		begin_h run -p shell --net private --set "Network.Driver=$driver" --allow good.test -- \
			sh -c 'echo ready; exec sleep 60'
		mapfile -t helpers < <(children "$launcher")
		[ -n "$(children "$launcher" dnsmasq)" ] || fail 'no resolver'
		kill -KILL "$launcher"
		wait_for 5 gone "$launcher" "${helpers[@]}" || fail "left: ${helpers[*]}"
		launchers=()
		okh list --names # sweeps its entry
		printed ''
	done
	no_leftovers
}

@test "in the background" {
	local driver launcher helpers
	for driver in "${DRIVERS[@]}"; do
		okh run -d -n back -p shell --net private --set "Network.Driver=$driver" -- \
			sh -c 'curl -sS --max-time 5 -4 http://good.test/; exec sleep 60'
		launcher=$(awk '$1 == "launcher" { print $2 }' "$RUNNING/back/state")
		mapfile -t helpers < <(children "$launcher")
		wait_for 5 grep -aq 'world 203\.0\.113\.10' "$STATE/back/log" || fail 'nothing came'
		okh exec back curl -sS --max-time 5 -6 http://good.test/
		printed 'world 2001:db8:77::10'
		okh stop back
		wait_for 2 gone "${helpers[@]}" || fail "left: ${helpers[*]}"
		okh remove back
	done
}

@test "what belongs to a network of its own is refused without it" {
	local word
	for word in Network.HostLoopback=yes Network.NetworkRateMax=1M Network.Publish=8080:80 \
		Network.AllowHosts=good.test; do
		sbh -p shell --net host --set "$word" -- true
		refused "${word%%=*}|${word#*.}"
		sbh -p shell --net none --set "$word" -- true
		refused "${word%%=*}|${word#*.}"
	done
}

@test "host and none are what they were" {
	sbh -p shell --net host -- curl -sS --max-time 5 http://127.0.0.1:8000/
	printed 'host 127.0.0.1'
	sbh -p shell --net none -- curl -sS --max-time 5 http://127.0.0.1:8000/
	exited 7
}

@test "a launcher that is ended at any moment leaves nobody" {
	# shellcheck disable=SC2016 # for Python
	LIMIT=120 outside_h python3 -c '
import random, signal, subprocess, sys, time
ways = [[], ["--set", "Network.Driver=pasta"], ["--publish", "18080:80"]]
for i in range(60):
	launch = subprocess.Popen([sys.argv[1], "-p", "shell", "--allow", "good.test", *ways[i % 3], "sleep", "300"],
		stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
	time.sleep(random.random() * 0.06)
	launch.send_signal(signal.SIGKILL if i % 2 else signal.SIGTERM)
	launch.wait()' "$SANDBOX"
	exited 0
	sbh list # which sweeps the entries
	no_leftovers
}
