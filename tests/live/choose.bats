#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# commit and discard --interactive: what is asked, and what comes of each answer.
#
# capture sets status, output and stderr.
# shellcheck disable=SC2034,SC2154

load ../lib/common
load live
load cow

setup() {
	cow_setup
	need python3
	mkdir old
	echo old | tee kept gone old/one old/two >/dev/null
	sb --quiet --name it -- sh -c 'echo new >kept; rm -r gone old; mkdir made; echo 1 >made/a; echo 2 >made/b
		echo x >.envrc; echo z >zed'
	exited 0
}

teardown() {
	cow_teardown
}

# answer STATUS COMMAND... -- QUESTION=ANSWER...
answer() {
	capture timeout -k 5 60 python3 -B "$ROOT/tests/live/probes/choose.py" "$SANDBOX" "${@:2}" 3>&-
	[ "$output" = "$1" ] || report "ended otherwise than by $1"
}

# pending PATH...: these changes are left.
pending() {
	[ "$("$SANDBOX" changes it | sed -n 's/^[AMD] \([^ ]*\).*/\1/p' | xargs)" = "$*" ] || fail "$("$SANDBOX" changes it)"
}

@test "one after the other; what is below a directory that is gone goes with it" {
	answer 0 commit it --interactive -- .envrc=n gone=y kept=dy made=n 'old/ with the 2 below it=y' zed=n
	[ "$(cat kept)" = new ]
	[ ! -e gone ] && [ ! -e old ] && [ ! -e zed ] && [ ! -e .envrc ] && [ ! -e made ]
	pending .envrc made/ made/a made/b zed
	answer 0 discard it -i -- .envrc=y made=n zed=y
	pending made/ made/a made/b
}

@test "q: what was answered with yes is done; an end of the input is the same" {
	answer 0 commit it -i -- .envrc=n gone=y kept=q
	pending .envrc kept made/ made/a made/b old/ old/one old/two zed
	[ ! -e gone ]
	answer 0 commit it -i -- .envrc=$'\004'
	pending .envrc kept made/ made/a made/b old/ old/one old/two zed
}

@test "what the host runs later: yes is consent, all is none" {
	answer 0 commit it -i -- '.envrc (runs later on the host)=y' gone=q
	[ "$(cat .envrc)" = x ]
	pending gone kept made/ made/a made/b old/ old/one old/two zed
	ok undo it
	[ ! -e .envrc ]
	sb --quiet --name it -- sh -c 'echo hook >zz.envrc; mkdir -p zzz; echo x >zzz/.envrc'
	answer 0 commit it -i -- .envrc=n gone=a zzz/.envrc=n
	[ "$(cat zed)" = z ]
	[ -d zzz ] && [ ! -e zzz/.envrc ]
	pending .envrc zzz/.envrc
	answer 0 commit it --allow-executed -i -- .envrc=a
	[ -e zzz/.envrc ]
}

@test "without a terminal it is refused, and nothing is done" {
	capture setsid --wait "$SANDBOX" commit it -i
	refused 'it: --interactive asks on the terminal|--interactive asks on the terminal'
	[ -e gone ]
}
