# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a network of one's own costs: until the first byte, per second, and with many connections at once. Sourced by
# run, which has the tools and makes $work; and by network_host, for a host of its own: network and mount namespaces
# in which the only other host is one that is made for it, so that no figure depends on any real network.
#
#   host     198.51.100.2    where the launchers run
#   server   203.0.113.1     bench.test: HTTP, iperf3, names. Its 198.51.100.1 is the default route only: pasta takes
#                            the address of a router for that of the host
# shellcheck disable=SC2154 # here, work: run's

NET_SERVER=203.0.113.1
NET_NAME=bench.test
NET_SECONDS=600 # longer than all of it takes

# --- as root: the host ---

# network_host CMD...: runs it there. The namespaces go with the last process.
network_host() {
	unshare --mount --net --propagation private -- bash -euo pipefail -c '. "$1"
		shift
		servers=() texts=$(mktemp -d)
		trap network_host_end EXIT
		network_host_begin
		"$@"' bash "$here/network.bash" "$@"
}

network_host_begin() {
	local server

	# podman wants its tree to be shared, and its runtime knows no cgroup v1 that has v2 beside it.
	mount --make-rshared /
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 none /sys/fs/cgroup
	echo "nameserver $NET_SERVER" >"$texts/resolv.conf"
	chmod -R go=rX "$texts"
	mount --bind "$texts/resolv.conf" /etc/resolv.conf
	unshare --net timeout "$NET_SECONDS" sleep "$NET_SECONDS" &
	server=$!
	servers+=("$server")
	network_differs "$server"
	ip -batch - <<-END
		link set lo up
		link add out0 type veth peer name in0 netns $server
		addr add 198.51.100.2/30 dev out0
		link set out0 up
	END
	nsenter -t "$server" -n ip -batch - <<-END
		link set lo up
		addr add 198.51.100.1/30 dev in0
		addr add $NET_SERVER/32 dev lo
		link set in0 up
	END
	ip route add default via 198.51.100.1
	serve "$server" python3 -c "$NET_HTTP"
	serve "$server" taskset -c "$(network_cpu -1)" iperf3 --server
	serve "$server" dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-resolv \
		--no-hosts --listen-address="$NET_SERVER" --bind-interfaces --address="/$NET_NAME/$NET_SERVER"
	network_answers
}

# serve PID CMD...: in the network of PID.
serve() {
	nsenter -t "$1" -n timeout "$NET_SECONDS" "${@:2}" >/dev/null 2>"$texts/$2" &
	servers+=("$!")
}

# network_cpu 0, network_cpu -1: the first and the last processor. The server of throughput has one, and what is
# measured has to do with the other: where the kernel puts four processes on two processors makes a factor of two.
network_cpu() {
	python3 -c 'import os, sys; print(sorted(os.sched_getaffinity(0))[int(sys.argv[1])])' "$1"
}

# One request after the other, which is enough: the kernel has all connections meanwhile.
NET_HTTP='
import socket
s = socket.create_server(("", 80), backlog=4096)
while True:
    c, _ = s.accept()
    c.settimeout(5)
    try:
        c.recv(4096)
        c.sendall(b"HTTP/1.0 200 OK\r\n\r\nx")
    except OSError:
        pass
    c.close()
'

# Until a process is in another network than we are.
network_differs() {
	local i

	for ((i = 0; i < 500; i++)); do
		[ "$(readlink "/proc/$1/ns/net")" = "$(readlink /proc/self/ns/net)" ] || return 0
		sleep 0.01
	done
	return 1
}

network_answers() {
	local i

	for ((i = 0; i < 500; i++)); do
		! python3 -c 'import socket, sys
for port in 80, 5201: socket.create_connection((sys.argv[1], port), 1).close()' "$NET_NAME" 2>/dev/null || return 0
		sleep 0.02
	done
	cat "$texts"/* >&2
	return 1
}

network_host_end() {
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
	wait
	rm -rf "$texts"
}

# --- as the user ---

network_client() {
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -o "$work/project/get" "$here/get.c"
}

# bare CMD...: a user and a network namespace with slirp4netns, and nothing else.
network_bare() {
	mkfifo "$work/up" "$work/ready"
	cat >"$work/bare" <<-'END'
		#!/bin/sh
		work=${0%/*}
		unshare -Urn sh -c 'echo $$ >"$0/up"; read go <"$0/ready"; exec "$@"' "$work" "$@" &
		read -r pid <"$work/up"
		slirp4netns --configure --mtu=65520 --ready-fd=3 "$pid" tap0 3>"$work/ready" >/dev/null 2>&1 &
		driver=$!
		wait "$pid"
		status=$?
		kill "$driver"
		exit "$status"
	END
	chmod +x "$work/bare"
}

# A root for podman, with the client and its libraries; podman's own files are kept apart from the user's.
network_podman() {
	local rootfs=$work/rootfs

	mkdir -p "$rootfs" "$work/podman"
	mkdir -m 0700 "$work/podman/run"
	cp get "$rootfs/"
	ldd get | grep -o '/[^ ]*' | xargs cp --parents -t "$rootfs"
	podman=(env "HOME=$work/podman" "XDG_RUNTIME_DIR=$work/podman/run" podman)
}

# What it keeps running for the next one.
network_podman_end() {
	local pid=$work/podman/run/libpod/tmp/pause.pid

	[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
}

# via WAY CMD...
via() {
	local sandboxed=("$SANDBOX" -p build --net private)

	case $1 in
	podman) "${podman[@]}" run --rm --cgroups=disabled --log-driver=none --network slirp4netns \
		--rootfs "$work/rootfs" "/${2##*/}" "${@:3}" ;;
	bare) "$work/bare" "${@:2}" ;;
	bare-pasta) pasta --config-net --quiet -t none -u none -T none -U none -- "${@:2}" ;;
	sandbox) "${sandboxed[@]}" -- "${@:2}" ;;
	address) "${sandboxed[@]}" --allow "$NET_SERVER" -- "${@:2}" ;;
	name) "${sandboxed[@]}" --allow "$NET_NAME" -- "${@:2}" ;;
	pasta) "${sandboxed[@]}" --set Network.Driver=pasta -- "${@:2}" ;;
	esac
}

# What is asked for by WAY.
network_goal() {
	[ "$1" = name ] && echo "$NET_NAME" || echo "$NET_SERVER"
}

# in_turn N MEASURE WAY...: a figure of each, N times, into $work/MEASURE.WAY. The first round only warms up.
in_turn() {
	local n=$1 measure=$2 way i

	for ((i = 0; i <= n; i++)); do
		for way in "${@:3}"; do
			"$measure" "$way" >"$work/figure" ||
				{ echo "bench: $measure $way failed" >&2; return 1; }
			[ "$i" = 0 ] || cat "$work/figure" >>"$work/$measure.$way"
		done
	done
}

# figure MEASURE WAY: the median.
figure() {
	median <"$work/$1.$2"
}

# figures FACTOR FORMAT MEASURE WAY...
figures() {
	local way

	for way in "${@:4}"; do
		figure "$3" "$way"
	done | awk -v by="$1" -v format="$2" '{ printf("%s" format, (NR > 1 ? ", " : ""), $1 * by) }'
}

# First byte of the first connection; not the end, since podman takes long to tidy up.
first_byte() {
	local begun=${EPOCHREALTIME/[.,]/} ended

	read -r _ ended _ < <(via "$1" ./get "$(network_goal "$1")" 2>"$work/errors")
	[ -n "$ended" ] || { cat "$work/errors" >&2; return 1; }
	echo $((ended - begun))
}

network_starts() {
	local ways=(bare sandbox address name pasta bare-pasta)

	if [ ${#podman[@]} -eq 0 ]; then
		row '  podman: not installed' -
	elif first_byte podman >/dev/null 2>&1; then
		ways=(podman "${ways[@]}")
	else
		row '  podman: does not run here' -
	fi
	in_turn "$((RUNS < 50 ? RUNS : 50))" first_byte "${ways[@]}"
	row '  first byte: unshare and slirp4netns; sandbox --net private' \
		"$(figures 0.001 '%.0f' first_byte bare sandbox) ms"
	row '  first byte: --allow ADDRESS, --allow NAME' "$(figures 0.001 '%.0f' first_byte address name) ms"
	row '  first byte: pasta --config-net; sandbox, Driver=pasta' \
		"$(figures 0.001 '%.0f' first_byte bare-pasta pasta) ms"
	row 'first byte: sandbox / unshare and slirp4netns' "$(network_ratio first_byte sandbox bare)"
	row 'first byte: sandbox, Driver=pasta / pasta' "$(network_ratio first_byte pasta bare-pasta)"
	[ "${ways[0]}" = podman ] || return 0
	row '  first byte: podman run --network slirp4netns' "$(figures 0.001 '%.0f' first_byte podman) ms"
	row 'first byte: sandbox / podman' "$(network_ratio first_byte sandbox podman)" '<= 1.00'
	row 'first byte: sandbox --allow ADDRESS / podman' "$(network_ratio first_byte address podman)" '<= 1.00'
	row 'first byte: sandbox --allow NAME / podman' "$(network_ratio first_byte name podman)" '<= 1.00'
	row 'first byte: sandbox, Driver=pasta / podman' "$(network_ratio first_byte pasta podman)" '<= 1.00'
}

# network_ratio MEASURE WAY OTHER
network_ratio() {
	ratio "$(figure "$1" "$2")" "$(figure "$1" "$3")"
}

# Bits per second that the receiver has seen in a second.
download() {
	upload "$1" --reverse
}

# A server that is not yet done with the one before is asked again.
upload() {
	local i

	for ((i = 0; i < 5; i++)); do
		via "$1" iperf3 --client "$(network_goal "$1")" --connect-timeout 5000 --time 1 "${@:2}" --json \
			>"$work/iperf" 2>"$work/errors" || true
		! python3 -c 'import json, sys
print(int(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"]))' <"$work/iperf" 2>/dev/null || return 0
		sleep 0.2
	done
	cat "$work/iperf" "$work/errors" >&2
	return 1
}

network_throughput() {
	local way

	taskset -cp "$(network_cpu 0)" "$BASHPID" >/dev/null
	for way in download upload; do
		in_turn "${TURNS:-7}" "$way" bare sandbox address name bare-pasta pasta
		row "  $way: slirp4netns bare; sandbox, with an address, a name" \
			"$(figures 1e-9 '%.1f' "$way" bare sandbox address name) Gbit/s"
		row "  $way: pasta bare; sandbox" "$(figures 1e-9 '%.1f' "$way" bare-pasta pasta) Gbit/s"
		row "$way: sandbox / slirp4netns" "$(network_ratio "$way" sandbox bare)" '>= 0.95'
		row "$way: sandbox / pasta" "$(network_ratio "$way" pasta bare-pasta)" '>= 0.95'
		row "$way: --allow ADDRESS / no list" "$(network_ratio "$way" address sandbox)" '>= 0.97'
		row "$way: --allow NAME / no list" "$(network_ratio "$way" name sandbox)" '>= 0.97'
	done
}

# Microseconds from the first of a thousand connections to the last one's byte; and how many did not get it.
thousand() {
	local begun ended got

	read -r begun ended got < <(via "$1" ./get "$(network_goal "$1")" 1000 2>"$work/errors")
	[ -n "$got" ] || { cat "$work/errors" >&2; return 1; }
	echo $((1000 - got)) >>"$work/lost.$1"
	echo $((ended - begun))
}

network_connections() {
	local ways=(bare sandbox name bare-pasta pasta) way

	in_turn "${TURNS:-7}" thousand "${ways[@]}"
	row '  1,000 connections at once: slirp4netns; sandbox; --allow NAME' \
		"$(figures 0.001 '%.0f' thousand bare sandbox name) ms"
	row '  1,000 connections at once: pasta; sandbox' "$(figures 0.001 '%.0f' thousand bare-pasta pasta) ms"
	for way in "${ways[@]}"; do
		row "failed of 1,000 connections at once, the most: $way" "$(sort -n "$work/lost.$way" | tail -n 1)" \
			"$([[ $way = bare* ]] || echo '<= 0')"
	done
}

network() {
	[ -n "${BENCH_NETWORK:-}" ] || { row '  (network: only root can make a host to measure with)' -; return; }
	local podman=()

	trap 'network_podman_end; rm -rf "$work"' EXIT
	network_client
	network_bare
	[ -z "$(command -v podman)" ] || network_podman
	network_starts
	network_podman_end
	(network_throughput)
	network_connections
}
