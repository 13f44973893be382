# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests about git share. An attack is a shell script that runs inside with a file ./payload at hand; it worked
# if git, used on the host afterwards, runs the payload.

git_setup() {
	MARKER=$HOME/t/payload-ran
	rm -f "$MARKER"
	printf '#!/bin/sh\n: >"%s"\nexit 0\n' "$MARKER" >payload
	chmod 0755 payload
	git config --global user.email t@example.org
	git config --global user.name t
	git config --global init.defaultBranch main
	git config --global protocol.file.allow always
	git_repository .
	remember_host
}

git_repository() {
	git init -q "$1"
	git -C "$1" commit -q --allow-empty -m first
}

# What a user does next: looks, commits, looks again. Prints whether the payload ran.
git_used() {
	rm -f "$MARKER"
	(
		cd "$1" || exit
		git status
		git -c core.pager=cat log -1
		git diff
		git commit --allow-empty -m next
		git checkout -q -b "next.$RANDOM"
	) >used.log 2>&1 </dev/null
	[ -e "$MARKER" ] && echo ran || echo quiet
}

# git_attack DIR SCRIPT [OPTIONS]: the attack is first made outside, where the payload must run, and after the project
# was put back as it was, from inside, where it must not run and git must go on working.
git_attack() {
	local dir=$1 script=$2

	shift 2
	git_control "$dir" "$script" || return 1
	(cd "$dir" && "$SANDBOX" -p build "$@" sh -c "$script") >attack.log 2>&1
	[ "$(git_used "$dir")" = quiet ] || { echo "the payload ran after: $script" >&2; cat attack.log >&2; return 1; }
	if ! git -C "$dir" log -1 >/dev/null 2>&1 || ! git -C "$dir" fsck >/dev/null 2>&1; then
		echo "the repository does not work after: $script" >&2
		cat attack.log used.log >&2
		return 1
	fi
}

git_control() {
	rm -rf "$HOME/t/copy"
	cp -a . "$HOME/t/copy"
	(cd "$1" && sh -c "$2") >attack.log 2>&1
	[ "$(git_used "$1")" = ran ] || { echo "the control did not work: $2" >&2; cat attack.log >&2; return 1; }
	find . -mindepth 1 -delete
	cp -a "$HOME/t/copy/." .
	rm -rf "$HOME/t/copy" "$MARKER"
}

git_teardown() {
	rm -rf "$HOME/t/copy" "$HOME/.gitconfig" "$MARKER"
	attack_teardown
}
