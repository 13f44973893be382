#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Every namespace is a new one, and what is in it looks as it should.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	[ -z "${listener:-}" ] || kill "$listener" 2>/dev/null || true
	teardown_project
}

# differ NS...: each namespace inside is another than ours.
differ() {
	local ns here
	for ns; do
		here=$(readlink "/proc/self/ns/$ns")
		ok -p build ${extra[@]+"${extra[@]}"} -- readlink "/proc/self/ns/$ns"
		[[ $output == "$ns:["*"]" ]]
		[ "$output" != "$here" ] || report "the host's own $ns namespace"
	done
}

@test "user, mnt, pid, ipc, uts, net and cgroup are new namespaces" {
	differ user mnt pid ipc uts net cgroup
}

@test "time is a new namespace with User.PrivateTime=yes and not without" {
	[ -e /proc/self/ns/time ] || skip_or_fail "time-namespace: the kernel has none"
	extra=(--set User.PrivateTime=yes)
	differ time
	ok -p build -- readlink /proc/self/ns/time
	printed "$(readlink /proc/self/ns/time)"
}

@test "with --net host the network namespace is the host's, the others are not" {
	extra=(--net host)
	differ user mnt pid ipc uts cgroup
	ok -p build --net host -- readlink /proc/self/ns/net
	printed "$(readlink /proc/self/ns/net)"
}

@test "two runs share no namespace" {
	# At the same time: the kernel gives numbers out again.
	mkfifo hold
	"$SANDBOX" -p build -- sh -c 'readlink /proc/self/ns/*; echo all; read line' <>hold >first 2>&1 3>&- &
	wait_for 5 grep -q all first
	ok -p build -- sh -c 'readlink /proc/self/ns/*'
	capture comm -12 <(grep -v '^time\|^all' first | sort) <(sort <<<"$output")
	echo >hold
	wait
	printed ""
}

@test "loopback is up and is the only interface; 127.0.0.1 and ::1 work" {
	need python3
	ok -p shell -- python3 -c '
import fcntl, socket, struct
print([n for _, n in socket.if_nameindex()])
s = socket.socket()
flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
print("up" if flags & 1 else "down", "running" if flags & 64 else "not running")
for family, name in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    l = socket.socket(family); l.bind((name, 0)); l.listen()
    c = socket.create_connection(l.getsockname()[:2], 5)
    a, _ = l.accept(); c.sendall(b"ping"); print(a.recv(4).decode())'
	printed $'[\'lo\']\nup running\nping\nping'
}

@test "there is no route out, and no name is resolved" {
	need python3
	ok -p shell -- python3 -c '
import socket
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    s = socket.socket(socket.AF_INET, kind); s.settimeout(5)
    try: s.connect(("192.0.2.1", 53)); print("connected")
    except OSError as e: print(e.strerror)
try: socket.getaddrinfo("host.invalid", 80); print("resolved")
except OSError: print("unresolved")'
	printed $'Network is unreachable\nNetwork is unreachable\nunresolved'
}

@test "a listener on the host's loopback is out of reach; with --net host it is reached" {
	need python3
	python3 -c '
import socket
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
print(l.getsockname()[1], flush=True)
l.settimeout(30)
while True: l.accept()[0].sendall(b"host")' >port 2>/dev/null 3>&- &
	listener=$!
	wait_for 5 test -s port
	probe="import socket
s = socket.create_connection(('127.0.0.1', $(cat port)), 5); print(s.recv(9).decode())"
	sb -p shell -- python3 -c "$probe"
	[ "$status" -ne 0 ]
	[[ $stderr == *ConnectionRefused* ]]
	ok -p shell --net host -- python3 -c "$probe"
	printed host
}

@test "the host name is sandbox, in every way to ask for it; a profile can set it" {
	ok -p build -- sh -c 'hostname; uname -n; cat /proc/sys/kernel/hostname'
	printed $'sandbox\nsandbox\nsandbox'
	ok -p build --set User.Hostname=builder -- uname -n
	printed builder
	[ "$(uname -n)" != builder ]
}

@test "PID 1 is the launcher's, the program is PID 2, and nobody else is there" {
	ok -p build -- sh -c 'echo $$; ps -e -o pid= | tr -d " " | sort -n | head -n 2; cat /proc/1/comm'
	[ "${lines[0]}" = 2 ]
	[ "${lines[1]}" = 1 ]
	[ "${lines[2]}" = 2 ]
	[[ ${lines[3]} == sandbox* ]]
	ok -p build -- sh -c 'ls -d /proc/[0-9]* | wc -l'
	[ "$output" -le 5 ]
}

@test "PID 1 shows nothing of the host: no environment, descriptors, directory or memory" {
	export SECRET_TOKEN=hidden
	sb -p shell -- sh -c 'cd /proc/1; cat environ; ls fd; readlink cwd exe; cat maps'
	[ "$status" -ne 0 ]
	lacks 'hidden|/'
}

@test "System V IPC and POSIX queues of the host are not seen" {
	need ipcmk ipcs ipcrm
	id=$(ipcmk -M 4096 | grep -o '[0-9]*$')
	outside ipcs -m
	shows "^0x[0-9a-f]+ $id "
	sb -p shell -- ipcs -m
	lacks '^0x'
	ipcrm -m "$id"
}

@test "the cgroup is shown as the root, and the host's tree is not there" {
	ok -p build -- cat /proc/self/cgroup
	lacks ':/[^/.]'
	sb -p build -- sh -c 'ls /sys/fs/cgroup | wc -l'
	[ "${output:-0}" -eq 0 ]
}

@test "/proc has no way to write to the host" {
	sb -p shell -- sh -c 'for f in /proc/sys/kernel/hostname /proc/sys/vm/drop_caches \
		/proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/net/ipv4/ip_forward; do
			(echo 1 >"$f") 2>/dev/null && echo "wrote $f"; done
		for f in /proc/kcore /proc/keys /proc/timer_list /proc/kallsyms; do
			[ -s "$f" ] && head -c 1 "$f" 2>/dev/null | grep -q . && echo "read $f"; done; :'
	lacks 'wrote'
	lacks 'read /proc/(kcore|keys|timer_list)'
	sb -p shell --user root -- sh -c 'for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do
			(echo 1 >"$f") 2>/dev/null && echo "wrote $f"; done; :'
	lacks 'wrote'
}

@test "/sys is empty, and the processors are counted all the same" {
	ok -p build -- find /sys
	printed /sys
	ok -p build -- nproc
	printed "$(nproc)"
}

@test "the seccomp filter is on, and the session keyring is a new one" {
	need python3
	ok -p build -- grep '^Seccomp:' /proc/self/status
	shows "2\$"
	# keyctl is filtered or answers with another keyring than the caller's.
	code='import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))'
	mine=$(python3 -c "$code")
	sb -p shell -- python3 -c "$code"
	[ "$output" != "$mine" ] || [ "$mine" = -1 ]
}
