# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What every bats file stands on: `load ../lib/common`. Scripts may source it as well.
#
# Given to a test:
#   $ROOT      the repository, $BUILD its object directory, $SANDBOX the launcher (absolute paths)
#   $HOME      a home of this test file's own, mode 0700, fresh; never the caller's real one
#   $PROJECT   after setup_project: the working directory, a fresh directory below $HOME/t
# The whole file runs as a normal user (tests/lib/run sees to that) with a clean environment.
#
#   setup_project        for setup(): makes $PROJECT and enters it; puts a secret into $HOME/.secret
#   teardown_project     for teardown(): removes $PROJECT, whoever owns the files in it
#   remember_host        the state that no_leftovers compares with is the one now (setup_project calls it;
#                        call it again after making files in the home that are meant to stay)
#   no_leftovers         succeeds if no process, mount or file is there that was not there before
#   skip_or_fail ID: WHY skips; where everything must work it fails, unless ID is listed in tests/lib/skips
#   probe NAME           prints the path of a compiled probe (tests/*/probes/NAME.c)
#   wait_for SECS CMD    repeats CMD until it succeeds, at most SECS seconds ($SLOW times as long), or 30: what is
#                        late on a busy machine is not wrong, and only a failure takes so long
#   timeout SECS CMD     timeout(1), $SLOW times as long

ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
SANDBOX=${SANDBOX:-$ROOT/build/sandbox}
BUILD=${BUILD:-$(dirname "$SANDBOX")}
export ROOT SANDBOX BUILD

if [ "$(id -u)" = 0 ]; then
	echo "tests run as a normal user; as root start them with tests/lib/run FILE" >&2
	exit 1
fi

# Started by hand, without the runner: still not in the real home, which may hold a real .secret.
if [ -z "${SANDBOX_TEST_HOME:-}" ]; then
	SANDBOX_TEST_HOME=$HOME/.cache/sandbox-check/by-hand.$$
	HOME=$SANDBOX_TEST_HOME
	mkdir -p "$HOME"
	chmod 0700 "$HOME"
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME
	export HOME SANDBOX_TEST_HOME
fi

setup_project() {
	mkdir -p "$HOME/t" && chmod 0700 "$HOME" "$HOME/t" || return 1
	echo 'the word is s3cret' >"$HOME/.secret" && chmod 0600 "$HOME/.secret" || return 1
	PROJECT=$(mktemp -d "$HOME/t/XXXXXX") && cd "$PROJECT" || return 1
	export PROJECT
	remember_host
}

teardown_project() {
	cd / || return 1
	[ -n "${PROJECT:-}" ] && remove_tree "$PROJECT"
	rm -rf "${HOST_BEFORE:-}"
	unset PROJECT HOST_BEFORE
}

# Removes a tree that may hold files of subordinate ids or unreadable directories, which the user owns only inside a
# user namespace with the whole range mapped.
remove_tree() {
	case $1 in "$HOME"/*) ;; *) echo "remove_tree: not below the home: $1" >&2; return 1 ;; esac
	rm -rf --one-file-system -- "$1" 2>/dev/null ||
		as_range_root rm -rf --one-file-system -- "$1" 2>/dev/null ||
		{ chmod -R u+rwX -- "$1" && rm -rf --one-file-system -- "$1"; }
}

# as_range_root CMD: as root of a user namespace with the whole subordinate range. Asks first whether one can be made:
# unshare(1) of util-linux 2.38 leaves a child waiting for ever if not, and it would hold bats' descriptor.
as_range_root() {
	unshare --user true 2>/dev/null || return 1
	unshare --map-root-user --map-auto "$@" 3>&-
}

remember_host() {
	if [ -z "${HOST_BEFORE:-}" ]; then
		HOST_BEFORE=$(mktemp -d "${BATS_RUN_TMPDIR:-${TMPDIR:-/tmp}}/before.XXXXXX") || return 1
	fi
	_host_processes >"$HOST_BEFORE/processes"
	_host_mounts >"$HOST_BEFORE/mounts"
	_host_files >"$HOST_BEFORE/files"
}

no_leftovers() {
	local left end=$((SECONDS + ${LEFT_AFTER:-30} * ${SLOW:-1}))

	[ -n "${HOST_BEFORE:-}" ] || { echo 'no_leftovers: remember_host was not called' >&2; return 1; }
	# What SIGKILL takes along dies a moment later; the end of a network waits for a lock of the kernel.
	while :; do
		left=$(
			_host_processes | _only_new processes 'process left'
			_host_mounts | _only_new mounts 'mount left'
			_host_files | _only_new files 'file left'
		)
		[ -z "$left" ] && return 0
		[ "$SECONDS" -lt "$end" ] || break
		sleep 0.2
	done
	printf '%s\n' "$left" >&2
	return 1
}

_only_new() {
	LC_ALL=C sort | LC_ALL=C comm -13 "$HOST_BEFORE/$1" - | sed "s/^/$2: /"
}

# One line a process that should not outlive its test, sorted. Everything is read from /proc/PID/status, which is
# readable for a process that is not dumpable too. A process counts if it is in a pid namespace below ours or is a
# launcher, or has lost its parent; where the runner is our subreaper (it always is, but for tests started by hand)
# only what descends from it is looked at, so that two test files can run side by side.
_host_processes() {
	local name=${SANDBOX##*/}

	grep -sHE '^(Name|State|PPid|Uid|NSpid):' /proc/[0-9]*/status | LC_ALL=C awk \
		-v reaper="${SANDBOX_REAPER:-0}" -v main="${SANDBOX_REAPER_CHILD:-0}" -v me="$(id -u)" \
		-v launcher="${name:0:15}" -v ranges="$(_subordinate_range /etc/subuid)" '
		{
			split($0, path, "/"); pid = path[3]
			line = $0; sub(/^[^:]*:/, "", line)
			n = split(line, w, /[ \t]+/)
			if (w[1] == "Name:") { sub(/^Name:\t/, "", line); name[pid] = line }
			if (w[1] == "State:") state[pid] = w[2]
			if (w[1] == "PPid:") parent[pid] = w[2]
			if (w[1] == "Uid:") uid[pid] = w[2]
			if (w[1] == "NSpid:") depth[pid] = n - 1
		}
		function below(pid,  i) {
			for (i = 0; pid in parent && i < 1000; i++) {
				if (parent[pid] == reaper) return 1
				pid = parent[pid]
			}
			return 0
		}
		function ours(u) { return u == me || (u >= range[1] && u < range[1] + range[2]) }
		END {
			split(ranges, range, " ")
			for (pid in parent) {
				if (state[pid] == "Z" || pid == main) continue
				sandboxed = depth[pid] > 1 || name[pid] == launcher
				if (reaper != 0 ? below(pid) && (sandboxed || parent[pid] == reaper) \
						: sandboxed && ours(uid[pid]))
					print name[pid] " (pid " pid ", uid " uid[pid] ")"
			}
		}' | LC_ALL=C sort
}

_subordinate_range() {
	awk -F: -v name="$(id -un)" -v id="$(id -u)" '$1 == name || $1 == id { print $2, $3; exit }' "$1" 2>/dev/null
}

# Mounts of this namespace that a sandbox of ours could have made: in places the user writes to, or FUSE of this user.
_host_mounts() {
	LC_ALL=C awk -v uid="$(id -u)" -v home="$HOME" -v root="$ROOT" '
		index($5, home) == 1 || index($5, root) == 1 || $5 ~ "^/(tmp|var/tmp|dev/shm)/" ||
		$5 ~ "^/run/user/" uid "/" || $0 ~ " - fuse.*user_id=" uid "," { print $5, $4 }' \
		/proc/self/mountinfo | LC_ALL=C sort
}

# Files of this user or its subordinate ids outside the project. The compiled filters are kept in .cache/sandbox on
# purpose. The home is this test file's own; of the shared directories only names that are ours count.
_host_files() {
	{
		find "$HOME" \( -path "${PROJECT:-/nowhere}" -o -path "$HOME/.cache/sandbox" -o -path "$HOME/tmp" \) \
			-prune -o ! -path "$HOME/.cache" ! -path "$HOME/.local" ! -path "$HOME/.local/state" \
			! -path "$HOME/.local/state/sandbox" -print || true # something may vanish meanwhile
		find /tmp /var/tmp /dev/shm /dev/mqueue "/run/user/$(id -u)" -maxdepth 2 \
			-name '*sandbox*' ! -name 'sandbox-check.*' ! -name 'sandbox-tree.*' -uid "$(id -u)" \
			! -path '/run/user/*/sandbox' -print
	} 2>/dev/null | LC_ALL=C sort
}

must_work() {
	[ "${SANDBOX_MUST_WORK:-}" = 1 ] || [ "${CI:-}" = true ]
}

skip_or_fail() {
	local id=${1%%:*}

	if must_work && ! grep -q "^${id}[[:space:]]" "$ROOT/tests/lib/skips"; then
		echo "must not be skipped here: $1" >&2
		return 1
	fi
	skip "$1"
}

# For what an address sanitizer cannot be under: little memory, no /proc, a tracer.
not_with_asan() {
	! grep -qa __asan_init "$SANDBOX" || skip_or_fail "asan: the sanitizer itself cannot run like this"
}

probe() {
	if [ ! -x "$BUILD/probes/$1" ]; then
		echo "no such probe: $BUILD/probes/$1 (make check builds them)" >&2
		return 1
	fi
	printf '%s\n' "$BUILD/probes/$1"
}

# Where everything is slow a limit for what hangs must not hit what is only slow. Tests that want to see a time limit at
# work say `command timeout`.
timeout() {
	local options=()

	while [ "${1#-}" != "$1" ]; do
		case $1 in
		-k) options+=("$1" "$2") && shift ;;
		*) options+=("$1") ;;
		esac
		shift
	done
	command timeout "${options[@]}" "$(($1 * ${SLOW:-1}))" "${@:2}"
}

wait_for() {
	local end=$((SECONDS + ($1 > 30 ? $1 : 30) * ${SLOW:-1} + 1)) # a second of $SECONDS may have passed already

	shift
	while ! "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}
