#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The three identities, seen from inside and in the host's /proc: yourself, root over the whole
# subordinate range, and a subordinate id that is not you.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
	uid=$(id -u)
	gid=$(id -g)
	me=$(id -un)
	# Where the caller's range starts, and its length.
	read -r sub count < <(awk -F: -v me="$me" -v uid="$uid" \
		'$1 == me || $1 == uid { print $2, $3; exit }' /etc/subuid)
	subg=$(awk -F: -v me="$me" -v uid="$uid" '$1 == me || $1 == uid { print $2; exit }' /etc/subgid)
}

teardown() {
	[ -z "${launcher:-}" ] || kill -KILL "$launcher" 2>/dev/null || true
	teardown_project
}

# start ARG...: the launcher in the background, as $launcher; the program must write `ready`, and
# its process is then $program.
start() {
	setsid timeout -k 5 60 "$SANDBOX" "$@" >started 2>started.err </dev/null 3>&- &
	wait_for 10 grep -q ready started || fail "not started:" "$(cat started.err)"
	launcher=$(descendant $! "${SANDBOX##*/}")
}

# descendant PID NAME: the nearest process below PID, in the host's numbers, that has this name.
descendant() {
	ps -e -o pid=,ppid=,comm= | awk -v top="$1" -v want="$2" '
		{ parent[$1] = $2; name[$1] = $3 }
		END {
			for (p in parent) {
				depth = 0
				for (q = p; q in parent && q != top; q = parent[q]) depth++
				if (q == top && name[p] == want && (!best || depth < least)) {
					best = p
					least = depth
				}
			}
			if (!best) exit 1
			print best
		}'
}

# field PID NAME: the line of /proc/PID/status without its name.
field() {
	awk -v name="$2:" '$1 == name { $1 = ""; print substr($0, 2) }' "/proc/$1/status"
}

@test "self: the caller's ids, one line of mapping, no groups to set" {
	ok -p shell -- sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "
		cat /proc/self/setgroups; whoami'
	printed "$uid
$gid
 $uid $uid 1
 $gid $gid 1
deny
$me"
}

@test "self: files made inside are the caller's, files of others show as 65534" {
	ok -p shell -- sh -c 'echo x >made; stat -c %u:%g made /usr/bin/env'
	printed "$uid:$gid
65534:65534"
	[ "$(stat -c %u:%g made)" = "$uid:$gid" ]
	sb -p shell -- chown 1:1 made
	[ "$status" -ne 0 ]
}

@test "the program has no capability and no_new_privs in the identities self and separate" {
	local identity
	for identity in self separate; do
		sb -p default --user "$identity" -- grep -E '^(Cap|NoNewPrivs)' /proc/self/status
		exited 0
		shows 'CapInh:.0000000000000000$' 'CapPrm:.0000000000000000$' \
			'CapEff:.0000000000000000$' 'CapBnd:.0000000000000000$' \
			'CapAmb:.0000000000000000$' 'NoNewPrivs:.1$'
	done
}

@test "root: uid 0 with the whole subordinate range, and no groups of the caller's" {
	sb -p shell --user root -- sh -c 'id -u; id -G; tr -s " " </proc/self/uid_map
		grep ^Groups /proc/self/status'
	exited 0
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = " 0 $uid 1" ]
	[ "${lines[3]}" = " 1 $sub $count" ]
	[[ ${lines[4]} =~ ^Groups:[[:space:]]*$ ]]
}

@test "root: chown to any id of the range; outside the file belongs to the subordinate id" {
	ok -p shell --user root --set Seccomp.RestrictSUIDSGID=no -- sh -c 'echo x >a; chown 1:1 a; echo y >b; chown 33:34 b
		stat -c %u:%g a b .; rm -f missing; chmod u+s b'
	printed $'1:1\n33:34\n0:0'
	[ "$(stat -c %u:%g a)" = "$sub:$subg" ]
	[ "$(stat -c %u:%g b)" = "$((sub + 32)):$((subg + 33))" ]
	[ "$(stat -c %u:%g .)" = "$uid:$gid" ]
	ok -p shell --user root -- sh -c 'chown -R 0:0 . && rm b'
	[ "$(stat -c %u:%g a)" = "$uid:$gid" ]
}

@test "root: tar keeps the owners of what it unpacks and packs" {
	mkdir tree
	echo a >tree/a
	tar --owner=33 --group=42 --numeric-owner -cf other.tar tree
	tar --owner=root:0 --group=shadow:42 -cf root.tar tree
	ok -p shell --user root -- sh -euc 'mkdir /tmp/x /tmp/y; tar -xpf other.tar -C /tmp/x
		tar -xpf root.tar -C /tmp/y; stat -c %u:%g /tmp/x/tree/a /tmp/y/tree/a
		tar --numeric-owner -cf again.tar -C /tmp/x tree'
	printed $'33:42\n0:42'
	outside tar --numeric-owner -tvf again.tar
	shows '33/42 .* tree/a$'
}

@test "root: useradd and chpasswd work on an /etc of the project's own" {
	need useradd
	mkdir etc home
	cp /etc/passwd /etc/group /etc/login.defs /etc/nsswitch.conf etc/
	cp -r /etc/pam.d /etc/security /etc/default /etc/skel etc/ 2>/dev/null || true
	sed 's/:.*/:*:19000:0:99999:7:::/' /etc/passwd >etc/shadow
	sed 's/:.*/:*::/' /etc/group >etc/gshadow
	sb -p shell --user root --bind "$PROJECT/etc:/etc" --bind "$PROJECT/home:/srv" -- sh -euc '
		PATH=$PATH:/usr/sbin:/sbin
		groupadd -g 4321 crew
		useradd -m -u 1234 -g crew -d /srv/alice -s /bin/sh alice
		id alice; stat -c %u:%g /srv/alice /srv/alice/.profile
		setpriv --reuid=alice --regid=crew --clear-groups id -un'
	exited 0
	shows '^uid=1234\(alice\) gid=4321\(crew\) groups=4321\(crew\)$' '^1234:4321$' '^alice$'
	grep -q '^alice:' etc/passwd
	never grep -q '^alice:' /etc/passwd
	[ "$(stat -c %u home/alice)" = "$((sub + 1233))" ]
}

@test "root: apt-get update and download from a local archive, as _apt where apt does so" {
	need apt-get dpkg-deb dpkg-scanpackages
	mkdir -p pkg/DEBIAN archive state/lists/partial cache/archives/partial
	printf '%s\n' 'Package: tiny' 'Version: 1.0' 'Architecture: all' 'Maintainer: T <t@localhost>' \
		'Description: tiny' >pkg/DEBIAN/control
	dpkg-deb --root-owner-group -b pkg archive/tiny_1.0_all.deb
	(cd archive && dpkg-scanpackages . >Packages) 2>/dev/null
	echo "deb [trusted=yes] copy:$PROJECT/archive ./" >list
	sb -p shell --user root -- sh -euc '
		mkdir /tmp/state; cp -r state cache /tmp/; cd /tmp
		opts="-o Dir::Etc::sourcelist=$0/list -o Dir::Etc::sourceparts=- -o Dir::State=/tmp/state
			-o Dir::Cache=/tmp/cache -o Dir::State::status=/dev/null -o Debug::RunScripts=0
			-o APT::Update::Post-Invoke-Success::=true"
		apt-get $opts update >&2
		stat -c %U state/lists/partial
		mkdir got; chmod 777 got; cd got; apt-get $opts download tiny >&2; ls' "$PROJECT"
	exited 0
	printed $'_apt\ntiny_1.0_all.deb'
}

@test "root: dropping to another user for good" {
	need setpriv python3
	ok -p shell --user root -- setpriv --reuid=33 --regid=33 --groups=44,45 sh -c 'id -u; id -g; id -G'
	printed $'33\n33\n33 44 45'
	sb -p shell --user root -- setpriv --reuid=33 --regid=33 --clear-groups \
		python3 -c 'import os; os.setuid(0)'
	[ "$status" -ne 0 ]
	[[ $stderr == *PermissionError* ]]
}

@test "root: what is outside the range and the host's files stay out of reach" {
	sb -p shell --user root -- sh -c 'echo x >>/etc/hostname; touch /usr/bin/x; cat /etc/shadow'
	[ "$status" -ne 0 ]
	printed ""
	sb -p shell --user root -- sh -c "touch f; chown $((count + 5)) f"
	[ "$status" -ne 0 ]
	[ "$(stat -c %u f)" = "$uid" ]
}

@test "separate: the caller's number inside, a subordinate id outside" {
	start -p default --user separate -- sh -c 'id -u; id -g; echo ready; exec sleep 50'
	[ "$(sed -n 1,2p started)" = "$uid
$gid" ]
	program=$(wait_for 5 descendant "$launcher" sleep)
	read -r real _ < <(field "$program" Uid)
	read -r realg _ < <(field "$program" Gid)
	[ "$real" -ge "$sub" ]
	[ "$real" -lt "$((sub + count))" ]
	[ "$realg" -ge "$subg" ]
	[[ "$(field "$program" Uid)" =~ ^$real\ $real\ $real\ $real$ ]]
	[ -z "$(field "$program" Groups | tr -d ' ')" ]
	[ "$(field "$launcher" Uid | cut -d ' ' -f 1)" = "$uid" ]
	# The host sees another user: no reading of its memory map, and the kernel keeps it from ours.
	never cat "/proc/$program/environ"
	kill -TERM "$launcher"
	wait_for 5 eval '! kill -0 "$launcher" 2>/dev/null'
	no_leftovers
}

@test "separate: in self, for comparison, the program is the caller outside too" {
	start -p default --user self -- sh -c 'echo ready; exec sleep 50'
	program=$(wait_for 5 descendant "$launcher" sleep)
	[ "$(field "$program" Uid | cut -d ' ' -f 1)" = "$uid" ]
	kill -TERM "$launcher"
	wait_for 5 eval '! kill -0 "$launcher" 2>/dev/null'
}

@test "separate: the real project is readable, not writable, and a private file is closed" {
	echo public >public
	chmod 0644 public
	echo private >private
	chmod 0600 private
	chmod 0755 .
	sb -p default --user separate --ro . -- sh -c 'cat public; echo x >public; echo x >new; cat private'
	[ "$status" -ne 0 ]
	printed public
	[ "$(cat public)" = public ]
	[ ! -e new ]
	# Positive control: as oneself the private file is readable.
	sb -p default --user self --ro . -- cat private
	printed private
}

@test "root: no set-user-ID bit on a real file unless the profile says so; in a copy it may have one" {
	touch f
	sb -p shell --user root -- chmod u+s f
	[ "$status" -ne 0 ]
	ok -p default --user root --keep=no -- sh -c 'chmod u+s f && stat -c %a f'
	[ "$(stat -c %a f)" = 644 ]
}

@test "separate: kill -1 and signals by number reach nothing of the caller's" {
	sleep 20 3>&- &
	bystander=$!
	sb -p default --user separate -- sh -c "kill -KILL $bystander; kill -KILL -1; echo after"
	kill -0 "$bystander"
	sb -p default --user self -- sh -c "kill -KILL $bystander; kill -KILL -1; echo after"
	kill -0 "$bystander"
	kill "$bystander"
}

@test "profile untrusted runs as a separate identity" {
	sb -p untrusted -- sh -c 'id -u; tr -s " " </proc/self/uid_map'
	exited 0
	[ "${lines[0]}" = "$uid" ]
	[[ $output != *" $uid $uid 1"* ]]
}

@test "no subordinate range: root and separate are refused with the remedy, self works" {
	local identity
	: >empty
	for identity in root separate; do
		capture hostlike 'mount --bind empty /etc/subuid' \
			timeout 20 "$SANDBOX" -p default --user "$identity" -- true
		refused "$identity|identity" 'subuid' 'usermod'
	done
	capture hostlike 'mount --bind empty /etc/subuid' \
		timeout 20 "$SANDBOX" -p default --user self -- id -u
	exited 0
	printed "$uid"
}

@test "no newuidmap: root is refused with the package to install" {
	need newuidmap
	cp -a "$(dirname "$(type -P newuidmap)")/true" . 2>/dev/null || cp /bin/true .
	: >none
	capture hostlike "mount --bind none $(type -P newuidmap)" \
		timeout 20 "$SANDBOX" -p default --user root -- true
	refused 'newuidmap'
}

@test "wrong identity names are refused" {
	local name
	for name in "" nobody 0: -1 4294967295 1000x $'a\nb'; do
		sb -p default --user "$name" -- true
		refused 'self.*root.*separate|user'
	done
}
