# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What packages.bats has beyond world.bash, after which it is loaded: the world's host has subordinate ids, so that
# --user root works; and a registry for each tool is out there.
#
#   packages_begin, packages_end    for world_begin and world_end
#   on_machine CMD...    runs CMD as the root of that host; its /etc is the tests' own
#   allowed ARG...       what explain says is allowed, a host a line
#   looked FILE          what the install script has found is in FILE, and it is nothing
#   looks_outside        the same script finds all of it where no sandbox is
#
# The variables are for the tests; status and others are set by capture.
# shellcheck disable=SC2034,SC2154

NPM=https://good.test:8444/npm/
PIP=https://other.test:8444/simple/
CARGO=https://good.test:8444/cargo/
APT=http://deep.sub.good.test:8090/apt/

# Who the user is on that host.
WORLD_ID=65535

packages_begin() {
	local i pids words

	WORLD=$HOME/world
	export WORLD
	mkdir -m 0700 "$WORLD"
	world_keys
	rm -f "$WORLD/sshd_config"
	mkdir "$WORLD/git"
	printf 'nameserver 203.0.113.53\n' >"$WORLD/resolv.conf"
	printf '203.0.113.10\n' >"$WORLD/changing"
	: >"$WORLD/queries"
	: >"$WORLD/queries.host"
	python3 -B "$ROOT/tests/net/packages-make.py" "$WORLD/registry" "$ROOT/tests/net/packages-look.sh" \
		"$NPM" "$PIP" "$CARGO" "$APT" || return 1
	unshare --user --map-auto "--map-user=$WORLD_ID" "--map-group=$WORLD_ID" --setuid 0 --setgid 0 \
		--mount --net --propagation private -- \
		"$ROOT/tests/net/packages-world" "$WORLD" "$WORLD_ID" "$WORLD_ID" "$(id -u)" \
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
		packages_end
		fail 'the world was not made'
		return 1
	fi
	pids=$(cat "$WORLD/pids")
	WORLD_HOST=${pids#*host=} WORLD_NET=${pids#*world=}
	export WORLD_HOST=${WORLD_HOST%% *} WORLD_NET=${WORLD_NET%% *}
	host_root_words
	"${words[@]}" nsenter -t "$WORLD_NET" -n -- python3 -B "$ROOT/tests/net/packages-servers.py" "$WORLD" \
		</dev/null >>"$WORLD/log" 2>&1 3>&- &
	REGISTRIES=$!
	export REGISTRIES
	if ! wait_for 10 test -e "$WORLD/ready.registries"; then
		cat "$WORLD/log" >&2
		packages_end
		fail 'the registries were not made'
	fi
}

packages_end() {
	[ -z "${REGISTRIES:-}" ] || kill -KILL "$REGISTRIES" 2>/dev/null || true
	# What is its root's cannot be removed by rm(1) alone.
	WORLD='' world_end
	[ -z "${WORLD:-}" ] || remove_tree "$WORLD"
}

# In place of those of world.bash: nsenter(1) as root there, and himself again behind it.
host_root_words() {
	words=(nsenter -t "$WORLD_HOST" -U -m -n -S 0 -G 0 "--wdns=$PWD" --)
}

host_words() {
	host_root_words
	words+=(setpriv "--reuid=$WORLD_ID" "--regid=$WORLD_ID" --clear-groups --)
}

on_machine() {
	local words

	host_root_words
	"${words[@]}" "$@"
}

allowed() {
	okh explain "$@" -- true || return 1
	output=$(sed -nE 's/^  allowed +([^ ]+) .*/\1/p' <<<"$output")
}

# The words that the script looks for are in what it prints, if it finds them.
found_words='s3cret|t0ken|the system.s own words'

looked() {
	[ -s "$1" ] || fail "the install script did not run: $1" || return 1
	grep -q '^PATH=' "$1" && grep -q '^looked$' "$1" ||
		fail 'it did not see its environment:' "$(cat "$1")" || return 1
	! grep -Eq "$found_words|^world " "$1" || fail 'it has found:' "$(cat "$1")"
}

looks_outside() {
	world_forget
	outside_h env "$@" sh "$ROOT/tests/net/packages-look.sh"
	exited 0
	shows 's3cret' 't0ken' '^world '
	reached evil
	rm -f .git/hooks/planted
	world_forget
}

refused_evil() {
	said '^sandbox: [0-9]+ connections? refused by AllowHosts \(first: evil\.test:443\)$' || return 1
	unasked evil || return 1
	untouched evil || fail "$(cat "$WORLD/queries")"
}

# requests REGEX: what the registries were asked; a line is METHOD PATH and, if there was one, what it was allowed by.
requests() {
	grep -E -e "$1" "$WORLD/requests"
}
