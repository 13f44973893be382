# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of bad input share; behind live.bash, whose functions it calls.
# Set by capture there.
# shellcheck disable=SC2154

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
