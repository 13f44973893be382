#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The repository of a submodule is below .git/modules, with hooks and configuration of its own.

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

submodule_setup() {
	git_repository "$HOME/t/other"
	git submodule add -q "$HOME/t/other" sub
	git commit -q -m sub
	cp payload sub/
	rm -rf "$HOME/t/other"
}

@test "configuration and hooks of the submodule" {
	submodule_setup
	git_attack . 'printf "[core]\n\tfsmonitor = %s\n" "$PWD/payload" >>.git/modules/sub/config'
	[ "$(git_used sub)" = quiet ]
	git_attack sub 'cp payload ../.git/modules/sub/hooks/pre-commit' --rw "$PROJECT"
}

@test "a submodule as working directory: its pointer replaced" {
	submodule_setup
	git_attack sub 'cp -r ../.git/modules/sub new
		printf "[core]\n\tfsmonitor = %s\n\tworktree = %s\n" "$PWD/payload" "$PWD" >>new/config
		rm -f .git; mv .git old; echo "gitdir: new" >.git' --rw "$PROJECT"
}
