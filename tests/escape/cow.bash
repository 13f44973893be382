# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the attacks on copy-on-write share, on top of attack.bash.
#
# The variables are for the tests.
# shellcheck disable=SC2034

OVERLAYS=(kernel fuse)
IDENTITIES=(self root separate)

# copied OVERLAY [ARG...]: a run on a copy of the working directory, by that overlay.
copied() {
	"$SANDBOX" --quiet -p default --set "Filesystem.Overlay=$1" "${@:2}"
}

# start_server [ARG...]: a sandbox on fuse-overlayfs that sleeps in the background, as $launcher; the process id of
# its fuse-overlayfs is $server.
start_server() {
	rm -f sleeper.out
	background sleeper "$SANDBOX" --quiet --keep=no -p default --set Filesystem.Overlay=fuse "$@" \
		sh -c 'echo started; sleep 300'
	launcher=${BACKGROUND[-1]}
	# What the program prints first needs no fuse-overlayfs yet.
	first_line sleeper >/dev/null && wait_for 5 pgrep -P "$launcher" -x fuse-overlayfs >/dev/null || return 1
	server=$(pgrep -P "$launcher" -x fuse-overlayfs)
}

# forget: all sandboxes are removed.
forget() {
	local path

	for path in "$HOME/.local/state/sandbox"/*; do
		[ ! -e "$path" ] || remove_tree "$path"
	done
}

# home_state: what stands in the home outside the project, the sandboxes and the cache.
home_state() {
	find "$HOME" \( -path "$PWD" -o -path "$HOME/.cache" -o -path "$HOME/.local/state/sandbox" \) -prune -o \
		-type f -printf '%p %m %s %T@ ' -exec sha256sum {} \; -o -printf '%y %p %m %l\n' | LC_ALL=C sort
}
