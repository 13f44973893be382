#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What can be copy-on-write, and together with what: several trees, trees in trees, the home, the root,
# any name; which overlay is taken, and why; whose files they are.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live
load cow

setup() {
	cow_setup
}

teardown() {
	cow_teardown
}

# types: of the file systems below the project and the home, one `PATH TYPE` a line, for the program.
types='findmnt -rno TARGET,FSTYPE | sed -n "s|^$0/||p" | LC_ALL=C sort'

# overlay BACKEND: its type in the kernel's table.
overlay() {
	[ "$1" = kernel ] && echo overlay || echo fuse
}

# --- several, and in one another

@test "several trees at once, each with its layer" {
	local backend type
	mkdir a b c
	touch a/f b/f c/f
	for backend in "${BACKENDS[@]}"; do
		type=$(overlay "$backend")
		cow "$backend" --quiet --name "several-$backend" -p shell --ro . --cow a --cow b -- sh -c "
			echo x >a/f; echo y >b/new; rm b/f; ls a b; (: >c/f) 2>/dev/null || echo closed; $types" "$PROJECT"
		printed $'a:\nf\n\nb:\nnew\nclosed\na '"$type"$'\nb '"$type"
		sb --quiet --name "several-$backend" -- sh -c 'cat a/f; ls b'
		printed $'x\nnew'
	done
	[ ! -s a/f ] && [ -e b/f ] && [ ! -e b/new ]
}

@test "a tree in a tree is the same tree" {
	local backend
	mkdir -p a/b/c
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -p default --cow a --cow a/b --cow . -- sh -c "
			echo x >a/b/c/f; echo y >a/f; mv a/b/c a/c && cat a/c/f; $types" "${PROJECT%/*}"
		printed $'x\n'"${PROJECT##*/} $(overlay "$backend")"
	done
	[ -z "$(find . -type f)" ]
}

@test "a tree in one that can be written to for real, and one for real in a tree" {
	local backend
	mkdir -p rw/cow cow/rw cow/other
	for backend in "${BACKENDS[@]}"; do
		rm -f rw/real cow/rw/real
		cow "$backend" --quiet --keep=no -p shell --rw rw --cow rw/cow --cow cow --rw cow/rw -- sh -c '
			for d in rw rw/cow cow cow/rw cow/other; do echo x >$d/real; cat $d/real; done'
		printed $'x\nx\nx\nx\nx'
		[ -e rw/real ] && [ -e cow/rw/real ]
		[ ! -e rw/cow/real ] && [ ! -e cow/real ] && [ ! -e cow/other/real ]
	done
	# Neither can be moved out of the way.
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -p shell --rw rw --cow rw/cow --cow cow --rw cow/rw -- sh -c '
			mv rw/cow rw/x; mv rw x; mkdir -p rw/cow; mv cow/rw cow/x; echo y >rw/cow/f; ls -d rw/cow cow/rw'
		[ ! -e rw/cow/f ] && [ ! -e rw/x ] && [ -d rw ] && [ ! -e x ] || fail "$backend: moved"
		printed $'cow/rw\nrw/cow'
	done
}

@test "in a tree: read-only, hidden and temporary places" {
	local backend
	mkdir ro hide tmp
	touch ro/f hide/f tmp/f secret
	echo hush >secret
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -p default --ro ro --hide hide --hide secret --tmpfs tmp -- sh -c '
			(: >ro/x) 2>/dev/null || echo ro; (: >hide/x) 2>/dev/null || echo hidden
			cat secret; ls ro hide tmp; echo x >tmp/x; echo y >y; cat tmp/x y'
		printed $'ro\nhidden\nhide:\n\nro:\nf\n\ntmp:\nx\ny'
	done
	[ "$(find . -type f | LC_ALL=C sort | tr '\n' ' ')" = "./hide/f ./ro/f ./secret ./tmp/f " ]
	[ "$(cat secret)" = hush ]
}

@test "in a tree: nothing is executed where NoExecPaths= says so" {
	local backend
	mkdir -p bin all/sub
	cp /bin/true bin/t
	cp /bin/true all/sub/t
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -p default --set Filesystem.NoExecPaths=bin -- sh -c '
			bin/t 2>/dev/null || echo closed; cp bin/t bin/new; bin/new 2>/dev/null || echo closed
			cp bin/t all/; all/t && all/sub/t && echo open'
		printed $'closed\nclosed\nopen'
		cow "$backend" --quiet --keep=no -p shell --cow all --set Filesystem.NoExecPaths=all -- sh -c '
			cp bin/t all/; all/t 2>/dev/null || all/sub/t 2>/dev/null || echo closed'
		printed closed
		[ ! -e all/t ] && [ ! -e bin/new ]
	done
	cow kernel --keep=no -p default --set Filesystem.NoExecPaths=bin/t -- true
	refused 'NoExecPaths=.*bin/t'
}

# --- the home, the root

@test "the home: everything but the sandboxes can be changed, and none of it is" {
	local backend
	mkdir -p "$HOME/notes"
	echo old >"$HOME/notes/file"
	remember_host
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name "home-$backend" -p shell --ro . --cow '~' -- sh -c '
			cat ~/.secret ~/notes/file; echo new >~/notes/file; echo x >~/.bashrc; cat ~/notes/file
			ls -A ~/.local/state/sandbox; (: >~/.local/state/sandbox/x) 2>/dev/null || echo closed
			(: >new) 2>/dev/null || echo project-closed'
		printed $'the word is s3cret\nold\nnew\nclosed\nproject-closed'
		[ "$(cat "$HOME/notes/file")" = old ]
		[ ! -e "$HOME/.bashrc" ]
		[ "$(ls "$STATE")" = "home-$backend" ]
		forget
	done
	no_leftovers
	rm -r "$HOME/notes"
}

@test "the root, as oneself: what the user may change" {
	local backend
	for backend in auto fuse; do
		cow "$backend" --quiet --name "root-$backend" -p default --cow / -- sh -c "
			(: >/usr/new) 2>/dev/null || echo usr-closed; cat ~/.secret 2>/dev/null || echo home-hidden
			echo x >new; cat new; findmnt -no FSTYPE /; stat -c %U /etc; ls ~"
		printed $'usr-closed\nhome-hidden\nx\nfuse\nnobody\nt'
		sb --quiet --name "root-$backend" -- cat new
		printed x
	done
	[ ! -e new ]
}

@test "the root, as root: everything" {
	local backend
	for backend in auto fuse; do
		cow "$backend" --quiet --name "root-$backend" -p default --user root --cow / -- sh -c '
			id -u; echo x >/etc/made-inside; mkdir /opt/made; rm /etc/hostname; mv /etc/issue /etc/issue.old
			stat -c "%u %n" /etc /etc/made-inside; echo y >new; mkdir /made-here; ls -d /made*; ls -A /tmp /run'
		exited 0
		printed $'0\n0 /etc\n0 /etc/made-inside\n/made-here\n/run:\n\n/tmp:'
		sb --quiet --name "root-$backend" -- sh -c 'cat /etc/made-inside new; ls -d /made-here /opt/made
			test -e /etc/hostname || echo gone; ls /etc/issue*'
		printed $'x\ny\n/made-here\n/opt/made\ngone\n/etc/issue.net\n/etc/issue.old'
	done
	[ ! -e /etc/made-inside ] && [ ! -e /opt/made ] && [ -e /etc/hostname ] && [ ! -e /made-here ]
}

@test "the root is fuse-overlayfs', because file systems are mounted below it" {
	cow kernel -p default --cow / -- true
	refused 'Overlay=kernel: /.* is mounted below it' 'Overlay=auto'
	sb --explain -p default --cow / -- true
	shows '^ +/ by fuse-overlayfs \(.* is mounted below it\)'
}

# --- names

# A backslash at the end is meant.
# shellcheck disable=SC1003
names=('a b' 'c:d' 'e,f' 'g\h' $'new\nline' $'bad\xff\xfe' '$(x)' '-dash' '*' $'t\tab' 'tr\' '"q"' "it's" '%s' '#x' '\,' '\:' 'ümläut')

@test "directories of any name" {
	local backend name top=$PWD
	for name in "${names[@]}"; do
		mkdir -- "./$name"
		echo old >"./$name/f"
	done
	for backend in "${BACKENDS[@]}"; do
		for name in "${names[@]}"; do
			cow "$backend" --quiet --name odd --cow "$PROJECT/$name" -p shell -- sh -c 'cd "$0" || exit
				echo new >f; mkdir d; mv f d/g; cat d/g' "$PROJECT/$name"
			printed new
			sb --quiet --name odd -- ls "$PROJECT/$name"
			printed d
			cd "./$name"
			cow "$backend" --quiet --keep=no -- sh -c 'echo new >f; cat f'
			printed new
			[ "$(cat f)" = old ]
			cd "$top"
			forget
		done
	done
}

@test "options that are kept may have any bytes" {
	local name
	for name in "${names[@]}"; do
		mkdir -- "./$name"
		sb --quiet --name odd --cow "./$name" -p shell --env "WORD=$name" -- sh -c 'echo x >"./$WORD/f"'
		exited 0
		sb --quiet --name odd -- sh -c 'cat "./$WORD/f"; printf %s "$WORD"'
		[ "$output" = $'x\n'"$name" ] || report "$name"
		forget
	done
}

# --- what is refused

@test "a file, a missing path, the kernel's own directories" {
	local path
	echo x >file
	ln -s file to-file
	ln -s nowhere dangling
	for path in file to-file /etc/passwd; do
		sb --cow "$path" -- true
		refused "--cow: CopyOnWritePaths=.*${path##*/}: not a directory" 'directory that it is in'
	done
	for path in missing dangling missing/below; do
		sb --cow "$path" -- true
		refused "--cow: CopyOnWritePaths=.*${path##*/}: No such file"
	done
	sb --cow file/below -- true
	refused 'file/below: Not a directory'
	for path in /proc /proc/sys /dev /dev/shm; do
		sb --cow "$path" -- true
		refused "--cow: CopyOnWritePaths=$path: .*of its own"
	done
	sb --cow "" -- true
	refused '--cow: an empty value'
	sb --cow
	refused '--cow: needs a value'
	nothing_kept
	no_leftovers
}

@test "through a link the tree is that which it leads to; a project's own link leads nowhere else" {
	mkdir tree "$HOME/elsewhere"
	ln -s tree link
	sb --quiet --keep=no -p shell --cow link -- sh -c 'echo x >tree/f; cat link/f'
	printed x
	[ ! -e tree/f ]
	ln -s "$HOME/elsewhere" out
	printf '%s\n' '[Profile]' 'Inherit=base' '[Filesystem]' 'CopyOnWritePaths=out' >p.profile
	sb -p ./p.profile -- true
	mistaken ./p.profile:4 'out'
	rmdir "$HOME/elsewhere"
}

@test "a missing path that may be missing is skipped" {
	printf '%s\n' '[Profile]' 'Inherit=base' '[Filesystem]' 'CopyOnWritePaths=. -missing' >p.profile
	sb --quiet --keep=no -p ./p.profile -- sh -c 'echo x >new; cat new'
	printed x
}

# --- which overlay

@test "explain says which overlay is taken and why, and the kernel's table agrees" {
	local identity backend
	for identity in self root separate; do
		for backend in auto kernel fuse; do
			sb explain --set "Filesystem.Overlay=$backend" --user "$identity" -- true
			case $identity/$backend in
			separate/kernel)
				refused 'Overlay=kernel: the program is another user' 'Overlay=auto'
				continue
				;;
			separate/auto) shows '^ +\S+ by fuse-overlayfs \(the program is another user' && type=fuse ;;
			*/fuse) shows '^ +\S+ by fuse-overlayfs \(' && type=fuse ;;
			*) shows '^ +\S+ by the kernel$' && type=overlay ;;
			esac
			exited 0
			cow "$backend" --quiet --keep=no --user "$identity" -- sh -c 'echo x >f; cat f; findmnt -no FSTYPE -T .'
			printed "x
$type"
		done
	done
}

@test "explain as JSON names trees, layers and steps" {
	sb --explain --json -- true
	exited 0
	json "[(t['path'], t['overlay']) for t in j['copy_on_write']] == [('$PROJECT', 'kernel')]" <<<"$output"
	json "'overlays' in j['steps']['inside'] and 'store' in j['steps']['host']" <<<"$output"
	sb --explain --json --set Filesystem.Overlay=fuse -- true
	json "j['copy_on_write'][0]['overlay'] == 'fuse' and 'overlays' in j['steps']['host']" <<<"$output"
	nothing_kept
}

@test "a tree on a file system that cannot be the kernel's lower layer, or has one mounted in it" {
	mkdir -p tree/in layers
	capture hostlike "mount -t tmpfs none $(printf %q "$PROJECT/tree/in"); echo deep >$(printf %q "$PROJECT/tree/in/f")" \
		"$SANDBOX" --quiet --keep=no -p shell --cow tree -- sh -c 'cat tree/in/f; echo x >tree/in/f; rm tree/in/f
			findmnt -no FSTYPE -T tree; ls tree/in'
	exited 0
	printed $'deep\nfuse'
	capture hostlike "mount -t tmpfs none $(printf %q "$PROJECT/tree/in")" \
		"$SANDBOX" --set Filesystem.Overlay=kernel -p shell --cow tree -- true
	refused 'Overlay=kernel: .*/tree/in is mounted below it'
	# ramfs has no extended attributes for an upper layer.
	capture hostlike "mount -t ramfs none $(printf %q "$PROJECT/layers")" \
		env XDG_STATE_HOME="$PROJECT/layers" "$SANDBOX" --quiet --keep=no -- sh -c 'echo x >new; cat new; findmnt -no FSTYPE -T .'
	exited 0
	printed $'x\nfuse'
}

@test "no fuse-overlayfs, or no /dev/fuse: refused with the remedy, but only where it is needed" {
	capture hostlike 'mount --bind /dev/null /usr/bin/fuse-overlayfs' "$SANDBOX" --set Filesystem.Overlay=fuse -- true
	refused 'fuse-overlayfs is not installed' 'apt-get install fuse-overlayfs'
	capture hostlike 'mount --bind /dev/null /usr/bin/fuse-overlayfs' "$SANDBOX" --quiet --keep=no -- sh -c 'echo x >f; cat f'
	exited 0
	printed x
	touch closed
	chmod 000 closed
	capture hostlike "mount --bind $(printf %q "$PROJECT/closed") /dev/fuse" "$SANDBOX" --set Filesystem.Overlay=fuse -- true
	refused '/dev/fuse cannot be opened: Permission denied \(Overlay=fuse\)' '\(as root: chmod 666 /dev/fuse\)'
	capture hostlike 'mkdir dev; touch dev/null; mount --bind /dev/null dev/null; mount --rbind dev /dev' \
		"$SANDBOX" --set Filesystem.Overlay=fuse -- true
	refused '/dev/fuse cannot be opened: No such file' 'as root: modprobe fuse; for a container: --device /dev/fuse'
	nothing_kept
}

@test "a fuse-overlayfs that fails, or is another program, is told by what it says" {
	printf '#!/bin/sh\necho "fuse-overlayfs: no such luck" >&2\nexit 1\n' >fake
	chmod 755 fake
	capture hostlike "mount --bind $(printf %q "$PROJECT/fake") /usr/bin/fuse-overlayfs" \
		timeout -k 5 30 "$SANDBOX" --set Filesystem.Overlay=fuse -- ls
	refused 'fuse-overlayfs ended before the program began: fuse-overlayfs: no such luck'
	capture hostlike 'mount --bind /bin/false /usr/bin/fuse-overlayfs' \
		timeout -k 5 30 "$SANDBOX" --set Filesystem.Overlay=fuse -- ls
	refused 'fuse-overlayfs ended before the program began'
	nothing_kept
}

# --- whose files

@test "another user sees the project's files as its own, and can change all of them" {
	local backend
	mkdir -m 700 dir
	echo a >dir/closed
	chmod 600 dir/closed
	for backend in auto fuse; do
		cow "$backend" --quiet --name "separate-$backend" -p untrusted -- sh -c '
			stat -c "%u %n" . dir dir/closed | sed "s/^$(id -u) /mine /"; echo b >>dir/closed; cat dir/closed
			echo c >dir/new; mkdir made; mv dir/new made/; chmod 700 made; rm -r dir; ls'
		printed $'mine .\nmine dir\nmine dir/closed\na\nb\nmade'
		sb --quiet --name "separate-$backend" -- sh -c 'cat made/new; stat -c "%u %n" made | sed "s/^$(id -u) /mine /"'
		printed $'c\nmine made'
	done
	[ "$(cat dir/closed)" = a ]
}

@test "root may give files away inside, and the user can remove them all" {
	local backend
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name "chown-$backend" --user root -- sh -c '
			echo x >f; chown 5:6 f; mkdir -m 0 d; chown 7:8 d; stat -c "%u:%g %n" f d'
		printed $'5:6 f\n7:8 d'
		sb --quiet --name "chown-$backend" -- stat -c "%u:%g %a %n" f d
		printed $'5:6 644 f\n7:8 0 d'
		sb remove "chown-$backend"
		exited 0
		[ ! -e "$STATE/chown-$backend" ]
	done
	no_leftovers
}

@test "the hint of a refused commit fits its reason, and does not name what was given" {
	cd /etc
	sb --quiet --name there --keep -- touch made
	exited 0
	sb commit there
	exited 1
	said '/etc/made: the host runs it later'
	said '\(look at them, then --allow-executed; or name other paths\)'
	sb commit --allow-executed there
	exited 1
	said '/etc/made: you may not write to the directory it is in'
	said '\(name other paths; `sandbox changes there --diff` prints a patch for whoever may write there\)'
	sb remove there
	cd "$PROJECT"
	echo one >file
	sb --quiet --name both -- sh -c 'echo two >file'
	echo three >file
	sb commit both
	exited 1
	said '\(--theirs takes .*, --merge takes lines of both\)'
	sb commit --merge both
	exited 1
	said "\\(--theirs takes the sandbox's, --ours keeps the host's\\)"
	sb remove both
}

@test "a directory that the host closes afterwards: its changes are listed, kept, refused to be committed" {
	mkdir -p tree/closed
	echo 1 | tee tree/closed/old >tree/closed/gone
	ln -s old tree/closed/link
	sb --name shut --user self --cow tree -- sh -c 'cd tree/closed
		echo 2 >new; echo 22 >old; rm gone; ln -sf new link; mkdir d; echo 3 >d/f'
	exited 0
	as_range_root sh -c 'chown 5:5 tree/closed && chmod 0700 tree/closed' ||
		skip_or_fail 'user-namespaces: cannot give a directory to another user'
	never ls tree/closed
	sb changes shut
	exited 0
	printed 'A tree/closed/d/ (the host'"'"'s cannot be read)
A tree/closed/d/f
D tree/closed/gone (the host'"'"'s cannot be read)
M tree/closed/link -> new (the host'"'"'s cannot be read)
A tree/closed/new (the host'"'"'s cannot be read)
M tree/closed/old (the host'"'"'s cannot be read)
6 changes: 3 added, 2 modified, 1 deleted'
	sb commit shut
	exited 1
	grep -q 'you may not write to the directory it is in' <<<"$stderr" || report 'not refused'
	sb -n shut true
	exited 0
	as_range_root chown 0:0 tree/closed
	sb changes shut
	shows '^D tree/closed/gone$' '^M tree/closed/link -> new$' '^M tree/closed/old$' '^6 changes: '
	sb commit shut
	exited 0
	[ "$(cat tree/closed/old)" = 22 ] && [ "$(readlink tree/closed/link)" = new ] && [ ! -e tree/closed/gone ]
	sb remove shut
}
