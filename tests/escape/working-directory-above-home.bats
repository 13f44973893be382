#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A profile that opens the working directory opens everything below it: started in the home, above it, or in the root
# directory that is too much.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

@test "started in the project it runs, and a directory above can be asked for by name" {
	works "$SANDBOX" -p build true
	works "$SANDBOX" -p build --ro "$HOME" cat "$HOME/.secret"
}

@test "started in or above the home, the secret is not read and nothing is written" {
	local profile dir

	ln -s "$HOME" link
	for dir in "$HOME" "$HOME/.." "$HOME/../.." /home / link; do
		for profile in "${ALL_PROFILES[@]}"; do
			run sh -c 'cd "$1" && exec "$2" -p "$3" sh -c "cat \"\$1/.secret\"; echo evil >\"\$1/.evil\"" - "$4"' - \
				"$dir" "$SANDBOX" "$profile" "$HOME"
			[[ $output != *s3cret* ]] || { echo "$dir $profile: $output" >&2; return 1; }
			[ ! -e "$HOME/.evil" ]
		done
	done
}

@test "nor by -C or WorkingDirectory=" {
	run "$SANDBOX" -p build -C "$HOME" cat .secret
	[[ $status != 0 && $output != *s3cret* ]]
	run "$SANDBOX" -p build --set "Filesystem.WorkingDirectory=$HOME" cat .secret
	[[ $status != 0 && $output != *s3cret* ]]
	run "$SANDBOX" -p build -C / cat "$HOME/.secret"
	[[ $status != 0 && $output != *s3cret* ]]
}
