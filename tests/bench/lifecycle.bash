# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What many sandboxes in the background cost, and what is left of them; how fast output goes through a terminal of the
# sandbox's own. Sourced by run, which has the tools and makes $work.
# shellcheck disable=SC2154 # work: run's

# in_background COMMAND...: with states and a list of its own.
in_background() {
	XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/runtime "$@"
}

anonymous_memory() {
	awk '/^(RssAnon|RssShmem):/ { sum += $2 } END { print sum + 0 }' "/proc/$1/status"
}

# The most that any of them has, KiB. See idle_memory for the two ways to look.
most_memory() {
	local launcher first

	awk '$1 == "launcher" { launcher = $2 } $1 == "init" { print launcher, $2 }' "$work"/runtime/sandbox/*/state |
		while read -r launcher first; do
			echo "$(private_memory "$launcher") $(anonymous_memory "$first")"
		done | awk '{ if ($1 + $2 > most) most = $1 + $2 } END { print most }'
}

many_running() {
	local n=${MANY:-500} i most

	for ((i = 0; i < n; i++)); do
		in_background "$SANDBOX" run -d -n "s$i" -p shell -- sleep 600 >/dev/null
	done
	words "$SANDBOX" list >"$work/list"
	most=$(most_memory)
	row "list, with $n running at once, ms" "$(in_background "$work/measure" 21 "$work/list" |
		awk '{ printf "%.1f", $1 / 1000 }')" '<= 100'
	row "  that were listed as running: $n started" \
		"$(in_background "$SANDBOX" list | grep -c ' running ')"
	row "memory of the launcher and PID 1, the most of $n, MiB" \
		"$(awk -v m="$most" 'BEGIN { printf "%.3f", m / 1024 }')" '<= 1.00'
	in_background "$SANDBOX" list --names | in_background xargs "$SANDBOX" stop --force
	in_background "$SANDBOX" list --names | in_background xargs "$SANDBOX" remove
}

# Files, processes, mounts and cgroups that sandboxes have.
things() {
	find "$work/state/sandbox" "$work/runtime/sandbox" -mindepth 1
	ps -u "$(id -u)" -o pid=,stat=,comm= | awk '$2 !~ /^Z/ && $3 ~ /^(sandbox|sleep|fuse-overlayfs)$/'
	cut -d' ' -f5 /proc/self/mountinfo
	[ -z "${SANDBOX_TEST_CGROUP:-}" ] ||
		find "$SANDBOX_TEST_CGROUP" -type d -name 'sandbox[-.]*' ! -name sandbox.callers
}

# How many of them are new. What has been killed is gone a moment later.
left() {
	local i n=0

	for ((i = 0; i < 50; i++)); do
		n=$(things | LC_ALL=C sort | LC_ALL=C comm -13 "$work/things" - | wc -l)
		[ "$n" -gt 0 ] || break
		sleep 0.1
	done
	echo "$n"
}

many_rounds() {
	local n=${ROUNDS:-1000} i before=${EPOCHREALTIME/[.,]/} options

	things | LC_ALL=C sort >"$work/things"
	for ((i = 0; i < n; i++)); do
		# With a cgroup where there is one.
		options=(-p build)
		[ $((i % 4)) -ne 0 ] || options+=(--cow .)
		in_background "$SANDBOX" run -d -n one "${options[@]}" -- \
			sh -c 'echo x >f; exec sleep 600' >/dev/null
		in_background "$SANDBOX" stop one
		in_background "$SANDBOX" remove one
	done
	row '  a round of run --detach, stop and remove, ms' \
		"$(awk -v t="$((${EPOCHREALTIME/[.,]/} - before))" -v n="$n" 'BEGIN { printf "%.1f", t / n / 1000 }')"
	row "left of $n such rounds: files, processes, mounts, cgroups" "$(left)" '<= 0'
}

# 200 MB of lines, by the program; a rate of 0.8 is 1.25 times as long.
terminals() {
	local times program='yes 0123456789012345678901234567890123456789 | head -c 200000000'

	command -v script >/dev/null || { row '  (no script(1) to compare with)' -; return; }
	in_background "$SANDBOX" run -d -n one -p shell -- sleep 600 >/dev/null
	{
		words "$(command -v script)" -qc "$program" /dev/null
		words "$SANDBOX" run --tty always -p shell -- sh -c "$program"
		words "$SANDBOX" exec --tty always one sh -c "$program"
	} >"$work/terminals"
	times=$(in_background "$work/measure" "${TERMINALS:-5}" "$work/terminals" 2>/dev/null) || true
	in_background "$SANDBOX" stop --force one
	in_background "$SANDBOX" remove one
	[ -n "$times" ] || { row '  (200 MB through a terminal: a command has failed)' -; return; }
	mapfile -t times <<<"$times"
	row '  200 MB through a terminal: script, run, exec' \
		"$(awk -v a="${times[0]}" -v b="${times[1]}" -v c="${times[2]}" \
			'BEGIN { printf "%.2f, %.2f, %.2f s", a / 1e6, b / 1e6, c / 1e6 }')"
	row 'time of 200 MB: run --tty always / script' "$(ratio "${times[1]}" "${times[0]}")" '<= 1.25'
	row 'time of 200 MB: exec --tty always / script' "$(ratio "${times[2]}" "${times[0]}")" '<= 1.25'
}

lifecycle() {
	(umask 077 && mkdir -p "$work"/{state,runtime}/sandbox "$work/project/background")
	cd "$work/project/background" || return
	many_running
	many_rounds
	terminals
	cd "$work/project" || return
}
