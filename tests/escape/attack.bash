# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the escape tests share, on top of ../lib/common. An attack is a probe (0: it worked, 1: it was refused, anything
# else: the probe is broken) or a plain command with these statuses. Each file shows the attack working without
# the sandbox, or with the one rule removed (`works`), and refused inside (`fails`).

# The profiles that run without further permission; an attack that no profile means to allow is tried under all.
ALL_PROFILES=(default build shell untrusted python node)

# attack_setup [PROBE...]: the project, with these probes in it.
attack_setup() {
	local name

	BACKGROUND=()
	SHARED=()
	setup_project && chmod 0755 . || return 1 # the identity of profile untrusted is not the owner
	for name in "$@"; do
		cp "$(probe "$name")" "./$name" || return 1
	done
}

attack_teardown() {
	local pid

	for pid in "${BACKGROUND[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "${SHARED[@]}"
	teardown_project
	clean_home
}

# The home is this file's own (../lib/common): what a test put there goes before the next one starts.
clean_home() {
	local path

	[ -n "$SANDBOX_TEST_HOME" ] && [ "$HOME" = "$SANDBOX_TEST_HOME" ] || return 1
	for path in "$HOME"/* "$HOME"/.[!.]*; do
		[ "$path" = "$HOME/.cache" ] || [ ! -e "$path" ] || remove_tree "$path"
	done
	rm -rf "$HOME/.cache/sandbox"
}

# Makes a directory $DIR outside the project, below PARENT, which teardown removes.
shared_directory() {
	DIR=$(mktemp -d "$1/escape.XXXXXX")
	SHARED+=("$DIR" "$DIR.moved")
}

# Starts a command that teardown ends. Its output is in the file ./NAME.out.
background() {
	local name=$1

	shift
	"$@" >"$name.out" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
}

# Waits for the first line of what `background NAME` printed, and prints it.
first_line() {
	wait_for 5 test -s "$1.out" || { echo "$1 said nothing" >&2; return 1; }
	head -n 1 "$1.out"
}

# shellcheck disable=SC2154 # status and output are set by run
works() {
	run "$@"
	[ "$status" = 0 ] && return 0
	printf 'the control ended with %s, the attack should have worked: %s\n%s\n' "$status" "$*" "$output" >&2
	return 1
}

fails() {
	run "$@"
	[ "$status" = 1 ] && return 0
	printf 'ended with %s where 1 (refused) was due: %s\n%s\n' "$status" "$*" "$output" >&2
	return 1
}

# sandbox itself refuses to run: status 125 and one line that matches PATTERN.
refuses() {
	local pattern=$1

	shift
	run "$@"
	[ "$status" = 125 ] && [[ $output =~ $pattern ]] && return 0
	printf 'ended with %s where 125 and /%s/ were due: %s\n%s\n' "$status" "$pattern" "$*" "$output" >&2
	return 1
}

fails_under_all() {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		fails "$SANDBOX" -p "$profile" "$@" || return 1
	done
}

# calls_unreachable CALL...: the code of these system calls is reached outside and, inside, when the call is added to
# the filter; otherwise not, under any profile. EUCLEAN as the filter's answer tells it from the kernel's own.
calls_unreachable() {
	local call tried=0

	for call in "$@"; do
		run ./reach "$call"
		[[ $output != *'Function not implemented'* ]] || continue # this kernel was built without
		works ./reach "$call" || return 1
		works "$SANDBOX" -p build --set Seccomp.SystemCallErrorNumber=EUCLEAN \
			--set "Seccomp.SystemCallFilter=$call" ./reach "$call" || return 1
		fails_under_all --set Seccomp.SystemCallErrorNumber=EUCLEAN ./reach "$call" || return 1
		tried=$((tried + 1))
	done
	[ "$tried" -gt 0 ] || skip_or_fail "no-such-calls: this kernel was built without $*"
}
