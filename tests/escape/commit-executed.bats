#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Files that the host runs later, left in the copy of a tree for its owner to commit among many others: hooks of git,
# start-up files of shells, tasks of editors; in their places by any way that leads there.

load ../lib/common
load attack
load git
load commit

setup() {
	attack_setup
	git_setup
	printf '%s\n' "source 'payload'" >"$HOME/.bashrc.payload"
	mkdir -p src
	echo text >src/file
	git add src payload && git commit -q -m second
	remember_host
}

teardown() {
	rm -f "$HOME/.bashrc.payload"
	git_teardown
}

# The sandbox may write to .git: what remains is commit's own care.
FREELY=(--set Filesystem.ProtectGit=no)

# What commit refuses to do, it does not do in part either: `good` stays away as well.
# executed NAME-OF-THE-FILE SCRIPT
executed() {
	local before

	before=$(hash_of .)
	changed x "echo good >good; $2" "${FREELY[@]}"
	ends 0 "$SANDBOX" changes x --json
	says '"executed"'
	ends 1 "$SANDBOX" commit x
	says "$1" && says 'allow-executed'
	[ "$(hash_of .)" = "$before" ] || { echo "commit did a part of it: $2" >&2; return 1; }
	ends 1 "$SANDBOX" commit x --theirs
	[ "$(hash_of .)" = "$before" ] || { echo "--theirs let it through: $2" >&2; return 1; }
	ends 0 "$SANDBOX" commit x good
	[ -f good ]
	rm good
	forget x
}

# hook NAME-OF-THE-FILE SCRIPT: the same, of what makes git run the payload; the control is a commit that was allowed.
hook() {
	git_keep
	executed "$1" "$2" || return 1
	[ "$(git_used .)" = quiet ] || { echo "the payload ran, though nothing was committed: $2" >&2; return 1; }
	git_put_back
	changed y "$2" "${FREELY[@]}"
	ends 0 "$SANDBOX" commit y --allow-executed
	[ "$(git_used .)" = ran ] || { echo "control: the payload did not run: $2" >&2; cat used.log >&2; return 1; }
	forget y
	git_put_back
}

@test "a hook: new, in place of the one that is there, made executable" {
	cp /bin/true .git/hooks/pre-commit
	hook hooks/post-checkout 'cp payload .git/hooks/post-checkout'
	hook hooks/pre-commit 'cat payload >.git/hooks/pre-commit'
	cp payload .git/hooks/post-checkout
	chmod 0644 .git/hooks/post-checkout
	hook hooks/post-checkout 'chmod 0755 .git/hooks/post-checkout'
}

@test "a hook by a link, symbolic or hard, by rename, by a directory in the place of theirs" {
	hook hooks/pre-commit 'ln -s ../../payload .git/hooks/pre-commit'
	hook hooks/pre-commit 'ln payload .git/hooks/pre-commit'
	hook hooks/pre-commit 'cp payload p; mv p .git/hooks/pre-commit'
	hook hooks 'mkdir h; cp payload h/pre-commit; mv .git/hooks .git/old; mv h .git/hooks'
	hook hooks 'mkdir h; cp payload h/pre-commit; rm -r .git/hooks; ln -s ../h .git/hooks'
	hook .git 'mv .git g; cp payload g/hooks/pre-commit; echo "gitdir: g" >.git'
	hook .git 'mv .git g; cp payload g/hooks/pre-commit; ln -s g .git'
}

@test "a setting that names a program, in any of the files that are read" {
	hook .git/config 'git config core.fsmonitor "$PWD/payload"'
	hook .git/config 'git config core.hooksPath h; mkdir h; cp payload h/pre-commit'
	hook config.worktree 'git config extensions.worktreeConfig true; git config --worktree core.fsmonitor "$PWD/payload"'
}

@test "a repository below, whose hooks run when the user enters it" {
	executed '/config' 'mkdir sub; git init -q sub; git -C sub config core.fsmonitor "$PWD/payload"'
	executed '' 'git init -q --bare bare; cp payload bare/hooks/pre-commit'
}

@test "start-up files of shells and editors, anywhere in the tree" {
	local file

	for file in .envrc .bashrc .profile .zshrc .vscode/tasks.json .vscode/settings.json .idea/x.xml src/.envrc \
		src/.vscode/tasks.json .vimrc .exrc .config/autostart/x.desktop .ssh/authorized_keys .gdbinit; do
		executed "$(basename "$file")" "mkdir -p $(dirname "$file"); cp payload $file"
		executed "$(basename "$file")" "mkdir -p $(dirname "$file"); ln -s \$PWD/payload $file"
		executed "$(basename "$file")" "mkdir -p $(dirname "$file"); ln payload $file"
	done
}

@test "a directory that is renamed brings them along; so does a link to a directory" {
	executed tasks.json 'mkdir d; cp payload d/tasks.json; mv d .vscode'
	executed vscode 'mkdir d; cp payload d/tasks.json; ln -s d .vscode'
	mkdir -p plain/inner
	cp payload plain/inner/tasks.json
	executed vscode 'mv plain src/.vscode; mv src/.vscode/inner/tasks.json src/.vscode/'
	executed vscode 'ln -s ../plain/inner src/.vscode'
	rm -r plain
}

@test "a file of the tree to which a start-up file of the home is a link" {
	local file

	mkdir -p dotfiles/fish "$HOME/.config"
	cp payload dotfiles/bashrc
	rm -f "$HOME/.bashrc"
	changed x 'echo payload >>dotfiles/bashrc; echo new >dotfiles/later'
	fails grep -q 'runs later' <("$SANDBOX" changes x)
	ln -s "$PWD/dotfiles/bashrc" "$HOME/.bashrc"
	ln -s "$PWD/dotfiles/later" "$HOME/.zshrc"
	ln -s "$PWD/dotfiles/fish" "$HOME/.config/fish"
	[ "$("$SANDBOX" changes x | grep -c 'runs later')" = 2 ]
	forget x
	for file in bashrc later fish/config.fish; do
		executed "$(basename "$file")" "cp payload dotfiles/$file"
		executed "$(basename "$file")" "ln -sf \$PWD/payload dotfiles/$file"
	done
	executed dotfiles 'mv dotfiles d; ln -s d dotfiles'
	rm "$HOME/.bashrc" "$HOME/.zshrc" "$HOME/.config/fish"
	rm -r dotfiles
}

@test "the file that has the same inode as one keeps its content when its other name is committed" {
	echo 'export A=1' >.envrc
	ln .envrc other
	changed x 'cat payload >other'
	ends 0 "$SANDBOX" commit x
	grep -q payload-ran other
	[ "$(cat .envrc)" = 'export A=1' ]
	rm .envrc other
	forget x
}

@test "one path after the other: a harmless directory first, the link that makes it harmful is refused" {
	changed x 'mkdir h; cp payload h/pre-commit; rm -r .git/hooks; ln -s ../h .git/hooks' "${FREELY[@]}"
	ends 0 "$SANDBOX" commit x h
	[ -x h/pre-commit ]
	ends 1 "$SANDBOX" commit x .git
	ends 1 "$SANDBOX" commit x .git/hooks
	ends 1 "$SANDBOX" commit x
	[ "$(git_used .)" = quiet ]
	forget x
	rm -r h
}

@test "what is deleted runs nowhere: it needs no permission" {
	cp payload .envrc
	changed x 'rm .envrc'
	ends 0 "$SANDBOX" commit x
	[ ! -e .envrc ]
	ends 0 "$SANDBOX" undo x
	cmp payload .envrc
	rm .envrc
}
