# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the lint scripts share. Each script prints what is wrong, one line a finding, and fails if there is any.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
cd "$ROOT" || exit 2
export LC_ALL=C.UTF-8

# Flags for the judges of C; the macros stand for what the Makefile defines.
# shellcheck disable=SC2034 # for the scripts that source this
flags=(-std=gnu17 -D_GNU_SOURCE -Isrc '-DPROFILE_DIR="/usr/share/sandbox/profiles"'
	'-DHELPER_DIR="/usr/libexec/sandbox"' '-DVERSION="0"')

# Every file of the repository, without what was built or stored as test input.
all_files() {
	find . \( -name .git -o -path './build*' -o -path ./tests/fuzz/corpus \) -prune -o -type f -print |
		sed 's|^\./||' | sort
}

c_files() {
	all_files | grep -E '\.(c|h|inc)$'
}

script_files() {
	local file

	all_files | while read -r file; do
		case $file in
		*.bats | *.bash) echo "$file" ;;
		*) ! head -c 64 "$file" | head -n 1 | grep -aqE '^#!.*\b(ba)?sh\b' || echo "$file" ;;
		esac
	done
}

# exempt CHECK NAME: is the name listed with a reason in tests/lint/exempt?
exempt() {
	awk -v check="$1" -v name="$2" '$1 == check && $2 == name && NF > 3 { found = 1 } END { exit !found }' \
		tests/lint/exempt
}

# Reads findings `NAME: text`, prints those that are not exempt, and fails if one is printed.
findings() {
	local check=$1 line bad=0

	while IFS= read -r line; do
		exempt "$check" "${line%%: *}" && continue
		printf '%s\n' "$line"
		bad=1
	done
	return "$bad"
}
