#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the program sees of the file tree: roots, binds and their order, hidden places, temporary
# directories, devices and sockets, and that nothing appears on the host meanwhile.
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

# profile LINE...: a profile ./p.profile that inherits shell; the lines start with a section.
profile() {
	printf '%s\n' '[Profile]' 'Inherit=shell' "$@" >p.profile
}

# --- roots

@test "Root=host: the system is there and read-only" {
	sb -p shell -- sh -c 'test -x /usr/bin/env && echo there; touch /usr/x /etc/x /var/x /x /opt/x'
	printed there
	[ "$status" -ne 0 ]
	[ ! -e /usr/x ] && [ ! -e /x ]
	[ "$(grep -c 'Read-only file system\|Permission denied' <<<"$stderr")" -eq 5 ]
}

@test "Root=host: every mount of the tree is read-only, and nosuid, but for what is private" {
	ok -p shell -- awk '{ split($6, o, ","); split("", has); for (i in o) has[o[i]] = 1
		if (!("nosuid" in has) && $5 !~ "^/dev/") print "suid", $5
		if ("rw" in has) print "rw", $5 }' /proc/self/mountinfo
	lacks '^suid'
	grep '^rw' <<<"$output" | while read -r _ path; do
		case $path in
		/tmp | /run | /var/tmp | /dev | /dev/* | /proc | /proc/*) ;;
		/root | /home | /home/* | "${HOME%/*}" | "$HOME" | "$PROJECT" | "$PROJECT"/*) ;;
		*) fail "writable: $path" ;;
		esac
	done
}

@test "Root=PATH: a directory is the root, read-only, with its own /dev, /proc and /tmp" {
	small_root "$HOME/root" sh ls cat touch mkdir id stat
	remember_host
	ok --set Filesystem.Root="$HOME/root" -p shell -- /bin/sh -c \
		'cat /etc/passwd; echo x >/dev/null; cat /proc/sys/kernel/hostname; echo t >/tmp/t
			cat /tmp/t; id -u; test -e /usr || echo no-usr; ls -A /home /root'
	shows '^root:x:0:0::/root:/bin/sh$' '^sandbox$' '^t$' "^$(id -u)\$" '^no-usr$'
	sb --set Filesystem.Root="$HOME/root" -p shell -- /bin/sh -c 'touch /etc/new /bin/new'
	[ "$status" -ne 0 ]
	[ ! -e "$HOME/root/etc/new" ]
	no_leftovers
	rm -rf "$HOME/root"
}

@test "Root=PATH: the project is mounted in it when the directory has its place" {
	small_root "$HOME/root" sh cat
	mkdir -p "$HOME/root$PROJECT"
	remember_host
	echo data >file
	ok --set Filesystem.Root="$HOME/root" -p shell -- /bin/sh -c 'cat file; echo more >new'
	printed data
	[ "$(cat new)" = more ]
	[ ! -e "$HOME/root$PROJECT/new" ]
	no_leftovers
	rm -rf "$HOME/root"
}

@test "Root=PATH: links in the root lead inside it, not to the host" {
	small_root "$HOME/root" sh cat
	mkdir -p data "$HOME/root/real"
	echo bound >data/file
	ln -s /real "$HOME/root/link"
	ln -s ../../../../../../etc/hostname "$HOME/root/escape"
	remember_host
	ok --set Filesystem.Root="$HOME/root" --bind "$PROJECT/data:/link" -p shell -- \
		/bin/sh -c 'cat /real/file; test -e /escape || echo closed'
	printed $'bound\nclosed'
	no_leftovers
	rm -rf "$HOME/root"
}

@test "Root=PATH: a missing or unfit directory is refused" {
	sb --set Filesystem.Root=/nonexistent -p shell -- true
	refused '/nonexistent'
	sb --set Filesystem.Root=/etc/passwd -p shell -- true
	refused '/etc/passwd'
}

@test "Root=empty: nothing but what is bound" {
	profile '[Filesystem]' 'Root=empty' 'BindReadOnlyPaths=/usr:/usr' \
		'BindReadOnlyPaths=/usr/bin:/bin' 'BindReadOnlyPaths=/usr/lib:/lib' \
		'BindReadOnlyPaths=-/usr/lib64:/lib64'
	ok -p ./p.profile -- /bin/ls -A /
	lacks '^(etc|boot|opt)$'
	shows '^usr$' '^bin$' '^proc$' '^dev$'
	sb -p ./p.profile -- /bin/sh -c 'cat /etc/passwd'
	[ "$status" -ne 0 ]
	ok -p ./p.profile -- /bin/sh -c 'echo here >made'
	[ "$(cat made)" = here ]
	no_leftovers
}

# --- binds

@test "--bind puts a directory elsewhere, read-write or with :ro" {
	mkdir a
	echo one >a/file
	ok -p shell --bind "$PROJECT/a:/mnt" -- sh -c 'cat /mnt/file; echo two >/mnt/new'
	printed one
	[ "$(cat a/new)" = two ]
	sb -p shell --bind "$PROJECT/a:/mnt:ro" -- sh -c 'cat /mnt/file; echo three >/mnt/other'
	printed one
	[ "$status" -ne 0 ]
	[ ! -e a/other ]
	no_leftovers
}

@test "--bind of a file onto a file" {
	echo "10.9.8.7 myhost" >hosts
	ok -p shell --bind "$PROJECT/hosts:/etc/passwd:ro" -- cat /etc/passwd
	printed "10.9.8.7 myhost"
}

@test "--bind to a place that does not exist on the host leaves no mount point there" {
	mkdir a
	echo one >a/file
	sb -p shell --bind "$PROJECT/a:/mnt/not/there" -- cat /mnt/not/there/file
	[ "$status" -eq 0 ] || refused '/mnt/not/there|/mnt/not'
	[ ! -e /mnt/not ]
	sb -p shell --bind "$PROJECT/a:$PROJECT/sub/dir" -- cat sub/dir/file
	[ "$status" -eq 0 ] || refused 'sub/dir|sub'
	[ ! -e sub ]
	ok -p shell --bind "$PROJECT/a:/run/new/place" -- cat /run/new/place/file
	printed one
}

@test "nested binds in any order: parents are mounted first" {
	mkdir -p a b c/d
	echo a >a/file
	echo b >b/file
	mkdir a/in a/in/deep
	echo c >c/file
	local order
	for order in "a:/mnt b:/mnt/in c:/mnt/in/d" "c:/mnt/in/d b:/mnt/in a:/mnt" \
		"b:/mnt/in c:/mnt/in/d a:/mnt"; do
		mkdir -p b/d
		args=()
		for bind in $order; do
			args+=(--bind "$PROJECT/$bind")
		done
		ok -p shell "${args[@]}" -- cat /mnt/file /mnt/in/file /mnt/in/d/file
		printed $'a\nb\nc'
	done
	no_leftovers
}

@test "read-only in read-write in read-only: the more precise path decides" {
	mkdir -p top/rw/ro/rw
	local order
	for order in "--ro top --rw top/rw --ro top/rw/ro --rw top/rw/ro/rw" \
		"--rw top/rw/ro/rw --ro top/rw/ro --rw top/rw --ro top"; do
		# Several words.
		# shellcheck disable=SC2086
		sb -p shell $order -- sh -c 'for d in top top/rw top/rw/ro top/rw/ro/rw; do
			(: >$d/x) 2>/dev/null && echo "$d writable" || echo "$d read-only"; done'
		exited 0
		printed $'top read-only\ntop/rw writable\ntop/rw/ro read-only\ntop/rw/ro/rw writable'
	done
}

@test "--ro and --rw on single files" {
	echo a >a
	echo b >b
	mkdir d
	echo c >d/c
	sb -p shell --ro a -- sh -c 'echo x >b; cat a; echo x >a'
	[ "$status" -ne 0 ]
	printed a
	[ "$(cat a)" = a ]
	[ "$(cat b)" = x ]
	sb -p shell --ro d --rw d/c -- sh -c 'echo x >d/c; echo y >d/new'
	[ "$status" -ne 0 ]
	[ "$(cat d/c)" = x ]
	[ ! -e d/new ]
}

@test "--ro and --rw of a path below the hidden home open just that" {
	mkdir -p "$HOME/open/sub"
	echo opened >"$HOME/open/file"
	remember_host
	ok -p shell --ro "$HOME/open" -- sh -c 'cat ~/open/file; ls -A ~'
	lacks 'secret'
	shows '^opened$' '^open$'
	sb -p shell --ro "$HOME/open" -- sh -c 'echo x >~/open/file'
	[ "$status" -ne 0 ]
	ok -p shell --rw "$HOME/open" -- sh -c 'echo new >~/open/file'
	[ "$(cat "$HOME/open/file")" = new ]
	rm -rf "$HOME/open"
}

@test "relative paths are taken from the working directory, ~ from the home" {
	mkdir -p sub/data "$HOME/other"
	echo x >sub/data/file
	remember_host
	cd sub
	ok -p shell --ro ./data -- cat data/file
	printed x
	# The launcher expands it, not the shell.
	# shellcheck disable=SC2088
	ok -p shell --ro '~/other' -- sh -c 'ls -d ~/other'
	printed "$HOME/other"
	ok -p shell --ro ../sub/./data/../data -- cat data/file
	printed x
	rm -rf "$HOME/other"
}

@test "a path that does not exist is refused; with '-' in a profile it is skipped" {
	sb -p shell --ro /does/not/exist -- true
	refused '/does/not/exist'
	sb -p shell --bind /does/not/exist:/mnt -- true
	refused '/does/not/exist'
	profile '[Filesystem]' 'ReadOnlyPaths=/does/not/exist'
	sb -p ./p.profile -- true
	exited 125
	[[ $stderr == *p.profile:4:* && $stderr == *"/does/not/exist"* ]]
	profile '[Filesystem]' 'ReadOnlyPaths=-/does/not/exist' 'ReadWritePaths=-./nor/this' \
		'BindReadOnlyPaths=-/nor/that:/mnt' 'InaccessiblePaths=-/nor/here'
	ok -p ./p.profile -- echo ran
	printed ran
	[ ! -e nor ]
}

@test "paths with spaces, tabs, quotes, newlines, umlauts and a colon" {
	local name
	for name in 'a b' $'t\tab' "it's" 'q"q' $'new\nline' 'ümläut' '-dash' '*' '$(x)' 'per%cent' \
		'back\slash'; do
		mkdir -p -- "./$name"
		echo content >"./$name/file"
		ok -p shell --ro "$PROJECT/$name" -- cat "./$name/file"
		printed content
		sb -p shell --ro "$PROJECT/$name" -- sh -c 'echo x >"$0/file"' "./$name"
		[ "$status" -ne 0 ]
		[ "$(cat "./$name/file")" = content ]
		ok -p shell --bind "$PROJECT/$name:/mnt:ro" -- cat /mnt/file
		printed content
	done
	no_leftovers
}

@test "working directories with spaces and newlines" {
	local name
	for name in 'a b' $'new\nline' '$HOME' "'"; do
		mkdir -p "$PROJECT/$name"
		cd "$PROJECT/$name"
		ok -p shell -- sh -c 'echo x >made; pwd'
		printed "$PROJECT/$name"
		[ -s made ]
	done
}

@test "paths with spaces in a profile: in quotes and behind backslashes" {
	mkdir 'a b' 'c"d'
	echo one >'a b/file'
	profile '[Filesystem]' "ReadOnlyPaths=\"$PROJECT/a b\""
	ok -p ./p.profile -- cat 'a b/file'
	sb -p ./p.profile -- sh -c 'echo x >"a b/file"'
	[ "$status" -ne 0 ]
	profile '[Filesystem]' "ReadOnlyPaths=$PROJECT/a\\ b"
	ok -p ./p.profile -- cat 'a b/file'
}

@test "destinations below /var/run work: the link is followed inside" {
	[ -L /var/run ] || skip_or_fail "var-run-link: /var/run is no symbolic link here"
	mkdir a
	echo one >a/file
	ok -p shell --bind "$PROJECT/a:/var/run/thing" -- cat /run/thing/file /var/run/thing/file
	printed $'one\none'
	[ ! -e /run/thing ]
	place=$(cd /run && printf '%s\n' */ | head -n 1)
	ok -p shell --tmpfs "/var/run/$place" -- \
		sh -c 'echo t >"/run/$0/t"; cat "/var/run/$0/t"' "$place"
	printed t
}

@test "destinations below /lib work where it is a link to usr/lib" {
	[ -L /lib ] || skip_or_fail "lib-link: /lib is no symbolic link here"
	mkdir a
	echo one >a/file
	place=$(cd /usr/lib && printf '%s\n' */ | head -n 1)
	ok -p shell --bind "$PROJECT/a:/lib/$place:ro" -- cat "/usr/lib/${place}file"
	printed one
}

@test "the source of a bind may be reached through a symbolic link" {
	mkdir a
	echo one >a/file
	ln -s a link
	ok -p shell --bind "$PROJECT/link:/mnt:ro" -- cat /mnt/file
	printed one
}

# --- hidden, temporary

@test "--hide makes a directory empty and a file empty or absent, without a trace on the host" {
	mkdir d
	echo x >d/file
	echo y >secret
	before=$(tree_hash .)
	sb -p shell --hide d --hide secret -- sh -c 'ls -A d 2>/dev/null; cat secret 2>/dev/null; :'
	exited 0
	printed ""
	sb -p shell --hide d --hide secret -- sh -c 'echo z >d/new; echo z >secret'
	[ "$(tree_hash .)" = "$before" ]
	no_leftovers
}

@test "what is listed more precisely below a hidden place stays visible" {
	mkdir -p d/open d/closed
	echo x >d/open/file
	ok -p shell --hide d --ro d/open -- sh -c 'cat d/open/file; ls d'
	printed $'x\nopen'
}

@test "the home is empty but for the project; the secret, other homes and root's are not seen" {
	ok -p shell -- sh -c 'ls -A ~; ls -A /root /home'
	lacks 'secret|cache|bash'
	sb -p shell -- cat "$HOME/.secret"
	[ "$status" -ne 0 ]
	lacks s3cret
	sb -p shell -- grep -rs s3cret "$HOME" /home /root
	printed ""
	[[ "$(cat "$HOME/.secret")" == *s3cret* ]]
}

@test "what is written to the private home is gone afterwards" {
	sb -p shell -- sh -c 'echo x >~/.evil; mkdir -p ~/.config; echo x >~/.config/f; cat ~/.evil'
	[ ! -e "$HOME/.evil" ]
	[ ! -e "$HOME/.config" ]
	no_leftovers
}

@test "running in the home, or in /tmp, is refused, for it would show all of it, unless an option says so" {
	local dir name=seen.$$
	for dir in "$HOME" /tmp; do
		cd "$dir"
		echo x >"$name"
		ok -p shell --ro . -- cat "$name"
		printed x
		sb -p build --ro "$dir" -- sh -c 'echo y >"$1"' - "$name"
		[[ $stderr == *'Read-only file system'* ]] || report 'it may write'
		ok --keep=no --cow . -- sh -c 'echo y >"$1"; cat "$1"' - "$name"
		printed y
		[ "$(cat "$name")" = x ]
		ok -p build --rw . -- sh -c 'echo y >"$1"' - "$name"
		[ "$(cat "$name")" = y ]
		rm "$name"
		sb -p shell -- true
		refused 'would show what .* hides' '--cow, --ro, --rw'
		[ "$dir" = /tmp ] || [[ $stderr == *"this is your home"* ]] || report 'which it is'
	done
}

@test "--tmpfs with and without a size" {
	ok -p shell --tmpfs /mnt -- sh -c 'echo x >/mnt/f; cat /mnt/f; findmnt -no FSTYPE /mnt'
	printed $'x\ntmpfs'
	sb -p shell --tmpfs /mnt:1M -- sh -c 'head -c 900K /dev/zero >/mnt/a && echo fits
		head -c 900K /dev/zero >/mnt/b 2>/dev/null || echo full
		df --output=size -k /mnt | tail -n 1 | tr -d " "'
	exited 0
	printed $'fits\nfull\n1024'
	[ ! -e /mnt/f ]
	mkdir sub
	echo host >sub/file
	ok -p shell --tmpfs sub -- sh -c 'ls -A sub; echo x >sub/file'
	printed ""
	[ "$(cat sub/file)" = host ]
}

@test "wrong sizes for --tmpfs are refused" {
	local size
	for size in 1X -1 1e9999 99999999999999999999 M 0x; do
		sb -p shell --tmpfs "/mnt:$size" -- true
		refused "size|$size"
	done
}

@test "/tmp, /var/tmp, /run and /dev/shm are private and empty, and vanish" {
	local mark=mark-of-a-test-$$
	touch "/tmp/$mark" "/var/tmp/$mark" "/dev/shm/$mark"
	for dir in /tmp /var/tmp /run /dev/shm; do
		ok -p shell -- sh -c 'ls -A "$0"; echo x >"$0/new" && echo wrote' "$dir"
		lacks "$mark"
		shows '^wrote$'
		[ ! -e "$dir/new" ]
	done
	rm -f "/tmp/$mark" "/var/tmp/$mark" "/dev/shm/$mark"
	ok -p shell -- stat -c %a /tmp /dev/shm
	printed $'1777\n1777'
}

# --- execution, devices, sockets

@test "NoExecPaths: programs there do not start; elsewhere they do" {
	mkdir bin tools
	cp /bin/true bin/t
	cp /bin/true tools/t
	profile '[Filesystem]' 'NoExecPaths=bin'
	sb -p ./p.profile -- bin/t
	exited 126
	ok -p ./p.profile -- tools/t
	sb -p ./p.profile -- sh -c 'cp bin/t /tmp/t && /tmp/t'
	exited 0
}

@test "/dev has the usual nodes and they work; others are absent" {
	ok -p shell -- sh -c 'echo x >/dev/null; head -c 4 /dev/zero | wc -c
		head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c
		(echo x >/dev/full) 2>/dev/null || echo full
		ls -d /dev/pts /dev/ptmx /dev/shm /dev/mqueue /dev/fd /dev/stdin /dev/tty'
	printed $'4\n4\n4\nfull\n/dev/fd\n/dev/mqueue\n/dev/ptmx\n/dev/pts\n/dev/shm\n/dev/stdin\n/dev/tty'
	ok -p shell -- sh -c 'find /dev -type b -printf block; ls /dev'
	lacks '^(block|sd|vd|nvme|mem|kmsg|kvm|fuse|snd|dri|input|loop|tty[0-9])'
}

@test "DeviceAllow opens one device of the host" {
	[ -c /dev/fuse ] && [ -w /dev/fuse ] || skip_or_fail "dev-fuse: no /dev/fuse for the user"
	sb -p shell -- sh -c ': <>/dev/fuse'
	[ "$status" -ne 0 ]
	profile '[Filesystem]' 'DeviceAllow=/dev/fuse'
	ok -p ./p.profile -- sh -c ': <>/dev/fuse && stat -c %F /dev/fuse'
	printed "character special file"
	profile '[Filesystem]' 'DeviceAllow=/etc/passwd'
	sb -p ./p.profile -- true
	exited 125
	[[ $stderr == *"p.profile:4:"* ]]
}

@test "a pty can be made inside" {
	need python3
	ok -p shell -- python3 -c 'import os, pty
m, s = os.openpty(); os.write(s, b"x"); print(os.read(m, 1), os.ttyname(s))'
	printed "b'x' /dev/pts/0"
}

# serve PATH: a listening socket in the background.
serve() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); s.settimeout(30)
while True: s.accept()[0].sendall(b"served")' "$1" 2>/dev/null 3>&- &
	listener=$!
	wait_for 5 test -S "$1"
}

readonly CONNECT='import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
print(s.recv(9).decode())'

@test "a live socket in the project is closed; SocketPaths opens it" {
	need python3
	serve "$PROJECT/s"
	outside python3 -c "$CONNECT" "$PROJECT/s"
	printed served
	sb -p shell -- python3 -c "$CONNECT" "$PROJECT/s"
	[ "$status" -ne 0 ]
	printed ""
	profile '[Filesystem]' 'SocketPaths=s'
	ok -p ./p.profile -- python3 -c "$CONNECT" "$PROJECT/s"
	printed served
	[ -S s ]
}

@test "sockets in a directory that was opened read-only or bound elsewhere are closed too" {
	need python3
	mkdir d
	serve "$PROJECT/d/s"
	sb -p shell --ro d -- python3 -c "$CONNECT" "$PROJECT/d/s"
	printed ""
	[ "$status" -ne 0 ]
	sb -p shell --bind "$PROJECT/d:/mnt:ro" -- python3 -c "$CONNECT" /mnt/s
	printed ""
	[ "$status" -ne 0 ]
}

@test "an abstract socket of the host is out of reach, and a socket made inside works" {
	need python3
	sb -p python -- python3 -c 'import os, socket
l = socket.socket(socket.AF_UNIX); l.bind("mine"); l.listen()
if os.fork() == 0: l.accept()[0].sendall(b"inner"); os._exit(0)
c = socket.socket(socket.AF_UNIX); c.connect("mine"); print(c.recv(9).decode()); os.wait()'
	exited 0
	printed inner
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(30)
s.bind("\0live-test-" + sys.argv[1]); s.listen()
print("up", flush=True); s.accept()' $$ >up 2>/dev/null 3>&- &
	listener=$!
	wait_for 5 test -s up
	sb -p python -- python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('\0live-test-$$')"
	[[ $stderr == *ConnectionRefused* || $stderr == *PermissionError* ]]
	outside python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('\0live-test-$$')"
	exited 0
}

# --- name service

@test "DNS files: /etc/resolv.conf as a link into /run is readable with --net host" {
	mkdir run
	echo 'nameserver 127.0.0.53' >run/stub
	cp -a /etc etc 2>/dev/null || true
	rm -f etc/resolv.conf
	ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
	mkdir -p run/tree/systemd/resolve
	mv run/stub run/tree/systemd/resolve/stub-resolv.conf
	capture hostlike "mount --bind etc /etc; mount --bind run/tree /run" \
		timeout 20 "$SANDBOX" -p shell --net host -- cat /etc/resolv.conf
	exited 0
	shows '^nameserver 127.0.0.53$'
}

@test "DNS files: a dangling /etc/resolv.conf is no reason to fail" {
	cp -a /etc etc 2>/dev/null || true
	rm -f etc/resolv.conf
	ln -s /run/none etc/resolv.conf
	local net
	for net in none host; do
		capture hostlike "mount --bind etc /etc" \
			timeout 20 "$SANDBOX" -p shell --net "$net" -- echo ran
		exited 0
		printed ran
	done
}

@test "localhost and the own host name are resolved without a network" {
	[ -e /etc/hosts ] || skip_or_fail "no-hosts-file: this system has no /etc/hosts to put ours on"
	ok -p shell -- getent hosts localhost
	shows '(127.0.0.1|::1) +.*localhost'
}

# --- nothing on the host

@test "a run leaves the host's tree unchanged: no mount point, directory or file" {
	mkdir -p proj/sub
	echo x >proj/file
	cd proj
	before=$(cd "$PROJECT" && tree_hash .)
	root_before=$(ls -A / /mnt /opt /srv)
	ok -p build --hide file --tmpfs sub -- true
	ok -p shell --tmpfs /mnt --ro . -- true
	ok -p default -- true
	[ "$(cd "$PROJECT" && tree_hash .)" = "$before" ]
	[ "$(ls -A / /mnt /opt /srv)" = "$root_before" ]
	no_leftovers
}

@test "mounts made inside are not seen outside, and later mounts outside are not seen inside" {
	before=$(cat /proc/self/mountinfo)
	ok -p nested -- true
	sb -p shell --user root -- sh -c 'mount -t tmpfs none /mnt; touch /mnt/x'
	[ ! -e /mnt/x ]
	[ "$(cat /proc/self/mountinfo)" = "$before" ]
}

@test "-C starts in another directory" {
	mkdir sub
	ok -p shell -C sub -- pwd
	printed "$PROJECT/sub"
	ok -p shell --chdir /usr/lib -- pwd
	printed /usr/lib
	sb -p shell -C /nonexistent -- pwd
	refused '/nonexistent'
	sb -p shell -C /etc/passwd -- pwd
	refused '/etc/passwd'
}

@test "set-user-ID bits cannot be set under build" {
	need python3
	sb -p build -- sh -c 'cp /bin/true t; chmod u+s t; test -u t && echo set'
	lacks '^set$'
	[ ! -u t ]
}

@test "umask and resource limits of the caller arrive" {
	umask 027
	ulimit -S -n 777
	ok -p shell -- sh -c 'umask; ulimit -n; echo x >made'
	printed $'0027\n777'
	[ "$(stat -c %a made)" = 640 ]
	ok -p shell --set User.UMask=0077 -- sh -c umask
	printed 0077
}
