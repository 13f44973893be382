#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is hidden in a copied tree is covered by a mount on the overlay. To uncover it the program would rename or
# exchange what leads there, remove and make it again, reach it by another name; and fuse-overlayfs could be made to say
# that a directory is another one, whereupon the kernel drops the mounts below it.
#
# start_server sets server and launcher.
# shellcheck disable=SC2154

load ../lib/common
load attack
load cow

setup() {
	attack_setup
	mkdir -p data/in/keys data/in/more spare/in/keys
	echo the word is s3cret >data/in/keys/key
	echo the word is s3cret >data/in/file
}

teardown() {
	attack_teardown
}

attack='import ctypes, os, subprocess, time
c = ctypes.CDLL(None, use_errno=True)
def sh(text):
    subprocess.run(["sh", "-c", text], stderr=subprocess.DEVNULL)
def look():
    sh("grep -rs s3cret . /proc/self/cwd/")
exchange = lambda a, b: c.renameat2(-100, a.encode(), -100, b.encode(), 2)
look()
for a, b in (("data", "spare"), ("data/in", "spare/in"), ("data/in", "data/in/more"), ("data/in/keys", "spare/in/keys"),
             ("data/in/keys", "data/in/more"), ("data/in/file", "data/in/more"), ("spare", "data/in/keys")):
    exchange(a, b); look(); exchange(a, b); look()
for text in ("mv data d2", "mv data/in data/i2", "mv data/in/keys data/in/k2", "mv data/in/file data/in/f2",
             "mv -T spare data", "mv -T spare/in data/in", "rmdir data/in/keys", "rm -f data/in/file", "rm -rf data/in",
             "mkdir data/in/keys", "ln data/in/file hard", "ln -s in/keys data/l", "cp -a data copy",
             "chmod 0 data/in; chmod 755 data/in", "rm -rf data", "mkdir -p data/in/keys", "rm -rf data; mv spare data", "mv copy/in data/",
             "touch -d 2001-01-01 data/in data/in/keys"):
    sh(text)
    look()
fd = os.open(".", os.O_RDONLY)
for path in ("data/in/keys/key", "data/in/file", "data/../data/in/keys/../keys/key", "d2/in/keys/key", "spare/in/keys/key"):
    for flags in os.O_RDONLY, os.O_PATH:
        try:
            f = os.open(path, flags, dir_fd=fd)
            print(open("/proc/self/fd/%d" % f).read())
        except OSError:
            pass
time.sleep(1.2)
look()'

@test "without the rule, it is read" {
	local overlay

	for overlay in "${OVERLAYS[@]}"; do
		works copied "$overlay" --keep=no grep -r s3cret data
	done
}

@test "hidden, it is not, with either overlay and as anybody, and stays on the host" {
	local overlay identity way

	for overlay in "${OVERLAYS[@]}"; do
		for identity in "${IDENTITIES[@]}"; do
			[ "$overlay/$identity" != kernel/separate ] || continue
			for way in '--hide data/in/keys --hide data/in/file' '--tmpfs data/in/keys --hide data/in/file' '--hide data/in'; do
				# Several words.
				# shellcheck disable=SC2086
				run copied "$overlay" --name hidden --user "$identity" $way python3 -c "$attack"
				[ "$status" = 0 ] || { echo "$overlay $identity $way: $status $output" >&2; return 1; }
				[[ $output != *s3cret* ]] || { echo "$overlay $identity $way: $output" >&2; return 1; }
				fails grep -rs --exclude=state s3cret "$HOME/.local/state/sandbox"
				# A second run on what the first one left.
				run "$SANDBOX" --quiet --name hidden python3 -c "$attack"
				[[ $output != *s3cret* ]] || { echo "again: $overlay $identity $way: $output" >&2; return 1; }
				forget
			done
		done
	done
	[ "$(cat data/in/keys/key data/in/file | grep -c s3cret)" = 2 ]
}

@test "fuse-overlayfs does not have it below either" {
	start_server --hide data/in/keys --hide data/in/file
	works test -e "/proc/$server/root/lower/data/in/keys"
	works test -e "/proc/$server/root/lower/data/in/file"
	fails grep -rs s3cret "/proc/$server/root/lower/"
	works grep -rs s3cret "/proc/$launcher/root$PWD/data"
}
