# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What limits cost at the start: sourced by run, which has the tools and makes $work. On this host the group alone, if
# there is a cgroup v2 hierarchy; with controllers, and with systemd, in the virtual machine of tests/vm. That one may
# be emulated: its figures count as ratios to each other only.
# shellcheck disable=SC2154 # here, work: run's

# Milliseconds by which the second of two medians is more.
more() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b - a) / 1000 }'
}

group_starts() {
	local times

	[ -n "${SANDBOX_TEST_CGROUP:-}" ] || { row '  (no cgroup to measure with)' -; return; }
	{
		words "$SANDBOX" -p shell true
		words "$SANDBOX" -p shell --stats true
	} >"$work/groups"
	times=$("$work/measure" "$RUNS" "$work/groups" 2>/dev/null)
	mapfile -t times <<<"$times"
	row '  sandbox -p shell true, with a cgroup of its own that is read at the end' \
		"$(awk -v a="${times[0]}" -v b="${times[1]}" 'BEGIN { printf "%.2f, %.2f ms", a / 1000, b / 1000 }')"
	row 'start: with a cgroup - without, ms' "$(more "${times[0]}" "${times[1]}")" '<= 0.300'
}

# in_machine PLACE RUNS: medians of what is in $work/payload/commands, there.
in_machine() {
	"$ROOT/tests/vm/vm" --delegate all --as "$1" --timeout 500 "$work/payload" ./measure "$2" commands 2>/dev/null
}

machine_rows() {
	local own scope

	work=$(mktemp -d /var/tmp/sandbox-bench.XXXXXX)
	mkdir "$work/payload"
	cp -r "$(dirname "$SANDBOX")"/{sandbox,helpers} "$ROOT/profiles" "$work/payload/"
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -o "$work/payload/measure" "$here/measure.c"
	{
		words ./sandbox -p shell true
		words ./sandbox -p shell --memory 1G --pids 100 --cpus 1 true
		words /usr/bin/systemd-run --user --scope --quiet ./sandbox -p shell true
	} >"$work/payload/commands"
	own=$(in_machine service "${MACHINE_RUNS:-60}")
	scope=$(in_machine session "${MACHINE_RUNS:-60}")
	rm -rf "$work"
	mapfile -t own <<<"$own"
	mapfile -t scope <<<"$scope"
	row '  in the machine: sandbox -p shell true, with three limits, ms' \
		"$(awk -v a="${own[0]}" -v b="${own[1]}" 'BEGIN { printf "%.1f, %.1f", a / 1000, b / 1000 }')"
	row '  in the machine: with three limits in the own cgroup / without' "$(ratio "${own[1]}" "${own[0]}")"
	row '  in the machine, from a login session: with a scope; in systemd-run --scope; ms' \
		"$(awk -v a="${scope[1]}" -v b="${scope[2]}" 'BEGIN { printf "%.1f, %.1f", a / 1000, b / 1000 }')"
	row 'start with a scope: sandbox with limits / systemd-run --user --scope sandbox' \
		"$(ratio "${scope[1]}" "${scope[2]}")" '<= 1.00'
}
