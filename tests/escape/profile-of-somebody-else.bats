#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A profile that others can write to decides nothing: a file or its directory with such a mode, or one of another
# user.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

make_profile() {
	mkdir -p "$HOME/.config/sandbox/profiles"
	chmod 0755 "$HOME/.config/sandbox/profiles"
	rm -f "$FILE"
	printf '[Profile]\nInherit=build\n[Filesystem]\nReadOnlyPaths=%s\n' "$HOME/.secret" >"$FILE"
	chmod 0644 "$FILE"
}

@test "refused when others may write to it, taken when they may not" {
	FILE=$HOME/.config/sandbox/profiles/mine.profile
	make_profile
	works "$SANDBOX" -p mine cat "$HOME/.secret"
	chmod 0666 "$FILE"
	refuses 'mine.profile' "$SANDBOX" -p mine cat "$HOME/.secret"
	refuses 'mine.profile' "$SANDBOX" -p "$FILE" cat "$HOME/.secret"
	chmod 0644 "$FILE"
	works "$SANDBOX" -p mine cat "$HOME/.secret"
	rm -r "$HOME/.config"
}

@test "refused when it is a link to such a file" {
	FILE=$HOME/.config/sandbox/profiles/mine.profile
	make_profile
	mv "$FILE" "$HOME/t/there"
	chmod 0666 "$HOME/t/there"
	ln -s "$HOME/t/there" "$FILE"
	refuses 'profile|there' "$SANDBOX" -p mine cat "$HOME/.secret"
	rm -r "$HOME/.config" "$HOME/t/there"
}

@test "refused when it is another user's and writable" {
	FILE=$HOME/.config/sandbox/profiles/mine.profile
	make_profile
	chmod 0666 "$FILE"
	unshare --map-root-user --map-auto chown 5:5 "$FILE" || skip_or_fail "no-subids: no subordinate ids here"
	refuses 'mine.profile' "$SANDBOX" -p mine cat "$HOME/.secret"
	unshare --map-root-user --map-auto chown 0:0 "$FILE"
	rm -r "$HOME/.config"
}

@test "one in place of a shipped profile is refused, not passed over" {
	FILE=$HOME/.config/sandbox/profiles/build.profile
	make_profile
	chmod 0666 "$FILE"
	refuses 'build.profile' "$SANDBOX" -p build true
	rm -r "$HOME/.config"
}
