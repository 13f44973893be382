#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# timeout: 600
#
# Programs at work on a copy: each way to write a file, and tools that ask much of a file system.
# After each run a second one looks whether all of it has reached the layer.
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

# run_python BACKEND: the program is standard input.
run_python() {
	need python3
	cat >program.py
	cow "$1" --quiet --name py -- python3 program.py
	exited 0
}

@test "writing through a shared mapping, with msync and without, reaches the layer" {
	local backend
	head -c 1M /dev/zero >old
	for backend in "${BACKENDS[@]}"; do
		run_python "$backend" <<-'PY'
			import mmap, os
			for name, synced in ("old", True), ("unsynced", False):
			    fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
			    os.ftruncate(fd, 1 << 20)
			    m = mmap.mmap(fd, 1 << 20)
			    m[5:10] = b"hello"
			    m[-5:] = b"world"
			    if synced:
			        m.flush()
			    # The kernel writes it back when nobody has it any more: at the end, at the latest.
			    os.close(fd)
			os._exit(0)
		PY
		sb --quiet --name py -- sh -c 'for f in old unsynced; do wc -c <$f; tr -d "\0" <$f; echo; done'
		printed $'1048576\nhelloworld\n1048576\nhelloworld'
		[ -z "$(tr -d '\0' <old)" ]
		[ ! -e unsynced ]
		forget
	done
}

@test "a mapping that was there before the file was changed shows the change" {
	local backend
	echo old-content >file
	for backend in "${BACKENDS[@]}"; do
		run_python "$backend" <<-'PY'
			import mmap
			f = open("file", "r+b")
			m = mmap.mmap(f.fileno(), 0)
			f.write(b"new")
			f.flush()
			print(m[:].decode().strip())
		PY
		printed new-content
		forget
	done
	[ "$(cat file)" = old-content ]
}

@test "O_DIRECT, O_SYNC, O_APPEND, pwrite, fallocate and copy_file_range" {
	local backend
	printf 'base' >appended
	seq 10000 >source
	for backend in "${BACKENDS[@]}"; do
		run_python "$backend" <<-'PY'
			import mmap, os, errno
			page = mmap.mmap(-1, 4096)
			page.write(b"d" * 4096)
			try:
			    fd = os.open("direct", os.O_RDWR | os.O_CREAT | os.O_DIRECT, 0o644)
			    for i in range(4):
			        os.pwrite(fd, page, i * 4096)
			    os.close(fd)
			except OSError as e:
			    if e.errno != errno.EINVAL:  # this file system has none
			        raise
			    open("direct", "w").write("d" * 16384)
			fd = os.open("synced", os.O_WRONLY | os.O_CREAT | os.O_SYNC, 0o644)
			os.write(fd, b"synced"); os.fsync(fd); os.fdatasync(fd)
			for word in b"1", b"2":
			    a = os.open("appended", os.O_WRONLY | os.O_APPEND); os.write(a, word); os.close(a)
			fd = os.open("holes", os.O_WRONLY | os.O_CREAT, 0o644)
			os.pwrite(fd, b"end", 1 << 30)
			os.posix_fallocate(os.open("allocated", os.O_WRONLY | os.O_CREAT, 0o644), 0, 100000)
			s, d = os.open("source", os.O_RDONLY), os.open("copied", os.O_WRONLY | os.O_CREAT, 0o644)
			while os.copy_file_range(s, d, 1 << 20):
			    pass
			fd = os.open("source", os.O_RDWR); os.ftruncate(fd, 8); os.sync()
		PY
		sb --quiet --name py -- sh -c 'wc -c <direct; tr -d d <direct; cat synced; echo; cat appended; echo; wc -c <holes
			wc -c <allocated; tail -n 1 copied; cat source; [ $(du -k holes | cut -f 1) -lt 1000 ] && echo sparse'
		printed $'16384\nsynced\nbase12\n1073741827\n100000\n10000\n1\n2\n3\n4\nsparse'
		forget
	done
	[ "$(cat appended)" = base ] && [ "$(wc -l <source)" -eq 10000 ]
}

@test "a big file is complete in the layer at the end" {
	local backend sum
	sum=$(yes 0123456789abcde | head -c 200M | sha256sum)
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name big -- sh -c 'yes 0123456789abcde | head -c 200M >big'
		exited 0
		[ "$(find "$STATE/big" -name big -size 200M -type f -exec sha256sum {} + | cut -d ' ' -f 1)" = "${sum%% *}" ]
		sb --quiet --name big -- sh -c 'sha256sum <big'
		printed "$sum"
		forget
	done
}

@test "a sparse file can be changed; the kernel's overlay does not fill its holes" {
	local backend
	truncate -s 2G hole
	printf x | dd of=hole bs=1 seek=1G conv=notrunc status=none
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name sparse -- sh -c 'printf y | dd of=hole bs=1 seek=5 conv=notrunc status=none
			tr -d "\0" <hole; echo; wc -c <hole'
		printed $'yx\n2147483648'
		[ "$backend" = fuse ] || [ "$(du -ks "$STATE/sparse" | cut -f 1)" -lt 20000 ] ||
			fail "not sparse: $(du -ks "$STATE/sparse")"
		forget
	done
	[ "$(tr -d '\0' <hole)" = x ]
}

@test "hard links made inside are one file; one of the host's is another file once it is changed" {
	local backend
	echo old >a
	ln a b
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name links -- sh -c 'echo x >new; ln new other; echo y >>other; cat new; stat -c %h new
			cat a b; echo changed >a; ln a c; cat c; rm a; cat c; ln c a'
		printed $'x\ny\n2\nold\nold\nchanged\nchanged'
		sb --quiet --name links -- sh -c 'echo z >>new; cat other; test new -ef other && test a -ef c && echo same'
		printed $'x\ny\nz\nsame'
		# fuse-overlayfs takes names of one file of the host for one file, also when one was changed.
		[ "$backend" = fuse ] || sb --quiet --name links -- cat a b c
		[ "$backend" = fuse ] || printed $'changed\nold\nchanged'
		forget
	done
	[ "$(cat a b)" = $'old\nold' ] && [ a -ef b ]
}

@test "fifos and sockets are made inside, and work there" {
	local backend
	mkfifo from-host
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name pipes -p shell --ro / --cow . -- sh -c '
			mkfifo p; (echo through >p &); cat p; (echo again >from-host &); cat from-host'
		printed $'through\nagain'
		run_python "$backend" <<-'PY'
			import os, socket
			try:
			    s = socket.socket(socket.AF_UNIX)
			    s.bind("sock")
			    s.listen(1)
			    c = socket.socket(socket.AF_UNIX)
			    c.connect("sock")
			    c.send(b"word")
			    print(s.accept()[0].recv(9).decode())
			except OSError:  # the profile has no AF_UNIX
			    print("word")
		PY
		printed word
		sb --quiet --name pipes -- sh -c 'test -p p && test -p from-host && echo pipes'
		printed pipes
		forget
	done
}

@test "files that are open when they are removed, renamed or replaced stay what they are" {
	local backend
	echo old >file
	echo other >other
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name open -- sh -c '
			exec 3<file 4<other; rm file; echo new >file; mv file other; cat <&3; cat <&4; cat other
			echo x >gone; exec 5<>gone; rm gone; echo y >&5; ls'
		printed $'old\nother\nnew\nother'
		forget
	done
}

@test "what the program closes, even to itself, is kept, listed and removed like anything else" {
	local backend identity
	for backend in "${BACKENDS[@]}"; do
		for identity in self root separate; do
			[ "$backend/$identity" != kernel/separate ] || continue
			mkdir theirs
			echo x >theirs/file
			chmod 000 theirs
			cow "$backend" --quiet --name closed --user "$identity" -- sh -c 'mkdir none; echo a >none/a; chmod 000 none
				mkdir write; chmod 300 write; echo b >b; chmod 000 b; chmod 700 theirs; rm theirs/file; chmod 000 theirs'
			exited 0
			[ -z "$stderr" ] || report "nothing should be said"
			sb changes closed
			exited 0
			printed "A b
A none/
A none/a
D theirs/file
A write/
5 changes: 4 added, 1 deleted"
			sb --quiet --name closed -- sh -c 'chmod 700 none; cat none/a; stat -c "%a %n" b write'
			printed $'a\n0 b\n300 write'
			sb remove closed
			exited 0
			nothing_kept
			chmod 700 theirs
			rm -r theirs
		done
	done
}

@test "locks: flock and fcntl keep two programs apart" {
	local backend
	need flock
	echo x >lock
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --keep=no -- sh -c '
			for i in 1 2 3 4 5 6 7 8; do
				flock lock sh -c "n=\$(cat n 2>/dev/null || echo 0); sleep 0.05; echo \$((n + 1)) >n" &
			done
			wait; cat n; flock lock flock -n lock true || echo busy'
		printed $'8\nbusy'
	done
}

@test "git: status, add, commit, checkout, gc, and the host's repository is as it was" {
	local backend before
	need git
	git init -q repo
	cd repo
	git config user.name me
	git config user.email me@localhost
	for i in {1..20}; do echo "$i" >"f$i"; done
	git add .
	git commit -qm first
	before=$(snapshot .)
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name git -- sh -c 'set -e
			git status --porcelain; echo changed >f1; rm f2; git mv f3 g3; git status --porcelain
			git add -A; git commit -qm second; git checkout -q -b branch HEAD~1
			echo b >b; git add b; git commit -qm third
			git checkout -q -; git merge -q branch -m merge; git gc -q; git fsck --strict 2>&1
			git log --format=%s | sort'
		exited 0
		printed $' M f1\n D f2\nR  f3 -> g3\nfirst\nmerge\nsecond\nthird'
		sb --quiet --name git -- sh -c 'git status --porcelain; git log --format=%s | head -n 1; ls b g3; git fsck 2>&1'
		printed $'merge\nb\ng3'
		forget
	done
	diff <(echo "$before") <(snapshot .)
	git fsck
	[ "$(git log --format=%s)" = first ]
}

@test "a build: make, and make again does nothing" {
	local backend before
	need make cc
	printf 'OBJ = a.o b.o\nprog: $(OBJ)\n\tcc -o $@ $(OBJ)\n%%.o: %%.c\n\tcc -c -o $@ $<\nclean:\n\trm -f prog *.o\n' >Makefile
	echo 'int b(void); int main(void) { return b(); }' >a.c
	echo 'int b(void) { return 42; }' >b.c
	make -s
	touch b.c
	before=$(snapshot .)
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name make -p build --set Filesystem.ReadWritePaths= --cow . -- sh -c \
			'make -s; ./prog; echo $?; make; echo "int b(void) { return 7; }" >b.c; make -s; ./prog; echo $?
			make -s clean; ls; make -s -j 4'
		exited 0
		shows '^42$' 'up to date' '^7$'
		sb --quiet --name make -- sh -c 'make -q && ./prog; echo $?'
		printed 7
		forget
	done
	diff <(echo "$before") <(snapshot .)
}

@test "tar, cp -a and find come out as on any file system" {
	local backend
	mkdir -p src/a/b
	seq 100 >src/a/file
	ln -s a/file src/link
	ln src/a/file src/hard
	touch -d 2001-01-01 src/a/b
	chmod 750 src/a
	for backend in "${BACKENDS[@]}"; do
		cow "$backend" --quiet --name tools -- sh -c 'set -e
			list() { find . -type d -printf "%y %m %p\n" -o -printf "%y %m %s %p %l\n" | LC_ALL=C sort; }
			cp -a src copy; tar cf t.tar src; mkdir un; tar xf t.tar -C un; diff -r src copy; diff -r src un/src
			for d in src copy un/src; do (cd $d; list >"/tmp/${d%/src}"); done; diff /tmp/src /tmp/copy; diff /tmp/src /tmp/un
			test copy/hard -ef copy/a/file; test un/src/hard -ef un/src/a/file
			find . -newer t.tar -name "*.tar"; find src -type l; rm -r copy un src; ls'
		exited 0
		printed $'src/link\nt.tar'
		sb --quiet --name tools -- sh -c 'tar tf t.tar | wc -l; ls'
		printed $'6\nt.tar'
		forget
	done
	[ -e src/hard ]
}

@test "a database in one file: sqlite by python" {
	local backend
	need python3
	python3 -c 'import sqlite3
d = sqlite3.connect("db")
d.execute("create table t (n)")
d.execute("insert into t values (1)")
d.commit()'
	for backend in "${BACKENDS[@]}"; do
		run_python "$backend" <<-'PY'
			import sqlite3
			for mode in "delete", "wal":
			    d = sqlite3.connect("db")
			    d.execute("pragma journal_mode=" + mode)
			    for i in range(50):
			        d.execute("insert into t values (?)", (i,))
			        d.commit()
			    d.close()
			print(sqlite3.connect("db").execute("select count(*) from t").fetchone()[0])
		PY
		printed 101
		forget
	done
	[ "$(python3 -c 'import sqlite3; print(sqlite3.connect("db").execute("select count(*) from t").fetchone()[0])')" = 1 ]
}

@test "a command that cannot be executed is told as that, also if fuse-overlayfs has ended when we hear of it" {
	need strace
	capture strace -qq -o trace -e trace=recvmsg -e inject=recvmsg:delay_exit=300000 \
		"$SANDBOX" -p default --set Filesystem.Overlay=fuse -- ./missing
	exited 127
	said 'missing: .*not found|missing: No such file'
	grep -q DELAYED trace
}
