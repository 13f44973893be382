# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A copy of the built tree for a user who may not be able to read the checkout (below a 0700 directory, say): owned by
# root, readable for all, so that a test can change neither it nor the checkout. Sourced by scripts that run as root;
# ROOT is the checkout.

STAGE=

# stage_tree [PATH...]: sets STAGE to a fresh directory with these paths of the tree, all of it by default. The launcher
# finds the profiles beside the directory it was built in, so the two keep their places. The caller traps stage_remove.
stage_tree() {
	STAGE=$(mktemp -d /var/tmp/sandbox-tree.XXXXXX)
	chmod 0755 "$STAGE"
	tar -C "$ROOT" --exclude=./.git --exclude=./build/vm -cf - "${@:-.}" |
		tar -C "$STAGE" --no-same-owner -xpf -
	chmod -R u+rwX,go=rX "$STAGE"
	# The machine of tests/vm is large: nobody writes to it, so the same files will do.
	[ "$*" != . ] || [ ! -d "$ROOT/build/vm" ] || cp -al "$ROOT/build/vm" "$STAGE/build/" 2>/dev/null ||
		cp -a "$ROOT/build/vm" "$STAGE/build/"
}

stage_remove() {
	case $STAGE in
	/var/tmp/sandbox-tree.*) rm -rf --one-file-system "$STAGE" ;;
	esac
	STAGE=
}
