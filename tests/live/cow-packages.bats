#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# timeout: 600
#
# Installing things on top of the host's own root, as root of the sandbox and nobody in particular on
# the host: Debian's packages, pip, npm, make install. All of it has to work, and none of it to reach
# the host.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load live

setup() {
	setup_project
	export LIMIT=120
	need fuse-overlayfs
	mkdir "$HOME/before"
	host_state /etc /opt /usr /var/cache /var/lib/apt /var/lib/dpkg /var/log/apt >"$HOME/before/host"
}

teardown() {
	local name
	for name in "$HOME"/.local/state/sandbox/*; do
		[ ! -e "$name" ] || remove_tree "$name"
	done
	rm -rf "$HOME/before" "$HOME/.local"
	teardown_project
}

# host_state DIR...: what each thing below is, as far as a normal user can tell without reading it.
host_state() {
	{ find "$@" -xdev -printf '%y %m %U:%G %s %T@ %p %l\n' 2>/dev/null || true; } | LC_ALL=C sort
}

host_is_unchanged() {
	host_state /etc /opt /usr /var/cache /var/lib/apt /var/lib/dpkg /var/log/apt >"$HOME/before/now"
	diff "$HOME/before/host" "$HOME/before/now" >"$HOME/before/difference" ||
		fail "the host has changed:" "$(head -n 20 "$HOME/before/difference")"
}

# on_root [OPTION...] -- CMD...: as root, on a copy of the host's root that is kept as `pkg`.
on_root() {
	sb --name pkg --user root --cow / "$@"
}

# A repository in $PROJECT/repo of what tests/live/sources has fetched.
repository() {
	local package deb
	need apt-get dpkg-scanpackages
	mkdir repo
	for package in cowsay libtext-charwidth-perl; do
		deb=$(compgen -G "$ROOT/build/sources/${package}_*.deb" | head -n 1) || true
		[ -n "$deb" ] || skip_or_fail "sources-$package: run tests/live/sources first"
		cp "$deb" repo/
	done
	(cd repo && dpkg-scanpackages . >Packages 2>/dev/null)
}

# A package with all that makes work: files of other modes and users, a library, a manual page, a
# configuration file, a question, a user of its own, capabilities, alternatives.
full_package() {
	need dpkg-deb gcc
	mkdir -p full/{DEBIAN,etc,usr/bin,usr/lib/full,usr/share/man/man1,usr/local/lib,var/lib/full}
	chmod 2775 full/var/lib/full
	printf '#!/bin/sh\necho full\n' >full/usr/bin/full-program
	install -m 4755 full/usr/bin/full-program full/usr/lib/full/setuid
	install -m 2755 full/usr/bin/full-program full/usr/lib/full/setgid
	install -m 0755 /bin/true full/usr/lib/full/capable
	chmod 0755 full/usr/bin/full-program
	echo 'int full(void) { return 1; }' |
		gcc -shared -fPIC -Wl,-soname,libfull.so.1 -x c -o full/usr/local/lib/libfull.so.1 -
	echo '.TH FULL 1' | gzip -n >full/usr/share/man/man1/full-program.1.gz
	echo 'word=1' >full/etc/full.conf
	echo /etc/full.conf >full/DEBIAN/conffiles
	echo 'activate-noawait ldconfig' >full/DEBIAN/triggers
	printf 'Template: full/word\nType: password\nDescription: a word\n' >full/DEBIAN/templates
	cat >full/DEBIAN/control <<-CONTROL
		Package: full
		Version: 1
		Architecture: $(dpkg --print-architecture)
		Maintainer: nobody <nobody@example.com>
		Description: all that makes work
	CONTROL
	cat >full/DEBIAN/postinst <<-'POSTINST'
		#!/bin/sh
		set -e
		. /usr/share/debconf/confmodule
		db_set full/word secret
		useradd --system --user-group --home-dir /var/lib/full full
		chown full:full /var/lib/full
		setpriv --reuid full --regid full --init-groups touch /var/lib/full/by-full
		install -d -m 2750 -o root -g full /var/lib/full/private
		setcap cap_net_bind_service+ep /usr/lib/full/capable
		update-alternatives --install /usr/bin/full full /usr/bin/full-program 10 >&2
	POSTINST
	cat >full/DEBIAN/postrm <<-'POSTRM'
		#!/bin/sh
		set -e
		[ "$1" = purge ] || exit 0
		update-alternatives --remove full /usr/bin/full-program
		userdel full
		rm -rf /var/lib/full
	POSTRM
	chmod 0755 full/DEBIAN/post*
	dpkg-deb --root-owner-group --build full full.deb >/dev/null
}

# complains: a line of what apt, dpkg or maintainer scripts say when something is closed to them.
complains() {
	grep -Ei 'denied|not permitted|could not|cannot|unable|^[EW]:' <<<"$output$stderr"
}

@test "the state of the host that the other tests compare shows each change" {
	mkdir tree && echo 1 >tree/file
	host_state tree >"$HOME/before/a"
	echo 2 >tree/file
	host_state tree >"$HOME/before/b"
	never cmp -s "$HOME/before/a" "$HOME/before/b"
	chmod 0600 tree/file
	host_state tree >"$HOME/before/a"
	never cmp -s "$HOME/before/a" "$HOME/before/b"
	# And it has the places that matter.
	grep -q ' /usr/bin/' "$HOME/before/host"
	grep -q ' /var/lib/dpkg/status ' "$HOME/before/host"
	host_is_unchanged
}

@test "apt-get: update, install with a dependency, run, remove" {
	repository
	never dpkg -s cowsay
	never test -e /usr/games/cowsay
	# Not even without --cow: the same command, the host's root.
	sb --user root -- apt-get install -y cowsay
	[ "$status" -ne 0 ] || report "should have failed without --cow"

	on_root -- sh -euc 'cp -r repo /tmp/
		rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
		echo "deb [trusted=yes] file:/tmp/repo ./" >/etc/apt/sources.list
		apt-get update
		apt-get install -y cowsay'
	exited 0
	shows '^Setting up cowsay '
	never complains
	host_is_unchanged
	never dpkg -s cowsay
	never test -e /usr/games/cowsay

	on_root -- sh -c '/usr/games/cowsay installed; dpkg -s cowsay'
	exited 0
	shows '< installed >' '^Status: install ok installed'
	on_root -- sh -euc 'apt-get remove -y cowsay; ! test -e /usr/games/cowsay; apt-get clean; apt-get check'
	exited 0
	never complains
	host_is_unchanged
}

@test "apt-get: downloads as _apt over http, from the sandbox's own loopback" {
	repository
	need python3
	on_root -- bash -euc 'cp -r repo /tmp/
		rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
		echo "deb [trusted=yes] http://127.0.0.1:8000 ./" >/etc/apt/sources.list
		cd /tmp/repo
		python3 -m http.server --bind 127.0.0.1 8000 2>/tmp/log & server=$!
		until grep -q : /proc/net/tcp && python3 -c "import socket; socket.create_connection((\"127.0.0.1\", 8000))" 2>/dev/null; do
			sleep 0.1
		done
		apt-get update
		apt-get install -y cowsay
		kill $server
		/usr/games/cowsay over http'
	exited 0
	shows '< over http >' '^Get:.* http://127'
	never complains
	host_is_unchanged
}

@test "dpkg: modes, users, capabilities, triggers, debconf; and purged again" {
	full_package
	never id full
	export DEBIAN_FRONTEND=noninteractive
	on_root --env DEBIAN_FRONTEND -- sh -euc 'dpkg -i full.deb
		full
		ldconfig -p | grep -q libfull.so.1
		stat -c "%a %U:%G %n" /usr/lib/full/* /var/lib/full /var/lib/full/*
		getcap /usr/lib/full/capable'
	exited 0
	never complains
	shows '^full$' '^4755 root:root /usr/lib/full/setuid' '^2755 root:root /usr/lib/full/setgid' \
		'^2775 full:full /var/lib/full$' '^644 full:full /var/lib/full/by-full' \
		'^2750 root:full /var/lib/full/private' 'capable cap_net_bind_service=ep'
	never id full
	host_is_unchanged

	# In another run: what was kept is owned as it was.
	on_root --env DEBIAN_FRONTEND -- sh -euc 'id full; stat -c "%a %U:%G %n" /var/lib/full
		dpkg -V full
		dpkg -P full
		! id full
		! test -e /usr/lib/full'
	exited 0
	shows '^2775 full:full /var/lib/full$'
	host_is_unchanged
}

@test "users: useradd, a password, and files of the user" {
	on_root -- sh -euc 'useradd -m -d /opt/somebody somebody
		echo somebody:word | chpasswd
		grep ^somebody: /etc/shadow | cut -c1-10
		setpriv --reuid somebody --regid somebody --init-groups sh -c "echo mine >/opt/somebody/file"
		stat -c "%U" /opt/somebody/file
		! setpriv --reuid somebody --regid somebody --clear-groups touch /etc/x 2>/dev/null
		! test -e /etc/x'
	exited 0
	shows '^somebody:\$' '^somebody$'
	never id somebody
	host_is_unchanged
}

@test "what root alone may read is not given away: empty stand-ins" {
	local file
	# The host's cannot be read, the control can.
	for file in /etc/shadow /etc/gshadow /var/lib/dpkg/lock; do
		[ -e "$file" ] || continue
		never cat "$file" 2>/dev/null
		on_root -- cat "$file"
		exited 0
		printed ''
		on_root -- stat -c '%a %U:%G' "$file"
		printed "$(stat -c '%a %U:%G' "$file")"
	done
	on_root -- cat /etc/passwd
	printed "$(cat /etc/passwd)"
	on_root -- ls -A /var/cache/apt/archives/partial
	exited 0
	printed ''
	# One that is not in the table stays closed.
	for file in /var/log/btmp /etc/security/opasswd; do
		[ -e "$file" ] && ! cat "$file" >/dev/null 2>&1 || continue
		on_root -- cat "$file"
		[ "$status" -ne 0 ] || report "could be read: $file"
	done
}

@test "changes: lists what was installed, and no stand-in but those that were written to" {
	full_package
	on_root --env DEBIAN_FRONTEND=noninteractive -- dpkg -i full.deb
	exited 0
	sb changes pkg
	exited 0
	shows '^A /usr/bin/full-program( |$)' '^M /etc/passwd( |$)' '^M /etc/shadow( |$)' '^M /var/lib/dpkg/status( |$)'
	lacks '/var/lib/dpkg/lock'
	lacks '/var/cache/apt/archives/(lock|partial)'
	lacks '/var/lib/man-db'
	# Moved elsewhere it is a file like any other.
	on_root -- mv /etc/.pwd.lock /etc/nologin
	sb changes pkg
	exited 0
	shows '^A /etc/nologin( |$)'
}

@test "pip: a wheel into the system's directories" {
	need python3
	/usr/bin/python3 -m pip --version >/dev/null 2>&1 ||
		skip_or_fail "program-pip: /usr/bin/python3 has no pip"
	/usr/bin/python3 - <<-'WHEEL'
		import zipfile
		with zipfile.ZipFile("wheeled-1-py3-none-any.whl", "w") as z:
		    info = "wheeled-1.dist-info/"
		    z.writestr("wheeled.py", "def main():\n    print('wheeled runs')\n")
		    z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: wheeled\nVersion: 1\n")
		    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: hand\n"
		                               "Root-Is-Purelib: true\nTag: py3-none-any\n")
		    z.writestr(info + "entry_points.txt", "[console_scripts]\nwheeled = wheeled:main\n")
		    z.writestr(info + "RECORD", "")
	WHEEL
	never command -v wheeled
	on_root -- sh -euc '/usr/bin/python3 -m pip install --break-system-packages --no-index ./wheeled-1-*.whl
		wheeled
		command -v wheeled'
	exited 0
	shows '^wheeled runs$' '^/usr/local/bin/wheeled$'
	never command -v wheeled
	on_root -- wheeled
	printed 'wheeled runs'
	host_is_unchanged
}

@test "npm: a package for all users" {
	need npm node
	mkdir -p package/bin
	echo '{"name": "noded", "version": "1.0.0", "bin": {"noded": "bin/noded.js"}}' >package/package.json
	printf '#!/usr/bin/env node\nconsole.log("noded runs")\n' >package/bin/noded.js
	chmod 0755 package/bin/noded.js
	never command -v noded
	# By way of an archive, so that it is copied, and npm needs its cache in the home.
	on_root -- sh -euc 'npm pack --silent ./package
		npm install -g --offline --no-fund --no-audit ./noded-1.0.0.tgz
		noded'
	exited 0
	shows '^noded runs$'
	never command -v noded
	on_root -- noded
	printed 'noded runs'
	host_is_unchanged
}

@test "make install: /usr/local, a set-user-ID program, a library and ldconfig" {
	need make gcc
	mkdir made
	cat >made/configure <<-'CONFIGURE'
		#!/bin/sh
		echo prefix=/usr/local >config.mk
	CONFIGURE
	chmod 0755 made/configure
	printf '#include <stdio.h>\nint word(void);\nint main(void) { printf("%%d\\n", word()); }\n' >made/made.c
	echo 'int word(void) { return 42; }' >made/word.c
	cat >made/Makefile <<-'MAKEFILE'
		.RECIPEPREFIX = >
		include config.mk
		all: made
		libword.so: word.c
		> $(CC) -shared -fPIC -Wl,-soname,libword.so -o $@ word.c
		made: made.c libword.so
		> $(CC) -o $@ made.c -L. -lword
		install: all
		> install -d $(prefix)/bin $(prefix)/lib $(prefix)/share/made
		> install -m 0755 made $(prefix)/bin
		> install -m 4755 made $(prefix)/bin/made-setuid
		> install -m 0644 libword.so $(prefix)/lib
		> ldconfig
	MAKEFILE
	never test -e /usr/local/bin/made
	on_root -- sh -euc 'cd made; ./configure; make; make install'
	exited 0
	on_root -- sh -c 'made; stat -c %a /usr/local/bin/made-setuid'
	printed $'42\n4755'
	never test -e /usr/local/bin/made
	host_is_unchanged
}
