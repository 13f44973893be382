#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Ports of a sandbox on the host: --publish, and `sandbox publish` for one that runs.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

DRIVERS=(slirp4netns pasta)

# serving DRIVER [ARG...]: a sandbox in the background with servers on its ports 80, 90 and 8080.
serving() {
	echo "driver: $1" # seen where the test fails
	begin_h run -n serving -p shell --net private --set "Network.Driver=$1" "${@:2}" -- \
		python3 serve.py 80 90 8080
}

stop_serving() {
	kill -TERM "$launcher"
	ended
	exited 143
}

# here URL, there URL: what a client on the host, or out there, gets; fails if nothing.
here() {
	outside_h curl -sS --max-time 5 "$1"
	exited 0
}

there() {
	local words
	host_root_words
	capture timeout 10 "${words[@]}" nsenter -t "$WORLD_NET" -n -- curl -sS --max-time 5 "$1"
	exited 0
}

# listening REGEX: a socket of the host listens there.
listening() {
	outside_h ss -Hlntu
	awk '{ print $1, $5 }' <<<"$output" | grep -Eq "^$1\$"
}

@test "a port is on the host's loopback, unless it is said otherwise, and gone at the end" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --publish 8080:80
		here http://127.0.0.1:8080/
		printed 'inside 80'
		listening 'tcp 127\.0\.0\.1:8080' || report 'not on the loopback'
		never listening 'tcp (0\.0\.0\.0|\*|198\.51\.100\.2|\[::\]):8080'
		never there http://198.51.100.2:8080/
		never here 'http://127.0.0.1:8090/'
		stop_serving
		never here http://127.0.0.1:8080/
		never listening '.*:8080'
		# And free for the next one, at once.
		serving "$driver" --publish 8080:90
		here http://127.0.0.1:8080/
		printed 'inside 90'
		stop_serving
	done
	no_leftovers
}

@test "an address of the host" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --publish 0.0.0.0:8080:80 --publish 127.0.0.1:8090:90 --publish 198.51.100.2:8091:90
		there http://198.51.100.2:8080/
		printed 'inside 80'
		here http://127.0.0.1:8080/
		printed 'inside 80'
		here http://127.0.0.1:8090/
		printed 'inside 90'
		never there http://198.51.100.2:8090/
		there http://198.51.100.2:8091/
		printed 'inside 90'
		never here http://127.0.0.1:8091/
		stop_serving
	done
}

@test "an IPv6 address, which slirp4netns cannot" {
	serving pasta --publish '[::1]:8080:80' --publish '[2001:db8:1::2]:8090:90'
	here 'http://[::1]:8080/'
	printed 'inside 80'
	there 'http://[2001:db8:1::2]:8090/'
	printed 'inside 90'
	stop_serving
	sbh -p shell --publish '[::1]:8080:80' -- touch ran
	refused 'Publish=\[::1\]:8080:80' 'pasta'
	[ ! -e ran ]
}

@test "UDP" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --publish 8080:8080/udp
		outside_h python3 "$PWD/udp.py" 127.0.0.1 8080 one two
		printed 'inside 8080 one two'
		never here http://127.0.0.1:8080/
		listening 'udp 127\.0\.0\.1:8080' || report 'not on the loopback'
		stop_serving
		never listening '.*:8080'
	done
	serving slirp4netns --publish 8080:80/udp
	outside_h python3 "$PWD/udp.py" 127.0.0.1 8080
	printed 'inside 80 hello'
	stop_serving
	# Debian 12's pasta loses what goes to another number.
	sbh -p shell --set Network.Driver=pasta --publish 8080:80/udp -- touch ran
	refused 'Publish=8080:80/udp' pasta
	[ ! -e ran ]
}

@test "UDP from the network" {
	local driver words
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --publish 0.0.0.0:8080:8080/udp
		host_root_words
		capture timeout 10 "${words[@]}" nsenter -t "$WORLD_NET" -n -- \
			python3 "$PWD/udp.py" 198.51.100.2 8080
		printed 'inside 8080 hello'
		stop_serving
	done
}

@test "both protocols of one port, and many ports" {
	local driver port
	local -a ports
	for port in {8100..8119}; do
		ports+=(--publish "$port:80")
	done
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --publish 8080:80 --publish 8080:8080/udp "${ports[@]}"
		here http://127.0.0.1:8080/
		printed 'inside 80'
		outside_h python3 "$PWD/udp.py" 127.0.0.1 8080
		printed 'inside 8080 hello'
		here http://127.0.0.1:8100/
		here http://127.0.0.1:8119/
		stop_serving
	done
}

@test "a port that is taken is refused before the program begins" {
	local driver
	for driver in "${DRIVERS[@]}"; do
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 8000:80 -- touch ran
		refused 'Publish=8000:80' '8000'
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 8007:80/udp -- touch ran
		refused 'Publish=8007:80/udp'
		# Only the loopback has this one over TCP; all addresses together are taken as well.
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 0.0.0.0:8000:80 -- touch ran
		refused 'Publish=0\.0\.0\.0:8000:80'
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 8080:80 --publish 8080:90 -- \
			touch ran
		refused '8080'
		# An address that the host does not have.
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 203.0.113.10:8080:80 -- touch ran
		refused 'Publish=203\.0\.113\.10:8080:80'
		# And one that only root may have.
		sbh -p shell --net private --set "Network.Driver=$driver" --publish 80:80 -- touch ran
		refused 'Publish=80:80' 'port'
	done
	[ ! -e ran ] || fail 'the program has run'
	here http://127.0.0.1:8000/
	printed 'host 127.0.0.1'
	no_leftovers
}

@test "what is no port is refused by name" {
	local word
	for word in '' 80 8080: :80 8080:80:90:1 8080:0 0:80 65536:80 8080:65536 8080:http 8080:80/sctp 8080:80/ \
		'8080:80 x' -1:80 +8080:80 localhost:8080:80 '[::1:8080:80' '::1:8080:80' 1.2.3:8080:80 0x50:80; do
		sbh -p shell --publish "$word" -- touch ran
		refused || fail "accepted: $word"
	done
	sbh -p shell --net none --publish 8080:80 -- touch ran
	refused
	sbh -p shell --net host --publish 8080:80 -- touch ran
	refused
	[ ! -e ran ]
}

@test "with an allow-list: who comes in is answered" {
	local driver
	need dnsmasq
	for driver in "${DRIVERS[@]}"; do
		serving "$driver" --allow good.test --publish 0.0.0.0:8080:80
		here http://127.0.0.1:8080/
		printed 'inside 80'
		there http://198.51.100.2:8080/
		printed 'inside 80'
		stop_serving
		silent
	done
}

@test "sandbox publish: one more port of a sandbox that runs" {
	serving slirp4netns --publish 8080:80 --publish 8081:80/udp
	okh publish serving 9090:90
	here http://127.0.0.1:9090/
	printed 'inside 90'
	never there http://198.51.100.2:9090/
	okh publish serving 9091:90/udp
	outside_h python3 "$PWD/udp.py" 127.0.0.1 9091
	printed 'inside 90 hello'
	okh publish serving 0.0.0.0:9092:90
	there http://198.51.100.2:9092/
	printed 'inside 90'
	here http://127.0.0.1:8080/
	stop_serving
	never listening '.*:(909[012]|808[01])'
}

@test "sandbox publish: several at once" {
	serving slirp4netns
	okh publish serving 9090:90 9080:80
	here http://127.0.0.1:9090/
	here http://127.0.0.1:9080/
	stop_serving
}

@test "sandbox publish: what cannot be is said" {
	sbh publish nobody 9090:90
	refused nobody
	serving slirp4netns
	sbh publish serving 8000:90
	refused 8000
	sbh publish serving 9090
	refused 9090
	sbh publish serving
	exited 125
	sbh publish
	exited 125
	# What lets answers to datagrams out is decided at the start.
	sbh publish serving 9091:90/udp
	refused udp
	okh publish serving 9090:90
	sbh publish serving 9090:80
	refused 9090
	here http://127.0.0.1:9090/
	printed 'inside 90'
	stop_serving
	begin_h run -n offline -p shell -- sh -c 'echo ready; exec sleep 60'
	sbh publish offline 9090:90
	refused 'network'
	stop_serving
	serving pasta
	sbh publish serving 9090:90
	refused pasta
	never listening '.*:9090'
	stop_serving
}
