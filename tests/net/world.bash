# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A host with a network and the world beyond it, for tests that must not need any real one. Loaded after
# ../lib/common and ../live/live. What is made, and with which addresses, is in world-make; the names are in
# dns.py.
#
#   world_begin          for setup_file(): makes them, and what is needed to talk TLS and ssh in them
#   world_end            for teardown_file(): nothing is left
#   in_host CMD...       runs CMD as the same user, in the host's mount and network namespaces
#   sbh ARG...           the launcher there: leaves $status, $output, $stderr and $lines, like sb
#   outside_h, okh, begin_h         like outside, ok and begin of the live tests, there
#   out_there CMD...     runs CMD as root in the world's network
#   world_forget         the counters of packets and the log of queries begin anew
#   reached WHO, untouched WHO...   whether a packet has come for good, other, sub, evil, private, meta, dns,
#                        dns2
#   listen WHERE ADDRESS..., heard_nothing WHERE ADDRESS   whether anything came to that host (in_host, out_there)
#   asked WORDS, unasked REGEX      whether the world's DNS servers have seen a query
#
# WORLD is the directory of it: ca.pem, key (for ssh), known_hosts, git/repo.git.
#
# The variables are for the tests; status and others are set by capture.
# shellcheck disable=SC2034,SC2154

# For files that need no more; others define their own.
setup_file() {
	world_begin
}

teardown_file() {
	world_end
}

setup() {
	net_setup
}

teardown() {
	net_teardown
}

world_begin() {
	local i pids

	WORLD=$HOME/world
	export WORLD
	mkdir -m 0700 "$WORLD"
	world_keys
	world_repository
	printf 'nameserver 203.0.113.53\n' >"$WORLD/resolv.conf"
	printf '203.0.113.10 2001:db8:77::10\n' >"$WORLD/changing"
	: >"$WORLD/queries"
	: >"$WORLD/queries.host"
	unshare --user --map-root-user --mount --net --propagation private -- \
		"$ROOT/tests/net/world-make" "$WORLD" "$(id -u)" "$(id -g)" \
		</dev/null >"$WORLD/log" 2>&1 3>&- &
	WORLD_MAKER=$!
	export WORLD_MAKER
	for ((i = 0; i < 400 * ${SLOW:-1}; i++)); do
		[ ! -e "$WORLD/ready" ] || break
		if ! kill -0 "$WORLD_MAKER" 2>/dev/null; then break; fi
		sleep 0.05
	done
	if [ ! -e "$WORLD/ready" ]; then
		cat "$WORLD/log" >&2
		world_end
		fail 'the world was not made'
		return 1
	fi
	pids=$(cat "$WORLD/pids")
	WORLD_HOST=${pids#*host=} WORLD_NET=${pids#*world=} WORLD_USER=${pids#*nested=}
	export WORLD_HOST=${WORLD_HOST%% *} WORLD_NET=${WORLD_NET%% *} WORLD_USER=${WORLD_USER%% *}
}

# An authority of our own that has signed one server for all names; a key for ssh that opens the user's own
# server.
world_keys() {
	local names sshd=$WORLD/sshd_config

	names=$(python3 -B -c '
import sys
sys.path.insert(0, sys.argv[1])
import dns
print(",".join("DNS:" + n for n in [*dns.TABLE, "changing.test", "chain.test"]))' "$ROOT/tests/net")
	names+=,IP:203.0.113.10,IP:203.0.113.11,IP:203.0.113.66,IP:10.77.0.5
	names+=,IP:2001:db8:77::10,IP:2001:db8:77::11,IP:2001:db8:77::66,IP:fd77::5
	(
		cd "$WORLD" || exit 1
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
			-subj '/CN=tests' -keyout ca.key -out ca.pem 2>openssl.log &&
			openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
				-keyout server.key -out server.csr 2>>openssl.log &&
			openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
				-extfile <(echo "subjectAltName=$names") -out server.pem 2>>openssl.log ||
			{ cat openssl.log >&2; exit 1; }
	) || return 1
	[ -n "$(command -v sshd)" ] || return 0
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$WORLD/key" || return 1
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$WORLD/host_key" || return 1
	cp "$WORLD/key.pub" "$WORLD/authorized_keys"
	awk '{ print "*", $1, $2 }' "$WORLD/host_key.pub" >"$WORLD/known_hosts"
	# UsePAM needs root, StrictModes a home whose parents are root's, which the nobody of a namespace is not.
	printf '%s\n' 'Port 22' 'ListenAddress 0.0.0.0' 'ListenAddress ::' "HostKey $WORLD/host_key" \
		"AuthorizedKeysFile $WORLD/authorized_keys" 'PidFile none' 'UsePAM no' 'StrictModes no' \
		'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'UseDNS no' >"$sshd"
}

# A repository that needs no program at the server: git calls it the dumb protocol.
world_repository() {
	local work=$WORLD/work repo=$WORLD/git/repo.git

	mkdir -p "$WORLD/git"
	git init -q -b main "$work"
	echo 'from the repository' >"$work/file"
	git -C "$work" add file
	git -C "$work" -c user.name=Tester -c user.email=tester@localhost commit -q -m first
	git clone -q --bare "$work" "$repo"
	git -C "$repo" update-server-info
	rm -rf "$work"
}

# Everything that was started descends from the maker, so long as that lives; it is stopped meanwhile, and
# killed last.
world_end() {
	local pid pids i

	if [ -n "${WORLD_MAKER:-}" ]; then
		for ((i = 0; i < 50; i++)); do
			mapfile -t pids < <(world_descendants "$WORLD_MAKER")
			[ "${#pids[@]}" -gt 0 ] || break
			for pid in "${pids[@]}"; do
				kill -KILL "$pid" 2>/dev/null || true
			done
			sleep 0.02
		done
		kill -KILL "$WORLD_MAKER" 2>/dev/null || true
		wait_for 10 world_ended
	fi
	[ -z "${WORLD:-}" ] || rm -rf "$WORLD"
}

world_ended() {
	[ ! -e "/proc/$WORLD_MAKER" ] || grep -q '^State:.Z' "/proc/$WORLD_MAKER/status" 2>/dev/null
}

# world_descendants PID: what descends from it and lives.
world_descendants() {
	grep -sE '^(State|PPid):' /proc/[0-9]*/status | awk -v top="$1" '
		{ split($1, path, "/"); if ($1 ~ /State:$/) state[path[3]] = $2; else parent[path[3]] = $2 }
		function below(pid,  i) {
			for (i = 0; pid in parent && i < 100; i++) {
				pid = parent[pid]
				if (pid == top) return 1
			}
			return 0
		}
		END { for (pid in parent) if (state[pid] != "Z" && below(pid)) print pid }'
}

# host_root_words, host_words: set the array `words` to what a command has before it, to be root where the
# host is, or the same user. HOST_SETUP is shell text that changes the mounts for this command only.
host_root_words() {
	words=(nsenter -t "$WORLD_HOST" -U -m -n --preserve-credentials "--wdns=$PWD" --)
	[ -z "${HOST_SETUP:-}" ] || words+=(unshare --mount --propagation private
		bash -euc "$HOST_SETUP"$'\ncd "$PWD" && exec "$@"' host)
}

host_words() {
	host_root_words
	words+=(nsenter -t "$WORLD_USER" -U --preserve-credentials --)
}

in_host() {
	local words

	host_words
	"${words[@]}" "$@"
}

out_there() {
	local words

	host_root_words
	"${words[@]}" nsenter -t "$WORLD_NET" -n -- "$@"
}

# in_background WHERE FILE CMD...: there (in_host, out_there), with what it prints in FILE, until it has said `up`.
in_background() {
	local words
	host_root_words
	[ "$1" = in_host ] || words+=(nsenter -t "$WORLD_NET" -n --)
	rm -f "$2" # an earlier one has said it as well
	"${words[@]}" "${@:3}" >"$2" 2>&1 3>&- &
	launchers+=("$!")
	wait_for 5 grep -qs up "$2" || fail "$(cat "$2")"
}

# listen WHERE ADDRESS...: hear.py there on port 7777, with what it hears in `heard.WHERE`.
listen() {
	in_background "$1" "heard.$1" python3 "$PWD/hear.py" 7777 "${@:2}" || return 1
	listeners[$1]=${launchers[-1]}
}

# heard_nothing WHERE ADDRESS: it hears us there, and has heard nothing else; then it has ended, and its port is free.
heard_nothing() {
	"$1" python3 "$PWD/udp.py" "$2" 7777 end >/dev/null 2>&1 || true
	wait_for 5 grep -q end "heard.$1" || fail "$1 is deaf" || return 1
	wait "${listeners[$1]}" || fail "$1 has failed" || return 1
	[ "$(cat "heard.$1")" = $'up\nend' ] || fail "$1 has heard:" "$(cat "heard.$1")"
}

sbh() {
	local words

	host_words
	capture setsid --wait timeout --kill-after=5 "$((${LIMIT:-60} * ${SLOW:-1}))" \
		"${words[@]}" "$SANDBOX" "$@"
}

# okh ARG...: and it must succeed in silence on standard error.
okh() {
	sbh "$@"
	exited 0 || return 1
	[ -z "$stderr" ] || report "standard error should be empty"
}

# outside_h CMD...: a command on that host, like outside.
outside_h() {
	local words

	host_words
	capture timeout --kill-after=5 "${LIMIT:-60}" "${words[@]}" "$@"
}

# begin_h ARG...: the launcher in the background until its program wrote `ready`, like begin in
# ../live/running; $launcher is its process, for nsenter(1) becomes it.
begin_h() {
	local words

	host_words
	rm -f "$BATS_TEST_TMPDIR/started"
	env --default-signal=INT,QUIT "${words[@]}" "$SANDBOX" "$@" >"$BATS_TEST_TMPDIR/started" \
		2>"$BATS_TEST_TMPDIR/started.err" </dev/null 3>&- &
	launcher=$!
	launchers+=("$launcher")
	wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/started" ||
		fail "not started:" "$(cat "$BATS_TEST_TMPDIR/started.err")"
}

# net_setup, net_teardown: for setup() and teardown() of a file with a world: a project with the probes and
# the authority's certificate in it, and places for sandboxes that run.
net_setup() {
	export XDG_RUNTIME_DIR=$HOME/run
	RUNNING=$XDG_RUNTIME_DIR/sandbox
	STATE=$HOME/.local/state/sandbox
	(umask 077 && mkdir -p "$RUNNING" "$STATE")
	launchers=()
	declare -gA listeners=()
	setup_project
	cp "$WORLD/ca.pem" "$ROOT"/tests/net/probes/*.py .
	world_forget
}

net_teardown() {
	local pid name

	for pid in "${launchers[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	for name in $(in_host "$SANDBOX" list --names 2>/dev/null); do
		in_host timeout 10 "$SANDBOX" stop --force "$name" 2>/dev/null || true
	done
	remove_tree "$XDG_RUNTIME_DIR"
	remove_tree "$HOME/.local"
	teardown_project
}

# children PID [NAME]: its children, of that name; a zombie is none.
children() {
	grep -sE '^(Name|State|PPid):' /proc/[0-9]*/status | awk -v parent="$1" -v name="${2:-}" '
		{ split($1, path, "/"); pid = path[3] }
		$1 ~ /:Name:$/ { of[pid] = $2 }
		$1 ~ /:State:$/ { state[pid] = $2 }
		$1 ~ /:PPid:$/ && $2 == parent { all[pid] }
		END {
			for (pid in all)
				if (state[pid] != "Z" && (name == "" || index(of[pid], name) == 1)) print pid
		}'
}

# driver_of LAUNCHER: its slirp4netns or pasta, which executes passt, or a variant of it for this processor.
driver_of() {
	children "$1" slirp4netns
	children "$1" pas
}

# gone PID...: none of them is there any more.
gone() {
	local pid
	for pid; do
		[ ! -e "/proc/$pid" ] || grep -sq '^State:.Z' "/proc/$pid/status" || return 1
	done
}

# For HOST_SETUP: an /etc that can be changed, without a resolv.conf.
# shellcheck disable=SC2016
OWN_ETC='mkdir -p "$WORLD/etc"; mount -t tmpfs none "$WORLD/etc"
	cp -r --preserve=mode /etc/. "$WORLD/etc" 2>/dev/null || true
	mount --bind "$WORLD/etc" /etc; rm -f /etc/resolv.conf
'

# A driver that was killed leaves connections, whose last packets come when it has gone.
no_connections() {
	[ -z "$(in_host ss -Htn state connected exclude time-wait 2>/dev/null)" ]
}

world_forget() {
	wait_for 30 no_connections || fail "$(in_host ss -tn)" || return 1
	: >"$WORLD/queries"
	out_there nft reset counters >/dev/null
}

# packets WHO: how many came.
packets() {
	out_there nft -j list counter inet watch "to_$1" | python3 -c '
import json, sys
print(sum(c["counter"]["packets"] for c in json.load(sys.stdin)["nftables"] if "counter" in c))'
}

reached() {
	[ "$(packets "$1")" -gt 0 ] || report "not reached: $1"
}

untouched() {
	local who n
	for who; do
		n=$(packets "$who")
		[ "$n" = 0 ] || report "$n packets came to $who" || return 1
	done
}

asked() {
	grep -qE -e "$1" "$WORLD/queries" || report "not asked: $1"
}

unasked() {
	! grep -E -e "$1" "$WORLD/queries" >&2 || report "asked: $1"
}

# curl_refused: each attempt of the last command, a `curl -v`, was refused. That is told at once; who waits in vain, or
# for the kernel to give up, is told something else.
curl_refused() {
	exited 7 || return 1
	said ' failed: Connection refused$' || return 1
	! grep ' failed: ' <<<"$stderr" | grep -v ': Connection refused$' || report 'something else than refused'
}

# quick SECONDS: the last command that began at $begun took less.
begin_clock() {
	begun=${EPOCHREALTIME/[.,]/}
}

quick() {
	local took=$(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
	[ "$took" -lt $(($1 * 1000 * ${SLOW:-1})) ] || report "it took $took ms"
}
