# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The virtual machine that tests/vm/image makes and tests/vm/vm runs: where it is kept, how QEMU is started, how one
# reaches it. A snapshot can be restored only by the same QEMU with the same devices, so both use this.
#
# It has no network but one port of the host's loopback that leads to its sshd (restrict=on), and no agent: a command
# runs in it as after any login. Whoever has the key reaches a machine that has nothing, and is gone in a moment.
# After machine_find and machine_start come: IMAGE, SLOW, PORT. The caller has made WORK, a directory with the key.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MEMORY=2G

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# A processor that has no virtualization of its own may still offer a /dev/kvm, which hangs instead of failing. What
# root makes is for the user of the tests, who must be able to open it, too.
kvm_works() {
	local test=(test -w /dev/kvm)

	[ "$(id -u)" != 0 ] || test=(setpriv --reuid=65534 --regid=65534 --clear-groups "${test[@]}")
	grep -qwE 'vmx|svm' /proc/cpuinfo && "${test[@]}"
}

# Sets ACCELERATOR, SLOW (how many times longer things take inside), and IMAGE, the directory of this very machine.
machine_find() {
	local key

	command -v qemu-system-x86_64 >/dev/null || fail "no qemu-system-x86_64 (tests/lib/packages vm)"
	if kvm_works; then
		ACCELERATOR=(-accel kvm -cpu host) SLOW=2
	else
		ACCELERATOR=(-accel tcg -cpu max) SLOW=20
	fi
	export SLOW
	key=$({
		qemu-system-x86_64 --version
		echo "${ACCELERATOR[@]}"
		cat "$ROOT"/tests/vm/{machine.bash,image,guest}
	} | sha256sum)
	# shellcheck disable=SC2034 # for the scripts that source this
	IMAGE=$ROOT/build/vm/${key:0:16}
}

# ask COMMAND REGEX: puts a command to QEMU's monitor again and again until an answer is like this.
ask() {
	local line

	while echo "$1" >&"${MONITOR[1]}" && read -r -t 60 line <&"${MONITOR[0]}"; do
		[[ ! $line =~ $2 ]] || return 0
	done 2>/dev/null
	fail "QEMU did not start: $(cat "$WORK/qemu")"
}

# machine_start IMAGE SNAPSHOT [ARG...]: starts QEMU; sets PORT. With SNAPSHOT=on the disk is not written to.
machine_start() {
	local image=$1 snapshot=$2

	shift 2
	coproc QEMU {
		exec setpriv --pdeathsig KILL qemu-system-x86_64 -machine q35 "${ACCELERATOR[@]}" -m "$MEMORY" -smp 1 \
			-nodefaults -no-user-config -display none -no-reboot \
			-kernel "$image/vmlinuz" -initrd "$image/initrd" \
			-append 'root=/dev/vda rw console=ttyS0 quiet panic=-1' \
			-drive "file=$image/disk,format=raw,if=none,id=disk,cache=unsafe,snapshot=$snapshot" \
			-device virtio-blk-pci,drive=disk \
			-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-10.0.2.15:22 \
			-device virtio-net-pci,netdev=net,romfile= \
			-serial "file:$WORK/console" -monitor stdio "$@" 2>"$WORK/qemu"
	}
	MONITOR=("${QEMU[@]}")
	# Who connects before a restored machine runs waits for seconds until QEMU tries again.
	ask 'info status' 'VM status: running'
	ask 'info usernet' 'HOST_FORWARD\] +[0-9]+ +127.0.0.1 +([0-9]+)'
	PORT=${BASH_REMATCH[1]}
}

machine_stop() {
	[ -z "${QEMU_PID:-}" ] || { kill -KILL "$QEMU_PID" && wait "$QEMU_PID"; } 2>/dev/null || true
}

# login USER COMMAND: the commands of one user share one connection, and with it one session of logind. Status 124 if it
# takes longer than LIMIT seconds.
login() {
	local user=$1

	shift
	timeout --foreground "${LIMIT:-300}" ssh -q -F none -i "$WORK/key" -p "$PORT" -l "$user" -o ConnectTimeout=300 \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes \
		-o ControlMaster=auto -o ControlPersist=yes -o ControlPath="$WORK/%r" 127.0.0.1 "$@"
}
