#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Programs people use every day, under the profile `shell`: they do their work and leave the result
# in the project.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# inside CMD...: under the profile shell, silent and successful.
inside() {
	sb -p shell -- "$@"
	exited 0
}

@test "gcc compiles, links and runs a program" {
	need gcc
	printf '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n' >a.c
	inside gcc -O2 -Wall -pipe -o a a.c
	inside ./a
	printed built
	outside ./a
	printed built
}

@test "git works in an existing repository; what git would run stays as it was" {
	need git
	git init -q
	git config user.name Tester
	git config user.email tester@localhost
	echo one >file
	git add file
	git commit -q -m first
	tree_hash .git/hooks >"$HOME/hooks"
	cp .git/config "$HOME/config"

	echo two >>file
	inside git commit -q -a -m second
	inside git checkout -q -b topic
	inside git log --format=%s
	printed $'second\nfirst'
	[ "$(git log --format=%s)" = $'second\nfirst' ]
	git fsck --strict

	sb -p shell -- sh -c 'echo evil >.git/hooks/post-commit'
	[ "$status" -ne 0 ]
	sb -p shell -- git config core.fsmonitor evil
	[ "$status" -ne 0 ]
	sb -p shell -- sh -c 'echo evil >>.git/config'
	[ "$status" -ne 0 ]
	tree_hash .git/hooks | cmp - "$HOME/hooks"
	cmp .git/config "$HOME/config"

	# Positive control: with the rule off, the same write succeeds.
	sb -p shell --set Filesystem.ProtectGit=no -- sh -c 'echo x >.git/hooks/post-commit'
	exited 0
	[ -s .git/hooks/post-commit ]
	rm -f "$HOME/hooks" "$HOME/config"
}

@test "git stash, rebase, worktree, gc and clone of a repository inside" {
	need git
	git init -q
	git config user.name Tester
	git config user.email tester@localhost
	for i in 1 2 3; do
		echo $i >"file$i"
		git add "file$i"
		git commit -q -m "c$i"
	done
	inside sh -euc '
		echo changed >>file1; git stash -q; git stash pop -q; git checkout -q file1
		git -c sequence.editor=true rebase -q -i HEAD~2
		git gc -q
		git clone -q --no-hardlinks . /tmp/clone; git -C /tmp/clone log --format=%s'
	printed $'c3\nc2\nc1'
	git fsck --strict
}

@test "python3 with threads, processes and a shared queue" {
	need python3
	cat >work.py <<-'PY'
		import concurrent.futures, multiprocessing, subprocess, tempfile, threading

		def square(n):
		    return n * n

		if __name__ == "__main__":
		    lock, total = threading.Lock(), [0]
		    def add(n):
		        with lock:
		            total[0] += n
		    threads = [threading.Thread(target=add, args=(n,)) for n in range(20)]
		    [t.start() for t in threads]
		    [t.join() for t in threads]
		    with multiprocessing.Pool(2) as pool:
		        squares = sum(pool.map(square, range(10)))
		    with concurrent.futures.ProcessPoolExecutor(2) as pool:
		        more = sum(pool.map(square, range(4)))
		    child = subprocess.run(["sh", "-c", "cat; exit 3"], input=b"text", capture_output=True)
		    with tempfile.NamedTemporaryFile() as f:
		        f.write(b"x" * 100000)
		    print(total[0], squares, more, child.stdout.decode(), child.returncode)
	PY
	inside python3 work.py
	printed "190 285 14 text 3"
}

@test "node with a worker thread, a child process and the file system" {
	need node
	cat >work.js <<-'JS'
		const { Worker } = require('worker_threads');
		const { spawnSync } = require('child_process');
		const fs = require('fs');
		const w = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
		w.on('message', (n) => {
			const c = spawnSync('sh', ['-c', 'cat; exit 3'], { input: 'text' });
			fs.writeFileSync('from-node', 'written');
			console.log(n, c.stdout.toString(), c.status, fs.readFileSync('from-node', 'utf8'));
		});
	JS
	inside node work.js
	printed "42 text 3 written"
}

@test "perl with fork, pipes, sockets and a sorted hash" {
	need perl
	inside perl -MSocket -we 'use strict;
		socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
		my $pid = fork // die "fork: $!";
		if (!$pid) { close $a; syswrite $b, "child"; exit 7 }
		close $b; my $got = <$a>; waitpid $pid, 0; my $status = $? >> 8;
		my %n; $n{$_}++ for qw(b a b); my $ls = `echo sub`; chomp $ls;
		print join(" ", $got, $status, $ls, map { "$_$n{$_}" } sort keys %n), "\n"'
	printed "child 7 sub a1 b2"
}

@test "sqlite3 keeps a database in the project, in both journal modes" {
	need sqlite3
	inside sqlite3 a.db 'create table t(n); insert into t values(1),(2); select sum(n) from t;'
	printed 3
	inside sqlite3 a.db 'pragma journal_mode=wal; insert into t values(3); select sum(n) from t;'
	printed $'wal\n6'
	[ "$(sqlite3 a.db 'pragma integrity_check; select count(*) from t')" = $'ok\n3' ]
}

@test "vim -es edits a file" {
	need vim
	echo "one word" >file
	inside vim -u NONE -es -c 's/word/line/' -c wq file
	[ "$(cat file)" = "one line" ]
}

@test "tar, gzip and xz round trip with links, modes and times" {
	need tar gzip xz
	mkdir -p from/sub
	echo data >from/sub/file
	chmod 0640 from/sub/file
	ln -s sub/file from/link
	ln from/sub/file from/hard
	inside sh -euc 'tar -czf a.tgz from; tar -cJf a.txz from
		mkdir one two; tar -xzpf a.tgz -C one; tar -xJpf a.txz -C two'
	tree_hash from >want
	tree_hash one/from | cmp - want
	tree_hash two/from | cmp - want
	[ "$(stat -c %Y one/from/sub/file)" = "$(stat -c %Y from/sub/file)" ]
	[ "$(stat -c %h one/from/hard)" -eq 2 ]
}

@test "rsync copies a tree and then nothing more" {
	need rsync
	mkdir -p from/sub
	seq 1000 >from/sub/file
	ln -s sub/file from/link
	inside rsync -a from/ to/
	diff -r from to
	inside rsync -ai from/ to/
	printed ""
}

@test "gdb runs a program, stops at a breakpoint and shows a value" {
	need gdb gcc
	printf 'int f(int n)\n{\n\treturn n * 2;\n}\nint main(void)\n{\n\treturn f(21) - 42;\n}\n' >a.c
	gcc -g -O0 -o a a.c
	sb -p shell -- gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'break f' -ex run \
		-ex 'print n' -ex finish -ex continue ./a
	exited 0
	shows 'Breakpoint 1, f \(n=21\)' '^\$1 = 21$' 'Value returned is .* 42' 'exited normally'
}

@test "gdb steps through a program, shows its process and kills it" {
	need gdb gcc
	printf '%s\n' '#include <unistd.h>' 'int main(void)' '{' ' for (int i = 0; i < 200; i++)' \
		'  usleep(50000);' '}' >a.c
	gcc -g -O0 -o a a.c
	sb -p shell -- gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'start' \
		-ex 'next' -ex 'info proc' -ex kill ./a
	exited 0
	shows 'process [0-9]+' "exe = '$PROJECT/a'"
}

@test "strace traces a child and its children" {
	need strace
	inside strace -f -o trace sh -c 'cat /dev/null; :'
	grep -q 'execve(.*"/dev/null"' trace
	grep -q 'exited with 0' trace
	[ "$(awk '{ print $1 }' trace | sort -u | wc -l)" -ge 2 ]
}

@test "make -j2 with a job server and a failing target" {
	need make
	printf '%s\n' 'all: a b c d' 'a b c d:' $'\t@sleep 0.1; echo $@ >$@' 'bad:' $'\t@exit 3' >Makefile
	inside make -j2
	cat a b c d
	sb -p shell -- make bad
	exited 2
	[[ $stderr == *"Error 3"* ]]
}

@test "bash with job control: background, stop, continue, wait" {
	inside bash -c 'set -m
		sleep 30 & kill -STOP %1; sleep 0.1; jobs %1 | grep -o Stopped
		kill -CONT %1; kill %1; wait %1; echo "status $?"
		(exit 4) & wait $!; echo "status $?"
		trap "echo caught" USR1; kill -USR1 $$; coproc cat; echo ping >&"${COPROC[1]}"
		read -r -u "${COPROC[0]}" x; echo "$x"'
	printed $'Stopped\nstatus 143\nstatus 4\ncaught\nping'
}

@test "a shell pipeline with process substitution, here documents and named pipes" {
	inside bash -euc 'mkfifo p; seq 5 >p & paste -sd+ p; diff <(echo a) <(echo a) && cat <<<here
		seq 100000 | sort -rn | head -n 1'
	printed $'1+2+3+4+5\nhere\n100000'
}

@test "POSIX shared memory, message queues, semaphores and file locks work inside" {
	need python3 flock
	inside python3 -c 'from multiprocessing import Lock, Queue, shared_memory
m = shared_memory.SharedMemory(create=True, size=8192); m.buf[0] = 7; print(m.buf[0]); m.unlink()
with Lock(): q = Queue(); q.put("queued"); print(q.get())'
	printed $'7\nqueued'
	inside flock lockfile echo locked
	printed locked
}

@test "sandbox inside sandbox with the profile nested" {
	sb -p nested --ro "$ROOT" -- "$SANDBOX" -p shell -- sh -c 'echo inner $$; hostname'
	exited 0
	printed $'inner 2\nsandbox'
	no_leftovers
}

@test "the default profile within nested, in a git project" {
	need git fuse-overlayfs
	[ -w /dev/fuse ] || skip_or_fail 'dev-fuse: no /dev/fuse for the user'
	git init -q .
	sb -p nested --ro "$ROOT" -- "$SANDBOX" --keep=no --quiet -- sh -c 'echo new >file; cat file'
	exited 0
	printed new
	[ ! -e file ]
	sb -p nested --set Filesystem.DeviceAllow= --ro "$ROOT" -- "$SANDBOX" -- true
	refused '/dev/fuse cannot be opened: No such file' '\(the sandbox around this one needs --profile nested'
}

@test "sandbox inside a sandbox that forbids it says so, whatever it needs first" {
	local outer inner
	git init -q .
	for outer in default build shell; do
		for inner in default build; do
			sb --quiet -p "$outer" --ro "$ROOT" -- "$SANDBOX" -p "$inner" -- true
			refused 'cannot make namespaces: Function not implemented' \
				'this is a sandbox that forbids namespaces; run the outer one with --profile nested' || return 1
		done
	done
	sb --quiet -p build --ro "$ROOT" -- "$SANDBOX" explain -p build -- true
	exited 0
}

@test "three sandboxes inside one another" {
	sb -p nested --ro "$ROOT" -- "$SANDBOX" -p nested --ro "$ROOT" -- \
		"$SANDBOX" -p build -- sh -c 'echo deep >file; cat file'
	exited 0
	printed deep
	[ "$(cat file)" = deep ]
}

@test "bwrap inside sandbox with the profile nested" {
	need bwrap
	sb -p nested -- bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev echo wrapped
	exited 0
	printed wrapped
}

@test "sandbox inside sandbox is refused in one clear line under shell" {
	sb -p shell --ro "$ROOT" -- "$SANDBOX" -p build -- echo reached
	lacks reached
	refused 'namespace'
	# Positive control: the inner launcher is there and starts.
	sb -p shell --ro "$ROOT" -- "$SANDBOX" version
	exited 0
}

@test "profile python: threads, subprocess, temporary files, no network, no home" {
	need python3
	cat >work.py <<-'PY'
		import os, socket, subprocess, tempfile, threading
		out = []
		t = threading.Thread(target=lambda: out.append("thread")); t.start(); t.join()
		out.append(subprocess.check_output(["echo", "child"], text=True).strip())
		with tempfile.TemporaryDirectory() as d:
		    open(os.path.join(d, "f"), "w").write("x")
		    out.append("temp")
		try:
		    socket.create_connection(("192.0.2.1", 80), timeout=5)
		    out.append("CONNECTED")
		except OSError:
		    out.append("offline")
		out.append(str(os.path.exists(os.path.expanduser("~/.secret"))))
		open("written", "w").write("here")
		print(*out)
	PY
	sb -p python -- python3 work.py
	exited 0
	printed "thread child temp offline False"
	[ "$(cat written)" = here ]
	sb -p python -- python3 -m venv --without-pip env
	exited 0
	sb -p python -- env/bin/python -c 'import sys; print(sys.prefix)'
	printed "$PROJECT/env"
}

@test "profile node: worker, child process, temporary files, no network, no home" {
	need node
	cat >work.js <<-'JS'
		const { Worker } = require('worker_threads');
		const { execFileSync } = require('child_process');
		const fs = require('fs'), os = require('os'), path = require('path'), net = require('net');
		const out = [];
		const w = new Worker("require('worker_threads').parentPort.postMessage('thread')",
			{ eval: true });
		w.on('message', (m) => {
			out.push(m, execFileSync('echo', ['child']).toString().trim());
			const d = fs.mkdtempSync(path.join(os.tmpdir(), 'x-'));
			fs.writeFileSync(path.join(d, 'f'), 'x');
			out.push('temp', String(fs.existsSync(os.homedir() + '/.secret')));
			fs.writeFileSync('written', 'here');
			const s = net.connect(80, '192.0.2.1');
			s.setTimeout(5000, () => s.destroy(new Error('timeout')));
			s.on('connect', () => out.push('CONNECTED'));
			s.on('error', () => out.push('offline'));
			s.on('close', () => console.log(out.join(' ')));
		});
	JS
	sb -p node -- node work.js
	exited 0
	printed "thread child temp false offline"
	[ "$(cat written)" = here ]
}

@test "locale, timezone and terminal type of the caller arrive" {
	export LANG=C.UTF-8 TZ=America/New_York TERM=xterm-256color
	inside sh -c 'echo "$LANG $TZ $TERM"; date -d @0 +%H:%M'
	printed $'C.UTF-8 America/New_York xterm-256color\n19:00'
}

@test "the environment is an allow-list; --env passes and sets" {
	export SECRET_TOKEN=hidden SSH_AUTH_SOCK=/nowhere MORE=passed
	inside env
	lacks 'hidden|SSH_AUTH_SOCK|MORE='
	sb -p shell --env MORE --env SET='a b=c' -- sh -c 'echo "$MORE $SET $HOME $USER"'
	exited 0
	printed "passed a b=c $HOME $(id -un)"
}
