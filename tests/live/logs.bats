#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a sandbox in the background has printed: `sandbox logs`.
#
# Quoted text is for the shell inside; capture sets status, output and stderr, cow_setup STATE.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load ../lib/common
load live
load cow
load running

readonly SLEEP='echo ready; exec sleep 60'

# in_background NAME SCRIPT: a sandbox that goes on when its launcher has been told.
in_background() {
	sb run -d -n "$1" -p shell -- sh -c "$2"
	exited 0
}

# A time, as --timestamps prints it.
readonly TIME='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'

@test "logs: each stream to its own, to the last byte, and the same once it has ended" {
	in_background one 'echo out; echo err >&2; printf "\377\033[1mno end"'
	sb logs --follow one
	exited 0
	printed $'out\n\377\033[1mno end'
	[ "$stderr" = err ] || report 'expected err'
	sb logs one
	exited 0
	printed $'out\n\377\033[1mno end'
	[ "$stderr" = err ] || report 'expected err'
}

@test "logs: nothing is lost, and more than one file is not kept" {
	in_background one 'seq 100000'
	"$SANDBOX" logs -f one | cmp - <(seq 100000)
	in_background two 'seq 4000000'
	sb logs -f --tail 0 two
	exited 0
	stat -c %s "$STATE"/two/log* | awk '{ n += $1 } END { exit n > 16777216 }' || fail 'larger than 16 MiB'
	[ "$(stat -c %a "$STATE/two/log" "$STATE/two/log.1" | sort -u)" = 600 ] || fail 'open to others'
	ok logs --tail 2 two
	printed $'3999999\n4000000'
	"$SANDBOX" logs two >"$BATS_TEST_TMPDIR/all" 2>"$BATS_TEST_TMPDIR/note"
	[ "$(cat "$BATS_TEST_TMPDIR/note")" = 'sandbox: note: two: missed output: it was removed before it was read' ] ||
		fail 'not told that the first lines are gone'
	"$SANDBOX" logs --json two | head -n 1 | grep -q '"event"' || fail 'nor to programs'
	ok logs --since 2099-01-01T00:00:00Z two
	tail -n 500000 "$BATS_TEST_TMPDIR/all" | cmp - <(seq 3500001 4000000)
	"$SANDBOX" logs --tail 500000 two | cmp - <(seq 3500001 4000000)
}

@test "logs --tail, --since: the last lines of both streams, and what is not older" {
	in_background one 'echo 1; echo 2; sleep 0.2; echo 3 >&2; sleep 0.2; echo 4; sleep 2; printf 5'
	sb logs -f one
	ok logs --tail 2 one
	printed $'4\n5'
	sb logs --tail 3 one
	printed $'4\n5'
	[ "$stderr" = 3 ] || report 'expected 3'
	ok logs --tail 0 one
	printed ''
	sb logs --tail 1000 one
	printed $'1\n2\n4\n5'
	sb logs --since 1h one
	printed $'1\n2\n4\n5'
	ok logs --since 2099-01-01T00:00:00Z one
	printed ''
	sb logs --since @0 --tail 2 one
	printed $'4\n5'
	# From a time that was printed: the last one.
	sb logs --timestamps one
	ok logs --since "$(awk 'END { print $1 }' <<<"$output")" one
	printed 5
	sb logs --since yesterday one
	refused 'not a time'
	sb logs --since '2026-02-30 10:00' one
	refused 'not a time'
	sb logs --tail -1 one
	refused 'not a number'
}

@test "logs --timestamps, --events: for people" {
	in_background one 'printf "a "; sleep 0.3; echo b; echo c; exit 3'
	sb logs -f one
	ok logs --timestamps one
	[ "${#lines[@]}" -eq 2 ] || report 'expected two lines'
	shows "^$TIME a b$" "^$TIME c$"
	ok logs one
	lacks '^--'
	ok logs --events one
	shows "^-- $TIME started, pid [0-9]+$" '^a b$' "^-- $TIME ended 3$"
	[[ ${lines[0]} == *started* && ${lines[-1]} == *ended* ]] || report 'expected the start first and the end last'
}

@test "logs --json: an object a record, from which all bytes come back" {
	in_background one 'printf "a\000\377\n"; exec >&2; echo b'
	sb logs -f one
	ok logs --json --events one
	python3 -c '
import json, sys
records = [json.loads(line) for line in sys.stdin]
assert all(set(r) == {"time", "stream", "data"} for r in records), records
assert sorted(r["time"] for r in records) == [r["time"] for r in records], records
def text(stream):
    return "".join(r["data"] for r in records if r["stream"] == stream).encode("utf-8", "surrogateescape")
assert text("out") == b"a\x00\xff\n", records
assert text("err") == b"b\n", records
assert text("event").endswith(b"ended 0"), records' <<<"$output"
	ok logs --json one
	lacks '"event"'
	sb logs --json --timestamps one
	refused '--json'
}

# followed REGEX: the command that writes to `followed` has printed it.
followed() {
	grep -Eq "$1" "$BATS_TEST_TMPDIR/followed"
}

@test "logs --follow: at once, until the sandbox ends, or we are told to end" {
	local follower status=0
	in_background one 'echo first; until [ -e go ]; do sleep 0.05; done; echo second; until [ -e end ]; do sleep 0.05; done'
	"$SANDBOX" logs -f one >"$BATS_TEST_TMPDIR/followed" 3>&- &
	follower=$!
	wait_for 10 followed '^first$'
	never followed second
	touch go
	wait_for 10 followed '^second$'
	kill -0 "$follower"
	env --default-signal=INT "$SANDBOX" logs --tail 0 -f one 3>&- &
	wait_for 10 sh -c 'readlink /proc/"$1"/fd/* | grep -q inotify' - $!
	kill -INT $!
	wait $! || status=$?
	[ "$status" -eq 130 ] || fail "status $status instead of 130"
	[ "$(timeout 10 "$SANDBOX" logs -f one | head -n 1)" = first ]
	touch end
	wait "$follower"
	[ "$(cat "$BATS_TEST_TMPDIR/followed")" = $'first\nsecond' ]
}

@test "logs: names without a log" {
	sb logs none
	refused 'there is no sandbox of that name'
	sb logs ../one
	refused 'there is no sandbox of that name'
	begin -p shell -n one -- sh -c "$SLEEP"
	sb logs one
	refused 'one: it has no log: it was not started with --detach'
	sb stop one
	sb --quiet -p shell --keep -n two -- true
	sb logs -f two
	refused 'two: it has no log: it was not started with --detach'
}

@test "logs: what we would not have written is refused" {
	in_background one 'echo text'
	sb logs -f one
	printed text
	chmod 640 "$STATE/one/log"
	sb logs one
	refused '/one/log: open to others'
	chmod 600 "$STATE/one/log"
	cp "$STATE/one/log" copy
	sed -i 's/^@/#/' "$STATE/one/log"
	sb logs one
	refused '/one/log: damaged at byte 16'
	sed '1s/.*/sandbox-log 2/' copy >"$STATE/one/log"
	sb logs one
	refused '/one/log: .*another version'
	# Cut off in the middle of a record, it ends before it.
	head -c -1 copy >"$STATE/one/log"
	sb logs one
	printed text
	mv "$STATE/one/log" "$STATE/one/elsewhere"
	ln -s elsewhere "$STATE/one/log"
	sb logs one
	refused '/one/log: .*symbolic link'
}

@test "logs: a launcher that was killed in the middle of a record, and the next run" {
	local follower
	in_background one 'echo text; exec sleep 60'
	"$SANDBOX" logs -f one >"$BATS_TEST_TMPDIR/followed" 3>&- &
	follower=$!
	wait_for 10 followed '^text$'
	ok list --json
	launcher=$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["pid"])' <<<"$output")
	ok logs --events one
	shows "started, pid $launcher$"
	kill -KILL "$launcher"
	wait "$follower"
	printf '@1 out 9\ncut' >>"$STATE/one/log"
	ok logs one
	printed text
	sb start one
	exited 0
	"$SANDBOX" logs -f --events one >"$BATS_TEST_TMPDIR/followed" 3>&- &
	follower=$!
	wait_for 10 sh -c '[ "$(grep -c "^text$" "$1")" -eq 2 ]' - "$BATS_TEST_TMPDIR/followed"
	sb stop --force one
	wait "$follower"
	followed "^-- $TIME ended 137$" || fail "$(cat "$BATS_TEST_TMPDIR/followed")"
}

@test "logs: of a terminal, as it was shown" {
	sb run -d --tty=always -n one -p shell -- sh -c '[ -t 1 ] && echo yes && echo too >&2'
	exited 0
	ok logs -f one
	printed $'yes\r\ntoo\r'
	ok logs --json one
	json 'j["stream"] == "tty"' <<<"$(head -n 1 <<<"$output")"
}
