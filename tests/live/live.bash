# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the live tests share beyond common.bash: running the launcher under a time limit, and saying
# what was wrong when an expectation fails. Loaded after ../lib/common.
#
# The variables are for the tests.
# shellcheck disable=SC2034

# capture CMD...: run it without input; leaves $status, $output, $stderr and $lines, as bats' run
# does, which however warns of status 127.
capture() {
	local to=${BATS_TEST_TMPDIR:?}
	status=0
	"$@" >"$to/stdout" 2>"$to/stderr" </dev/null 3>&- || status=$?
	output=$(tr -d '\0' <"$to/stdout")
	stderr=$(tr -d '\0' <"$to/stderr")
	mapfile -t lines <<<"$output"
}

# outside CMD...: a command on the host, for at most $LIMIT seconds (30 if unset). One that hangs
# gives status 124 or 137.
outside() {
	capture timeout --kill-after=5 "${LIMIT:-30}" "$@"
}

# sb [ARG...]: the launcher, in the same way, without a terminal.
sb() {
	capture setsid --wait timeout --kill-after=5 "$((${LIMIT:-30} * ${SLOW:-1}))" "$SANDBOX" "$@"
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# report WHAT: fail and show what the last command left; what it said of the failure comes first.
report() {
	fail "$1" "--- status $status, standard error:" "${stderr:-}" \
		"--- standard output:" "${output:-}"
}

exited() {
	[ "$status" -eq "$1" ] || report "expected status $1"
}

# printed TEXT: standard output is exactly TEXT.
printed() {
	[ "$output" = "$1" ] || report "expected to be printed: $1"
}

# shows REGEX...: each matches somewhere in standard output.
shows() {
	local regex
	for regex in "$@"; do
		grep -Eq -e "$regex" <<<"$output" || report "not in the output: $regex" || return 1
	done
}

# said REGEX, silent: of standard error.
said() {
	grep -Eq -e "$1" <<<"$stderr" || report "not said: $1"
}

silent() {
	[ -z "$stderr" ] || report "something was said"
}

# lacks REGEX: no line matches; lacks -v REGEX: no line does anything else.
lacks() {
	! grep -Eq "${@:1:$#-1}" -e "${!#}" <<<"$output" || report "should not be in the output: $*"
}

# ok ARG...: sb, and it must succeed in silence on standard error.
ok() {
	sb "$@"
	exited 0 || return 1
	[ -z "$stderr" ] || report "standard error should be empty"
}

# one_line: standard error is one line of printable text.
one_line() {
	[ -n "$stderr" ] || report "no message" || return 1
	[ "$(wc -l <<<"$stderr")" -eq 1 ] || report "the message should be one line" || return 1
	! LC_ALL=C grep -q '[[:cntrl:]]' <<<"$stderr" || report "control characters in the message"
}

# refused [REGEX...]: the launcher itself failed, with one line `sandbox: WHAT: WHY`, or FILE:LINE
# instead of `sandbox` where a profile's line is the cause, and it matches all.
refused() {
	local regex
	exited 125 || return 1
	one_line || return 1
	[[ $stderr =~ ^sandbox:\ .+:\ .+ || $stderr =~ ^[^\ ]+:[0-9]+:\ .+ ]] ||
		report "expected 'sandbox: WHAT: WHY'" || return 1
	for regex in "$@"; do
		grep -Eiq -e "$regex" <<<"$stderr" || report "not in the message: $regex" || return 1
	done
}

# mistaken FILE:LINE [REGEX...]: a mistake in a profile, with its place.
mistaken() {
	local regex at=$1
	shift
	exited 125 || return 1
	one_line || return 1
	[[ $stderr == "$at: "?* ]] || report "expected '$at: ...'" || return 1
	for regex in "$@"; do
		grep -Eiq -e "$regex" <<<"$stderr" || report "not in the message: $regex" || return 1
	done
}

# never CMD...: the command must fail.
never() {
	if "$@"; then
		fail "should have failed: $*"
	fi
}

# need PROGRAM...: skip without them.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null ||
			skip_or_fail "program-$program: $program is not installed"
	done
}

# hostlike SETUP CMD...: run CMD as the same user in a mount namespace of its own in which the shell
# text SETUP has changed the mounts: to see the launcher on a host that looks different.
hostlike() {
	local setup=$1
	shift
	unshare --user --map-root-user --mount --propagation private bash -euc "$setup"'
		exec unshare --user --map-user='"$(id -u)"' --map-group='"$(id -g)"' -- "$@"' hostlike "$@"
}

# small_root DIR PROGRAM...: a directory that can be a root: these programs and what they link.
small_root() {
	local dir=$1 program file
	shift
	mkdir -p "$dir"/{bin,etc,dev,proc,sys,tmp,run,var/tmp,root,home}
	for program in "$@"; do
		file=$(type -P "$program")
		install -m 0755 "$(realpath "$file")" "$dir/bin/$program"
		# "name => PATH (address)" and "PATH (address)".
		ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
			install -D -m 0755 "$(realpath "$file")" "$dir$file"
		done
	done
	printf 'root:x:0:0::/root:/bin/sh\nme:x:%s:%s::/home:/bin/sh\n' "$(id -u)" "$(id -g)" \
		>"$dir/etc/passwd"
}

# executed PID: until then a child is still the shell, which loses a signal when it has a trap for its exit.
executed() {
	local name=
	until [ "$name" = "${SANDBOX##*/}" ]; do
		{ read -r name <"/proc/$1/comm"; } 2>/dev/null || return 0
	done
}

# tree_hash DIR...: one line for each file below: kind, mode, path, and the hash of the content.
tree_hash() {
	local dir
	for dir in "$@"; do
		(cd "$dir" && find . -mindepth 1 -printf '%y %m %p %l\n' | LC_ALL=C sort &&
			find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum)
	done
}

# json EXPRESSION: a Python expression over `j`, the JSON on standard input, must be true.
json() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
value = eval(sys.argv[1])
if not value:
    sys.exit("not true: %s; the data: %s" % (sys.argv[1], json.dumps(j)[:4000]))' "$1"
}
