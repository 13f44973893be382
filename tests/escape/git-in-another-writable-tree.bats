#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Not only the project's own repository: one in each writable path.

load ../lib/common
load attack
load git

setup() {
	attack_setup
	git_setup
}

teardown() {
	git_teardown
}

@test "a repository given by --rw" {
	git_repository "$HOME/t/second"
	cp payload "$HOME/t/second/"
	(cd "$HOME/t/second" && "$SANDBOX" -p build sh -c 'cd .; cp payload .git/hooks/pre-commit') || true
	[ "$(git_used "$HOME/t/second")" = quiet ]
	"$SANDBOX" -p build --rw "$HOME/t/second" sh -c 'cp payload "$1/.git/hooks/pre-commit"' - "$HOME/t/second" || true
	[ "$(git_used "$HOME/t/second")" = quiet ]
	cp payload "$HOME/t/second/.git/hooks/pre-commit"
	[ "$(git_used "$HOME/t/second")" = ran ]
	rm -rf "$HOME/t/second"
}

@test "ProtectGit=all: no file of .git changes" {
	"$SANDBOX" -p shell sh -c 'echo x >.git/probe'
	[ -e .git/probe ]
	rm .git/probe
	run "$SANDBOX" -p shell --set Filesystem.ProtectGit=all \
		sh -c 'echo x >.git/probe; mv .git g; git commit --allow-empty -m x; rm -f .git/HEAD'
	[ ! -e .git/probe ]
	[ "$(git rev-list --count HEAD)" = 1 ]
}
