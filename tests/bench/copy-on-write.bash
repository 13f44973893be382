# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Figures of copy-on-write: sourced by run, which has the tools and makes $work.
# shellcheck disable=SC2154 # here, work, fuse: run's

cow_starts() {
	local times

	mkdir -p "$work/small"
	{
		words "$SANDBOX" -p build true
		words "$SANDBOX" -p build --cow . true
		[ -z "$fuse" ] || words "$SANDBOX" -p build --set Filesystem.Overlay=fuse --cow . true
	} >"$work/cow-starts"
	times=$(cd "$work/small" && "$work/measure" "$RUNS" "$work/cow-starts")
	mapfile -t times <<<"$times"
	row '  sandbox -p build true, with --cow . by the kernel' \
		"$(awk -v a="${times[0]}" -v b="${times[1]}" 'BEGIN { printf "%.2f, %.2f ms", a / 1000, b / 1000 }')"
	[ -z "$fuse" ] || row '  start: --cow by fuse-overlayfs / without' "$(ratio "${times[2]}" "${times[0]}")"
	row 'start: --cow by the kernel / without' "$(ratio "${times[1]}" "${times[0]}")" '<= 1.30'
}

cow_builds() {
	local times project=$work/project/copied

	"$here/generate" "$project"
	{
		words /usr/bin/make -s again
		words "$SANDBOX" -p build --cow . --keep=no /usr/bin/make -s again
		[ -z "$fuse" ] || words "$SANDBOX" -p build --set Filesystem.Overlay=fuse --cow . --keep=no \
			/usr/bin/make -s again
	} >"$work/cow-builds"
	times=$(cd "$project" && "$work/measure" "${BUILDS:-7}" "$work/cow-builds")
	mapfile -t times <<<"$times"
	[ -z "$fuse" ] || row '  build: on a copy by fuse-overlayfs / outside' "$(ratio "${times[2]}" "${times[0]}")"
	row 'build: on a copy by the kernel / outside' "$(ratio "${times[1]}" "${times[0]}")" '<= 1.05'
}

# A tree of DIRECTORIES times 1,000 files; one in ten is changed later.
cow_tree() {
	python3 - "$1" "$2" <<-'END'
		import os, sys
		root, directories = sys.argv[1], int(sys.argv[2])
		for d in range(directories):
		    os.makedirs(f'{root}/{d:03}')
		    for f in range(1000):
		        with open(f'{root}/{d:03}/{f:03}', 'w') as out:
		            out.write(f'{d} {f}\n' * (50 + f % 400))
	END
}

# elapsed COMMAND...: microseconds
elapsed() {
	local before=${EPOCHREALTIME/[.,]/}

	"$@" >/dev/null 2>&1 || { echo "bench: $*: status $?" >&2; return 1; }
	echo $((${EPOCHREALTIME/[.,]/} - before))
}

# 10,000 changed files in a tree of 100,000, beside rsync(1) that copies the same files.
cow_changes() {
	local tree=$work/tree list=$work/list i
	local changes=() commits=() undos=() copies=() name=bench$$

	command -v rsync >/dev/null || { row '  (no rsync to compare with)' -; return; }
	cow_tree "$tree" 100
	cp -a "$tree" "$work/copy"
	(cd "$tree" && "$SANDBOX" --quiet -n "$name" -p build --cow . /bin/sh -c \
		'for f in */*7; do echo changed >>"$f"; done')
	(cd "$tree" && ls -d -- */*7) >"$list"
	# Two sources, so that each rsync has something to copy.
	mkdir "$work/before" "$work/after"
	rsync -a --files-from="$list" "$tree/" "$work/before/"
	"$SANDBOX" commit "$name" >/dev/null 2>&1
	rsync -a --files-from="$list" "$tree/" "$work/after/"
	"$SANDBOX" undo "$name" >/dev/null 2>&1
	for ((i = 0; i < 5; i++)); do
		changes+=("$(elapsed "$SANDBOX" changes "$name")")
		copies+=("$(elapsed rsync -a --files-from="$list" "$work/after/" "$work/copy/")")
		commits+=("$(elapsed "$SANDBOX" commit "$name")")
		undos+=("$(elapsed "$SANDBOX" undo "$name")")
		copies+=("$(elapsed rsync -a --files-from="$list" "$work/before/" "$work/copy/")")
	done
	local rsync changed committed undone
	rsync=$(printf '%s\n' "${copies[@]}" | median) changed=$(printf '%s\n' "${changes[@]}" | median)
	committed=$(printf '%s\n' "${commits[@]}" | median) undone=$(printf '%s\n' "${undos[@]}" | median)
	"$SANDBOX" discard "$name" >/dev/null 2>&1 || true
	row '  rsync -a, changes, commit, undo of 10,000 files in 100,000' "$(printf '%s\n' "$rsync" "$changed" \
		"$committed" "$undone" | awk '{ printf "%s%.0f", (NR > 1 ? ", " : ""), $1 / 1e3 } END { print " ms" }')"
	row 'changes of 10,000 in 100,000 files / rsync -a of them' "$(ratio "$changed" "$rsync")" '<= 1.00'
	row 'commit of 10,000 in 100,000 files / rsync -a of them' "$(ratio "$committed" "$rsync")" '<= 1.00'
	cow_scaling "$changed"
}

# The same number of changes in a tree of a fifth of the size costs the same.
cow_scaling() {
	local name=smaller$$ tree=$work/smaller times=() i

	cow_tree "$tree" 20
	(cd "$tree" && "$SANDBOX" --quiet -n "$name" -p build --cow . /bin/sh -c \
		'for f in */*[13579]; do echo changed >>"$f"; done')
	for ((i = 0; i < 5; i++)); do
		times+=("$(elapsed "$SANDBOX" changes "$name")")
	done
	"$SANDBOX" discard "$name" >/dev/null 2>&1 || true
	row 'changes: 10,000 in 100,000 files / 10,000 in 20,000' \
		"$(ratio "$1" "$(printf '%s\n' "${times[@]}" | median)")" '<= 1.50'
}
