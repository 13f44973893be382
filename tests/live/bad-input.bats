#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Wrong, huge, hostile and missing input: one clear line and status 125, or correct work; never a
# crash, a hang or a half-open sandbox. Each call has a time limit, and the program that must not
# run leaves a file if it does.
#
# Quoted text is for the shell inside; capture sets status, output and stderr;
# each test is a shell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2103,SC2154

load ../lib/common
load live

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# text LINE...: the profile ./p.profile with exactly these lines.
text() {
	printf '%s\n' "$@" >p.profile
}

# letters N: that many.
letters() {
	head -c "$1" /dev/zero | tr '\0' a
}

# wrong ARG...: the launcher with these arguments and then a command that must not run.
wrong() {
	sb "$@" -- touch ran
	[ ! -e ran ] || report "the command ran"
}

# fine_or_refused TEXT: the last run printed TEXT, or was refused properly.
fine_or_refused() {
	if [ "$status" -eq 0 ]; then
		printed "$1"
	else
		refused
	fi
}

# --- the command line

@test "an unknown option is refused with the likely one" {
	local pair
	for pair in --profil:--profile --profiles:--profile --bnd:--bind --tmfs:--tmpfs \
		--hid:--hide --explian:--explain --chdi:--chdir --usr:--user; do
		wrong "${pair%%:*}" x
		refused "${pair%%:*}" "${pair#*:}"
	done
	wrong -Z
	refused '-Z'
	wrong --=x
	refused
	wrong ---rw .
	refused
}

@test "every option that takes a value is refused without one" {
	local option
	for option in -p --profile -n --name --rw --ro --hide --tmpfs --cow --bind --net --allow \
		--publish --memory --cpus --pids --io-read --io-write --timeout --env --user -C --chdir \
		--tty --set; do
		sb "$option"
		refused "$option|$(sed 's/^-p$/--profile/; s/^-n$/--name/; s/^-C$/--chdir/' <<<"$option")"
	done
}

@test "an option that takes no value is refused with one" {
	local option
	for option in --explain --json --verbose --quiet; do
		wrong "$option=yes"
		refused "$option"
	done
}

@test "an empty value is refused where it makes no sense" {
	local option
	for option in --rw --ro --hide --tmpfs --bind --net --env --user --chdir --tty --set --profile; do
		wrong "$option" ""
		refused
		wrong "$option="
		refused
	done
}

@test "wrong values of options are refused, and the message names the option" {
	local line
	while read -r line; do
		# shellcheck disable=SC2086
		wrong $line
		refused "${line%% *}"
	done <<-'LIST'
		--net bridge
		--user nobody
		--tty sometimes
		--bind /usr
		--bind :/mnt
		--bind /usr:
		--bind /usr:mnt
		--bind /usr:/mnt:rx
		--bind /usr:/mnt:ro:x
		--tmpfs :1M
		--env =x
		--env A-B=x
		--set Filesystem
		--set Filesystem.Root
		--set =x
		--set .=x
	LIST
}

@test "--set of an unknown section or key is refused with the likely one" {
	wrong --set Filesystm.Root=host
	refused 'Filesystm' 'Filesystem'
	wrong --set Filesystem.Rot=host
	refused 'Rot' 'Root'
	wrong --set User.Root=host
	refused 'Root' 'Filesystem'
	wrong --set Seccomp.SystemCallFilter=@basic-oi
	refused '@basic-oi' '@basic-io'
	wrong --set Seccomp.SystemCallFilter=opennat
	refused 'opennat' 'openat'
}

@test "what this version does not enforce is refused by name" {
	local line
	while read -r line; do
		# shellcheck disable=SC2086
		wrong $line
		refused "${line%% *}|${line##* }"
	done <<-'LIST'
		--cow .
		--memory 1G
		--cpus 1
		--pids 100
		--io-read 1M
		--io-write 1M
		--timeout 5s
		--net private
		--allow example.org
		--publish 8080:80
		--detach
		--keep
	LIST
	local key
	for key in MemoryMax=1G CPUQuota=50% TasksMax=100 RuntimeMaxSec=5 AllowedCPUs=0 IOWeight=5; do
		wrong --set "Resources.$key"
		refused "${key%=*}"
		text '[Profile]' 'Inherit=shell' '[Resources]' "$key"
		wrong -p ./p.profile
		mistaken ./p.profile:4 "${key%=*}"
	done
	# The way out: named as optional in the profile.
	text '[Profile]' 'Inherit=shell' 'Optional=Resources.MemoryMax' '[Resources]' 'MemoryMax=1G'
	sb -p ./p.profile -- echo ran
	exited 0
	printed ran
}

@test "profiles with a network of later are refused when run, and can be explained" {
	local name
	for name in net-client server; do
		wrong -p "$name"
		exited 125
		one_line
		[[ $stderr == *Mode* || $stderr == *private* ]]
	done
}

@test "no command is an error, an empty one too" {
	sb
	exited 125
	sb -p shell
	refused
	sb -p shell --
	refused
	sb --
	refused
	sb -p shell -- ""
	[ "$status" -eq 127 ] || [ "$status" -eq 125 ] || report "status"
	one_line
}

@test "-- ends the options, and what follows the command belongs to it" {
	sb -p shell -- echo -p --net -- x
	exited 0
	printed "-p --net -- x"
	sb -p shell echo --profile y -h --version
	exited 0
	printed "--profile y -h --version"
	sb run -p shell -- echo run
	exited 0
	printed run
	sb run -p shell echo --
	exited 0
	printed "--"
	sb -p shell -- --starts-with-dashes
	exited 127
}

@test "subcommand words are subcommands only as the first word" {
	local word
	for word in list doctor exec profile version; do
		sb -p shell "$word"
		exited 127
		[[ $stderr == "sandbox: $word: "* ]]
		sb -p shell -- "$word"
		exited 127
	done
	sb -- list
	exited 127
	sb run list
	exited 127
}

@test "subcommands of later versions say so" {
	local word
	for word in list inspect exec attach logs stats stop start pause resume wait remove changes \
		commit discard undo selftest; do
		sb "$word"
		refused "$word" 'version'
		sb "$word" x
		refused "$word"
	done
}

@test "an unknown first word is a program, and is not found" {
	sb lisst
	exited 127
	one_line
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

# --- paths

@test "paths with .. and doubled slashes are resolved" {
	mkdir -p a/b
	echo x >a/file
	ok -p shell --ro a/b/..//../a/./file -- cat a/file
	printed x
	sb -p shell --ro a/b/../../a -- sh -c 'echo y >a/file'
	[ "$status" -ne 0 ]
	sb -p shell --bind "$PROJECT/a:/mnt/../mnt/." -- cat /mnt/file
	fine_or_refused x
	ok -p shell --ro / -- true
}

@test "paths of 4,000 characters work, of 5,000 are refused" {
	local part i
	part=$(letters 199)
	# Each step of the way is short; the whole path is long.
	(
		for i in $(seq $(((3990 - ${#PROJECT}) / 200))); do
			mkdir "$part"
			cd "$part"
		done
		echo deep >file
		pwd >"$PROJECT/long"
	)
	local long
	long=$(cat long)
	[ "${#long}" -gt 3700 ]
	sb -p shell --ro "$long" -- cat "$long/file"
	fine_or_refused deep
	sb -p shell --ro "$long/file" -- cat "$long/file"
	fine_or_refused deep
	cd "$long"
	sb -p shell -- cat file
	fine_or_refused deep
	cd "$PROJECT"
	wrong -p shell --ro "/$(letters 5000)"
	refused
	wrong -p shell --bind "/usr:/$(letters 300)"
	refused
	wrong -p "./$(letters 5000)"
	refused
	wrong -p shell -C "/$(letters 5000)"
	refused
}

@test "symbolic links in a circle are refused" {
	ln -s b a
	ln -s a b
	wrong -p shell --ro a
	refused 'a' 'link|loop|level'
	wrong -p shell --hide a/x
	refused
}

@test "2,000 options" {
	export LIMIT=30
	local args=() i
	mkdir d
	for i in $(seq 1000); do
		args+=(--ro d --env "V$i=$i")
	done
	ok -p shell "${args[@]}" -- sh -c 'echo $V1000'
	printed 1000
}

# --- the caller's own state

@test "100,000 arguments arrive" {
	# shellcheck disable=SC2046
	ok -p shell -- sh -c 'echo $# $1 ${100000}' sh $(seq 100000)
	printed "100000 1 100000"
}

@test "an argument of 120,000 characters, empty arguments and odd bytes arrive" {
	ok -p shell -- sh -c 'echo ${#1}' sh "$(letters 120000)"
	printed 120000
	ok -p shell -- sh -c 'printf "<%s>" "$@"' sh "" " " $'\xff\xfe' $'a\nb' '*'
	printed "<>< ><"$'\xff\xfe'"><"$'a\nb'"><*>"
}

@test "an empty argument vector" {
	capture timeout 10 "$(probe noargs)" "$SANDBOX"
	[ "$status" -eq 125 ] || report "expected 125"
}

@test "a deleted working directory is refused, or left by -C" {
	mkdir gone
	outside bash -c 'cd gone; rmdir ../gone; timeout 10 "$SANDBOX" -p shell -- touch ran'
	refused
	mkdir gone
	outside bash -c 'cd gone; rmdir ../gone; timeout 10 "$SANDBOX" -p shell -C /usr -- pwd'
	[ "$status" -eq 0 ] && printed /usr || refused
	no_leftovers
}

@test "a working directory without permission to read or to enter" {
	mkdir -p shut/in
	outside bash -c 'cd shut/in; chmod 000 ..; timeout 10 "$SANDBOX" -p shell -- echo ran'
	chmod 755 shut
	fine_or_refused ran
	mkdir only-x
	chmod 111 only-x
	cd only-x
	sb -p shell -- echo ran
	cd ..
	fine_or_refused ran
}

@test "10,000 open descriptors: none arrives, and it does not take long" {
	capture timeout 20 "$(probe manyfds)" 10000 "$SANDBOX" -p shell -- \
		sh -c 'ls /proc/$$/fd >/tmp/list; tr "\n" " " </tmp/list'
	[ "$status" -ne 77 ] || skip_or_fail "descriptors: the hard limit is below 10000"
	exited 0
	[[ $output =~ ^0\ 1\ (10\ )?2\ (255\ )?$ ]] || report "descriptors inside"
}

@test "hardly any descriptors to be had" {
	local n
	for n in 3 4 5 6 8 10 12 16 20 24; do
		outside bash -c "ulimit -n $n; exec \"\$SANDBOX\" -p shell -- /bin/echo ran"
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ] || [ "$status" -eq 126 ] ||
			[ "$status" -eq 127 ] || report "with $n"
	done
	no_leftovers
}

@test "little memory, no room for files, no processes: an error or work, never a crash" {
	local limit
	ulimit -c 0
	for limit in '-v 20000' '-v 40000' '-f 0' '-u 1' '-s 64' '-l 0' '-t 10' '-q 0' '-i 0'; do
		# Through a pipe: the limit on files is not meant for the output.
		outside bash -c "(ulimit $limit 2>/dev/null; exec \"\$SANDBOX\" -p shell -- echo ran) |& cat
			exit \${PIPESTATUS[0]}"
		[ "$status" -lt 124 ] || [ "$status" -eq 125 ] || [ "$status" -eq 126 ] ||
			[ "$status" -eq 127 ] || report "with ulimit $limit"
	done
	no_leftovers
}

@test "no HOME, an empty, relative, missing or odd one" {
	local home
	outside env -u HOME "$SANDBOX" -p shell -- sh -c 'echo ran; cat "$1"' sh "$HOME/.secret"
	lacks s3cret
	[[ $output == ran* ]] || refused
	for home in "" relative /does/not/exist / /usr "$PROJECT" $'/a\nb' "$(letters 5000)"; do
		outside env HOME="$home" "$SANDBOX" -p shell -- sh -c 'echo ran; cat "$1"' sh "$HOME/.secret"
		lacks s3cret
		# With HOME=/usr the programs are hidden too.
		[[ $output == ran* ]] || [ "$status" -eq 127 ] || refused
	done
}

@test "an empty environment" {
	outside env -i "$SANDBOX" -p shell -- /bin/echo ran
	fine_or_refused ran
}

@test "an odd PATH, TMPDIR and XDG directories" {
	outside env PATH= "$SANDBOX" -p shell -- /bin/echo ran
	exited 0
	outside env PATH=relative:::/nowhere "$SANDBOX" -p shell -- echo ran
	exited 127
	local value
	for value in "" relative /does/not/exist /dev/null "$PROJECT"; do
		outside env TMPDIR="$value" XDG_CONFIG_HOME="$value" XDG_CACHE_HOME="$value" \
			XDG_RUNTIME_DIR="$value" XDG_STATE_HOME="$value" XDG_DATA_HOME="$value" \
			"$SANDBOX" -p shell -- echo ran
		exited 0
		printed ran
	done
}

@test "no /proc on the host: a refusal or work" {
	capture unshare --user --map-root-user --mount bash -euc \
		'mount -t tmpfs none /proc; exec timeout 10 "$@"' sh "$SANDBOX" -p shell -- echo ran
	fine_or_refused ran
}

@test "no namespaces to be had: a refusal that names the knob" {
	# In a user namespace of this test's own the limit can be set without touching the host.
	capture unshare --user --map-root-user bash -euc \
		'echo 0 >/proc/sys/user/max_user_namespaces; exec timeout 10 "$@"' sh \
		"$SANDBOX" -p shell -- touch ran
	refused 'user\.max_user_namespaces|user namespace'
	[ ! -e ran ]
}

@test "damaged, foreign and unwritable caches of filters change nothing" {
	export XDG_CACHE_HOME="$PROJECT/cache"
	outside unshare --user true
	exited 0
	mkdir cache
	ok -p shell -- grep '^Seccomp:' /proc/self/status
	find cache -type f >files
	[ -s files ] || skip_or_fail "filter-cache: no file is kept in XDG_CACHE_HOME"
	cp -a cache good
	# Cut off, emptied, overwritten, bits turned, made of zeros, longer than it was.
	local damage
	for damage in 'truncate -s 8 FILE' ': >FILE' 'cp /etc/passwd FILE' 'truncate -s 100000 FILE' \
		'dd if=/dev/zero bs=64 count=8 conv=notrunc status=none of=FILE' \
		'dd if=/dev/urandom bs=16 seek=4 count=1 conv=notrunc status=none of=FILE'; do
		rm -rf cache
		cp -a good cache
		while read -r file; do
			chmod u+w "$file"
			eval "${damage//FILE/\"\$file\"}"
		done <files
		sb -p shell -- sh -c 'grep "^Seccomp:" /proc/self/status'
		exited 0
		shows "2\$"
		# Only the filter is in the way of this.
		sb -p shell -- unshare --user true
		[ "$status" -ne 0 ] || report "the filter lets namespaces through"
	done
	rm -rf cache
	cp -a good cache
	find cache -type d -exec chmod 0555 {} +
	ok -p build -- echo ran
	printed ran
	find cache -type d -exec chmod 0755 {} +
	rm -rf cache
	ln -s /etc cache
	ok -p shell -- echo ran
	printed ran
	rm cache
	: >cache
	ok -p shell -- echo ran
	printed ran
}
