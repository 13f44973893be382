#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Paths, arguments and a caller in an unusual state: one clear line and status 125, or correct work; never a
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
	# As many words as there are numbers.
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
	not_with_asan
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

@test "a directory of the environment that cannot be used: which variable it is from, what for, and the cure" {
	local closed=$PROJECT/closed kept='it is from HOME, for what sandboxes keep: set HOME or XDG_STATE_HOME '
	mkdir -m 000 "$closed"
	capture env -u XDG_STATE_HOME HOME="$closed" XDG_CONFIG_HOME="$HOME/.config" "$SANDBOX" -- touch f
	refused "^sandbox: $closed/.local/state/sandbox: Permission denied \\($kept"
	capture env -u XDG_CONFIG_HOME HOME="$closed" "$SANDBOX" -- touch f
	refused "$closed/.config/.*: Permission denied" '\(it is from HOME, for your profiles: set HOME or XDG_CONFIG_HOME '
	XDG_CONFIG_HOME=$closed sb -p ./none.profile -- true
	refused 'none.profile: No such file or directory$'
	XDG_STATE_HOME=$closed sb -- touch f
	refused "$closed/sandbox: Permission denied \\(it is from XDG_STATE_HOME, for .*: set XDG_STATE_HOME "
	XDG_RUNTIME_DIR=$PROJECT/none sb -d -- touch f
	refused "$PROJECT/none: No such file or directory \\(it is from XDG_RUNTIME_DIR, for the list of what runs: set XDG_RUN"
	XDG_RUNTIME_DIR=/usr sb -d -- touch f
	refused '/usr: belongs to another user \(it is from XDG_RUNTIME_DIR'
	chmod 755 "$closed"
	XDG_RUNTIME_DIR=$closed sb -d -- touch f
	refused "$closed: open to others \\(chmod 700 $closed, if nobody has changed it\\)"
}

@test "no /proc on the host: a refusal or work" {
	not_with_asan
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
