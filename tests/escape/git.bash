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
		git commit --allow-empty -m next
		git checkout -q -b "next.$RANDOM"
	) >used.log 2>&1 </dev/null || true
	[ -e "$MARKER" ] && echo ran || echo quiet
}

# git_attack DIR SCRIPT [OPTIONS]: the attack is first made outside, where the payload must run; then, each time with
# the project put back as it was, inside, under profiles with ProtectGit=all and with yes, where it must not run.
git_attack() {
	local dir=$1 script=$2 profile

	shift 2
	git_keep
	(cd "$dir" && sh -c "$script") >attack.log 2>&1 || true
	git_expect ran "$dir" "control: $script" || return 1
	for profile in build shell; do
		git_put_back
		(cd "$dir" && "$SANDBOX" -p "$profile" "$@" sh -c "$script") >attack.log 2>&1 || true
		git_expect quiet "$dir" "$profile: $script" || return 1
	done
	git_put_back
}

git_expect() {
	[ "$(git_used "$2")" = "$1" ] && return 0
	echo "the payload should be $1 after $3" >&2
	cat attack.log used.log >&2
	return 1
}

git_keep() {
	rm -rf "$HOME/t/copy"
	cp -a . "$HOME/t/copy"
}

git_put_back() {
	chmod -R u+rwX .
	find . -mindepth 1 -delete
	cp -a "$HOME/t/copy/." .
	rm -f "$MARKER"
}

git_teardown() {
	rm -rf "$HOME/t/copy" "$HOME/.gitconfig" "$MARKER"
	attack_teardown
}
