#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Wrong, huge and hostile profiles: one clear line and status 125, or correct work; never a
# crash, a hang or a half-open sandbox. Each call has a time limit, and the program that must not
# run leaves a file if it does.
#
# Quoted text is for the shell inside; capture sets status, output and stderr;
# each test is a shell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2103,SC2154

load ../lib/common
load live
load bad

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# --- profiles

@test "a profile that does not exist is refused with the likely one" {
	wrong -p biuld
	refused 'biuld' 'build'
	wrong -p ./none.profile
	refused 'none.profile'
	wrong -p zzzzzzzz
	refused 'zzzzzzzz' 'profile list'
	wrong -p ../build
	refused
	wrong -p .
	refused
	wrong -p -
	refused
	wrong -p $'bui\nld'
	refused
	wrong -p "$(letters 5000)"
	refused
}

@test "unknown sections and keys: place and likely name" {
	text '[Profile]' 'Inherit=shell' '' '[Filesystem]' 'ReadWritePath=.'
	wrong -p ./p.profile
	mistaken ./p.profile:5 'ReadWritePath ' 'ReadWritePaths'
	text '[Filesystm]' 'Root=host'
	wrong -p ./p.profile
	mistaken ./p.profile:1 'Filesystm' '\[Filesystem\]'
	text '[User]' 'MemoryMax=1G'
	wrong -p ./p.profile
	mistaken ./p.profile:2 'MemoryMax' 'Resources'
	text '[Unheard]'
	wrong -p ./p.profile
	mistaken ./p.profile:1 'Unheard'
}

@test "unknown groups and system calls: place and likely name" {
	text '[Profile]' 'Inherit=shell' '[Seccomp]' 'SystemCallFilter=@file-sytem'
	wrong -p ./p.profile
	mistaken ./p.profile:4 '@file-sytem' '@file-system'
	text '[Profile]' 'Inherit=shell' '[Seccomp]' '# a comment' 'SystemCallFilter=~ptraec'
	wrong -p ./p.profile
	mistaken ./p.profile:5 'ptraec' 'ptrace'
	text '[Seccomp]' 'SystemCallFilter=read:EPREM'
	wrong -p ./p.profile
	mistaken ./p.profile:2 'EPREM'
	text '[Seccomp]' 'RestrictAddressFamilies=AF_INTE'
	wrong -p ./p.profile
	mistaken ./p.profile:2 'AF_INTE'
	text '[Capabilities]' 'CapabilityBoundingSet=CAP_SYS_ADMN'
	wrong -p ./p.profile
	mistaken ./p.profile:2 'CAP_SYS_ADMN'
}

@test "wrong values: place, value and what would be right" {
	local pair
	while IFS=. read -r section pair; do
		text '[Profile]' 'Inherit=shell' "[$section]" "$pair"
		wrong -p ./p.profile
		mistaken ./p.profile:4 "${pair%%=*}"
	done <<-'LIST'
		Filesystem.Root=nowhere
		Filesystem.Root=./none
		Filesystem.Landlock=perhaps
		Filesystem.ProtectGit=maybe
		Filesystem.BindPaths=/usr
		Filesystem.BindPaths=/usr:relative
		Filesystem.BindReadOnlyPaths=/usr:/mnt:ro
		Filesystem.TemporaryFileSystem=/mnt:huge
		Filesystem.DeviceAllow=/etc/passwd
		Filesystem.WorkingDirectory=/does/not/exist
		User.Identity=someone
		User.Hostname=-bad
		User.Hostname=two words
		User.UMask=999
		User.UMask=10000
		User.PrivateTime=maybe
		Seccomp.SystemCallErrorNumber=EWHAT
		Seccomp.SystemCallErrorNumber=0
		Seccomp.RestrictNamespaces=perhaps
		Seccomp.SeccompFile=/does/not/exist
		Resources.MemoryMax=lots
		Resources.MemoryMax=101%
		Resources.TasksMax=-1
		Resources.CPUWeight=0
		Resources.CPUWeight=10001
		Network.Mode=bridge
		Environment.PassEnvironment=A-B
		Environment.Environment==x
		Environment.Environment=NOVALUE
		Profile.Optional=NoSuchKey
		Profile.Inherit=nosuchprofile
	LIST
}

@test "a duplicate scalar: both lines are named" {
	text '[Profile]' 'Inherit=shell' '[User]' 'Hostname=one' '[Filesystem]' '[User]' 'Hostname=two'
	wrong -p ./p.profile
	mistaken ./p.profile:7 'Hostname' '4'
	# A list may come twice, and a scalar may be in parent and child.
	text '[Profile]' 'Inherit=shell' '[Environment]' 'Environment=A=1' 'Environment=B=2'
	ok -p ./p.profile -- sh -c 'echo $A$B'
	printed 12
}

@test "lines that are no profile" {
	text 'Root=host'
	wrong -p ./p.profile
	mistaken ./p.profile:1
	text '[Filesystem' 'Root=host'
	wrong -p ./p.profile
	mistaken ./p.profile:1
	text '[Filesystem]' 'Root'
	wrong -p ./p.profile
	mistaken ./p.profile:2
	text '[Filesystem]' '=host'
	wrong -p ./p.profile
	mistaken ./p.profile:2
	text '[]'
	wrong -p ./p.profile
	mistaken ./p.profile:1
	text '[Filesystem]' 'ReadOnlyPaths="unclosed'
	wrong -p ./p.profile
	mistaken ./p.profile:2
	printf '\xef\xbb\xbf[Profile]\nInherit=shell\n' >p.profile
	wrong -p ./p.profile
	[ "$status" -eq 0 ] || mistaken ./p.profile:1
}

@test "line ends of DOS, comments, continued lines, no newline at the end: read correctly" {
	text '; c' '[Profile]' 'Inherit=shell' '' '[Environment]' 'Environment=A=1 \
		B=2' '# c'
	sed -i 's/$/\r/' p.profile
	printf 'Environment=C=3' >>p.profile
	ok -p ./p.profile -- sh -c 'echo $A$B$C'
	printed 123
}

@test "control characters from a profile or an argument do not reach the terminal" {
	printf '[Profile]\nInherit=\033[31mred\n' >p.profile
	wrong -p ./p.profile
	mistaken ./p.profile:2
	wrong -p $'\033]0;title\007'
	refused
	wrong --ro $'/none\033[2J\nsandbox: all is well'
	refused
	mkdir $'evil\nname'
	printf '[Nope]\n' >$'evil\nname/p.profile'
	wrong -p $'./evil\nname/p.profile'
	exited 125
	one_line
	sb -p shell -- $'./no\nsuch\033[31m'
	exited 127
	one_line
}

@test "an empty profile runs or is refused, and shows nothing of the home" {
	: >p.profile
	sb -p ./p.profile -- cat "$HOME/.secret"
	[ "$status" -ne 0 ]
	lacks s3cret
	printf '\n\n# only comments\n\n' >p.profile
	sb -p ./p.profile -- cat "$HOME/.secret"
	[ "$status" -ne 0 ]
	lacks s3cret
}

@test "huge profiles: 10 MB of comments, of one line, of keys, of garbage" {
	export LIMIT=15
	{ printf '[Profile]\nInherit=shell\n'; yes '# comment' | head -c 10M; } >p.profile
	wrong -p ./p.profile
	exited 125
	one_line
	{ printf '[Profile]\nDescription='; head -c 10M /dev/zero | tr '\0' x; } >p.profile
	wrong -p ./p.profile
	exited 125
	one_line
	{ echo '[Filesystem]'; yes 'ReadOnlyPaths=/usr' | head -c 10M; } >p.profile
	wrong -p ./p.profile
	exited 125
	one_line
	head -c 10M /dev/urandom >p.profile
	wrong -p ./p.profile
	exited 125
	one_line
}

@test "just below the limit of size: 1 MB of one path again and again" {
	export LIMIT=15
	text '[Profile]' 'Inherit=shell' '[Filesystem]'
	yes 'ReadOnlyPaths=/usr' | head -n 50000 >>p.profile
	sb -p ./p.profile -- echo ran
	fine_or_refused ran
	text '[Profile]' 'Inherit=shell' '[Environment]' "Environment=$(letters 1000000)"
	wrong -p ./p.profile
	mistaken ./p.profile:4
}

@test "NUL bytes anywhere are refused with their line" {
	printf '[Profile]\nInherit=shell\n\0\n' >p.profile
	wrong -p ./p.profile
	mistaken ./p.profile:3 'NUL'
	printf '\0' >p.profile
	wrong -p ./p.profile
	mistaken ./p.profile:1 'NUL'
	printf '[Filesystem]\nRoot=host\0\nReadOnlyPaths=/usr' >p.profile
	wrong -p ./p.profile
	mistaken ./p.profile:2 'NUL'
}

@test "cycles of Inherit, long ones and short ones, and the name of oneself" {
	export XDG_CONFIG_HOME="$PROJECT/config"
	local dir="$XDG_CONFIG_HOME/sandbox/profiles" i
	mkdir -p "$dir"
	printf '[Profile]\nInherit=b\n' >"$dir/a.profile"
	printf '[Profile]\nInherit=a\n' >"$dir/b.profile"
	wrong -p a
	mistaken "$dir/b.profile:2" 'circle|cycle|itself'
	printf '[Profile]\nInherit=%s/self.profile\n' "$dir" >"$dir/self.profile"
	wrong -p "$dir/self.profile"
	mistaken "$dir/self.profile:2" 'circle|cycle|itself'
	for i in $(seq 1 200); do
		printf '[Profile]\nInherit=%s\n' "n$((i % 200 + 1))" >"$dir/n$i.profile"
	done
	wrong -p n1
	exited 125
	one_line
	# The same name one directory further is no cycle: one's own build on top of the shipped one.
	printf '[Profile]\nInherit=build\n[User]\nHostname=mine\n' >"$dir/build.profile"
	ok -p build -- uname -n
	printed mine
}

@test "a diamond of Inherit is no cycle" {
	export XDG_CONFIG_HOME="$PROJECT/config"
	local dir="$XDG_CONFIG_HOME/sandbox/profiles"
	mkdir -p "$dir"
	printf '[Profile]\nInherit=shell\n[Environment]\nEnvironment=B=1\n' >"$dir/b.profile"
	printf '[Profile]\nInherit=shell\n[Environment]\nEnvironment=C=2\n' >"$dir/c.profile"
	printf '[Profile]\nInherit=b c\n' >"$dir/d.profile"
	ok -p d -- sh -c 'echo $B$C'
	printed 12
}

@test "a profile that is a directory, a FIFO, a device, a socket, unreadable or a dangling link" {
	export LIMIT=5
	mkdir dir.profile
	wrong -p ./dir.profile
	refused 'dir.profile'
	mkfifo fifo.profile
	wrong -p ./fifo.profile
	refused 'fifo.profile'
	local file
	for file in /dev/zero /dev/null /dev/tty; do
		wrong -p "$file"
		refused "$file"
	done
	text '[Profile]' 'Inherit=shell'
	chmod 000 p.profile
	wrong -p ./p.profile
	refused 'p.profile' 'denied'
	ln -s none dangling.profile
	wrong -p ./dangling.profile
	refused 'dangling.profile'
	ln -s loop.profile loop.profile
	wrong -p ./loop.profile
	refused 'loop.profile'
	rm -f p.profile
	text '[Profile]' "Inherit=$PROJECT/fifo.profile"
	wrong -p ./p.profile
	mistaken ./p.profile:2 'fifo.profile'
}

@test "a profile that others may write to, or that is somebody else's and writable" {
	text '[Profile]' 'Inherit=shell'
	chmod 0646 p.profile
	wrong -p ./p.profile
	refused 'p.profile' 'writ'
	chmod 0666 p.profile
	as_range_root chown 1:1 p.profile ||
		skip_or_fail "map-auto: no subordinate range"
	wrong -p ./p.profile
	refused 'p.profile' 'writ'
	as_range_root chmod 0664 p.profile
	wrong -p ./p.profile
	refused 'p.profile' 'writ'
	# Positive control: the same text, one's own.
	as_range_root chown 0:0 p.profile
	chmod 0644 p.profile
	ok -p ./p.profile -- echo ran
	printed ran
}

@test "a profile in the working directory is never picked up by its name" {
	text '[Profile]' 'Inherit=shell' '[Environment]' 'Environment=EVIL=yes'
	cp p.profile build.profile
	cp p.profile default.profile
	ok -p build -- sh -c 'echo "<$EVIL>"'
	printed "<>"
	mkdir -p .config/sandbox/profiles profiles
	cp p.profile mine.profile
	cp p.profile profiles/mine.profile
	wrong -p mine
	refused 'mine'
}
