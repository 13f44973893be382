#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# timeout: 900
#
# The profiles that install packages: the tools themselves, with registries of the test's own, which this machine's
# configuration names. What is installed works; what its install script looks for, it does not find; where it wants to go,
# it does not get, and that is said.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load world
load packages

setup_file() {
	need curl dpkg-deb dpkg-scanpackages newuidmap openssl python3
	packages_begin
	on_machine bash -euc '
		echo "deb [trusted=yes] $1 ./" >/etc/apt/sources.list.d/tests.list
		mkdir -p /etc/apt/auth.conf.d
		(umask 077 && echo "machine other.test login me password t0ken" >/etc/apt/auth.conf.d/tests.conf)
		printf "[global]\nindex-url = %s\ncert = /etc/ssl/certs/tests.pem\n" "$2" >/etc/pip.conf
		printf "registry=%s\ncafile=/etc/ssl/certs/tests.pem\n" "$3" >/etc/npmrc' \
		machine "$APT" "$PIP" "$NPM"
}

teardown_file() {
	packages_end
}

setup() {
	export LIMIT=120
	net_setup
	need dnsmasq
	: >"$WORLD/requests"
	git init -q .
	mkdir -p .git/hooks
	# npm of Debian looks there anyway, others below their own prefix.
	export npm_config_globalconfig=/etc/npmrc
	# A token for the registry, one for another, and in the environment.
	printf '%s\n' "${NPM#https:}:_authToken=t0ken-file" "registry=$NPM" >"$HOME/.npmrc"
	mkdir -p "$HOME/.config/pip" "$HOME/.cargo"
	echo '# t0ken-file' | tee "$HOME/.config/pip/pip.conf" >"$HOME/.cargo/credentials.toml"
	export NPM_TOKEN=t0ken-variable TWINE_PASSWORD=t0ken-variable CARGO_REGISTRY_TOKEN=t0ken-variable
	remember_host
}

teardown() {
	rm -rf "$HOME/.npmrc" "$HOME/.config/pip" "$HOME"/.cargo/{config,credentials}.toml
	net_teardown
}

nothing_planted() {
	[ ! -e .git/hooks/planted ] || fail 'a hook was planted'
}

# --- npm

npm_project() {
	need node npm
	printf '%s\n' '{ "name": "p", "version": "1.0.0", "dependencies": { "plain": "^1.0.0", "looker": "1.0.0" },' \
		'"scripts": { "prepare": "git config core.hooksPath hooks || echo closed >prepared" } }' >package.json
}

@test "npm install, then npm ci: from its registry alone, into the project" {
	npm_project
	allowed -p npm-install
	printed good.test:8444
	sbh -p npm-install npm install
	exited 0
	refused_evil
	looked node_modules/looker/seen
	nothing_planted
	[ "$(cat prepared)" = closed ] || fail 'the configuration of git could be changed'
	outside_h node -e 'require("plain")'
	printed 'plain runs'
	requests "^GET good.test:8444/npm/plain/-/plain-1.0.0.tgz$"

	rm -rf node_modules
	world_forget
	sbh -p npm-install npm ci
	exited 0
	refused_evil
	looked node_modules/looker/seen
	nothing_planted
	# Nobody was told the token, and the cache was not the caller's.
	never requests t0ken
	[ ! -e "$HOME/.npm" ] || fail 'there is a cache in the home'
	# Used offline.
	sb -p node node -e 'require("plain")'
	printed 'plain runs'
}

@test "npm: a registry that only ~/.npmrc names has to be said" {
	npm_project
	echo cafile=/etc/ssl/certs/tests.pem >"$HOME/.npmrc.global"
	export npm_config_globalconfig=$HOME/.npmrc.global
	allowed -p npm-install
	printed good.test:8444
	sbh -p npm-install npm install --fetch-retries=0
	[ "$status" -ne 0 ] || report 'npm knew it'
	said '^sandbox: .* refused by AllowHosts \(first: registry\.npmjs\.org:443\)$'
	# As the profile's comment says.
	mkdir -p "$HOME/.config/sandbox/profiles"
	printf '%s\n' '[Profile]' Inherit=npm-install '[Environment]' \
		"Environment=npm_config_registry=$NPM npm_config_cafile=/etc/ssl/certs/tests.pem" \
		>"$HOME/.config/sandbox/profiles/npm-install.profile"
	sbh -p npm-install npm install
	rm -r "$HOME/.config/sandbox" "$HOME/.npmrc.global"
	exited 0
	refused_evil
	looked node_modules/looker/seen
}

@test "npm: the registry of the environment" {
	npm_project
	export npm_config_globalconfig=/nowhere npm_config_registry=$NPM npm_config_cafile=/etc/ssl/certs/tests.pem
	rm "$HOME/.npmrc"
	sbh -p npm-install npm install --ignore-scripts
	exited 0
	silent
	[ -e node_modules/looker/index.js ]
	[ ! -e node_modules/looker/seen ] || fail 'the script ran'
}

@test "npm: a .npmrc of the project is not believed" {
	npm_project
	echo 'registry=https://evil.test/' >.npmrc
	allowed -p npm-install
	printed good.test:8444
	sbh -p npm-install npm install --fetch-retries=0
	[ "$status" -ne 0 ] || report 'reached'
	refused_evil
}

@test "npm: a token without scripts, then the scripts without network" {
	npm_project
	printf '%s\n' "${NPM#https:}:_authToken=\${NPM_TOKEN}" >.npmrc
	sbh -p npm-install --env NPM_TOKEN npm install --ignore-scripts
	exited 0
	silent
	requests 't0ken-variable'
	[ ! -e node_modules/looker/seen ] || fail 'the script ran'
	rm .npmrc
	sb -p node npm rebuild
	exited 0
	looked node_modules/looker/seen
}

@test "npm: on a copy, and node_modules alone committed" {
	npm_project
	sbh -p npm-install --cow . -n copy npm install
	exited 0
	[ ! -e node_modules ] && [ ! -e prepared ] || fail 'the project has changed'
	outside_h "$SANDBOX" commit copy node_modules
	exited 0
	looked node_modules/looker/seen
	[ ! -e prepared ] && [ ! -e package-lock.json ] || fail 'more was committed'
}

# --- pip

pip_project() {
	/usr/bin/python3 -m pip --version >/dev/null 2>&1 ||
		skip_or_fail "program-pip: /usr/bin/python3 has no pip"
	printf '%s\n' plain looker >requirements.txt
}

pip_looked() {
	python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import looker
sys.stdout.buffer.write(looker.SEEN)' "$1" >seen
	looked seen
	nothing_planted
}

@test "pip install --target: from its index alone, into the project" {
	pip_project
	allowed -p pip-install
	printed other.test:8444
	sbh -p pip-install /usr/bin/python3 -m pip install --target deps -r requirements.txt
	exited 0
	refused_evil
	pip_looked deps
	sb -p python env PYTHONPATH=deps /usr/bin/python3 -m plain
	printed 'plain runs'
	requests '^GET other.test:8444/simple/plain/$'
	never requests t0ken
	[ ! -e "$HOME/.cache/pip" ] || fail 'there is a cache in the home'
}

@test "pip into a virtual environment of the project" {
	pip_project
	# Without pip of its own, which Debian has in another package.
	/usr/bin/python3 -m venv --without-pip --system-site-packages .venv
	sbh -p pip-install .venv/bin/python -m pip install -r requirements.txt
	exited 0
	refused_evil
	pip_looked "$(echo .venv/lib/python3*/site-packages)"
	outside_h .venv/bin/python -m plain
	printed 'plain runs'
}

@test "pip: an index that only the caller's files or environment name has to be said" {
	pip_project
	on_machine mv /etc/pip.conf /etc/pip.conf.away
	printf '[global]\nindex-url = %s\n' "$PIP" >"$HOME/.config/pip/pip.conf"
	export PIP_CERT=/etc/ssl/certs/tests.pem
	set -- /usr/bin/python3 -m pip install --retries 0 --only-binary :all: --target deps plain
	allowed -p pip-install
	printed other.test:8444
	sbh -p pip-install "$@"
	[ "$status" -ne 0 ] || report 'pip knew it'
	said '^sandbox: .* refused by AllowHosts \(first: pypi\.org:443\)$'
	sbh -p pip-install --ro "$HOME/.config/pip" "$@"
	exited 0
	rm -r deps
	rm "$HOME/.config/pip/pip.conf"
	PIP_INDEX_URL=$PIP okh explain -p pip-install "$@"
	shows '^Note .*\$PIP_INDEX_URL names allowed hosts, and is not passed on \(--env PIP_INDEX_URL\)$'
	PIP_INDEX_URL=$PIP okh explain -p pip-install --env PIP_INDEX_URL "$@"
	[[ $output != *'not passed on'* ]] || report 'it is passed on'
	PIP_INDEX_URL=$PIP sbh -p pip-install --env PIP_INDEX_URL "$@"
	on_machine mv /etc/pip.conf.away /etc/pip.conf
	exited 0
	[ -e deps/plain.py ]
}

# --- cargo

cargo_project() {
	need cargo
	# The registry here is a sparse one.
	[ "$(printf '%s\n' 1.70 "$(cargo --version | cut -d' ' -f2)" | sort -V | head -n 1)" = 1.70 ] ||
		skip_or_fail 'program-cargo: this one is older than 1.70'
	mkdir src
	printf '%s\n' '[package]' 'name = "p"' 'version = "0.1.0"' 'edition = "2018"' '[dependencies]' 'plain = "1"' >Cargo.toml
	echo 'fn main() { println!("plain says {}", plain::word()); }' >src/main.rs
	printf '%s\n' '[source.crates-io]' 'replace-with = "ours"' '[source.ours]' "registry = \"sparse+$CARGO\"" \
		'[http]' 'cainfo = "/etc/ssl/certs/tests.pem"' >"$HOME/.cargo/config.toml"
}

@test "cargo fetch: from its registry alone, and the build is offline" {
	cargo_project
	allowed -p cargo-fetch
	printed good.test:8444
	sbh -p cargo-fetch sh -c 'cargo fetch; echo $?; cat ~/.cargo/credentials.toml; env; curl -sS https://evil.test/' 2>&1
	shows '^0$'
	lacks t0ken
	refused_evil
	requests '^GET good.test:8444/cargo/crates/plain/1.0.0/download$'
	never requests t0ken
	[ ! -e "$HOME/.cargo/registry" ] || fail 'there is a cache in the home'
	sb -p cargo-fetch --net none --set Network.AllowHosts= cargo run -q --offline
	printed 'plain says 42'
}

@test "cargo vendor" {
	cargo_project
	sbh -p cargo-fetch cargo vendor --respect-source-config
	exited 0
	never said refused
	mkdir -p .cargo
	printf '%s\n' "$output" >.cargo/config.toml
	[ -e vendor/plain/lib.rs ]
	rm -rf target
	sb -p cargo-fetch --net none --set Network.AllowHosts= cargo run -q
	printed 'plain says 42'
}

# --- apt

@test "apt-get: update, install with a dependency; the host has nothing of it" {
	need apt-get fuse-overlayfs
	allowed -p apt-root
	printed deep.sub.good.test:8090
	sbh -p apt-root -n tools apt-get update
	exited 0
	sbh -p apt-root -n tools --env DEBIAN_FRONTEND=noninteractive apt-get install -y looker-program
	exited 0
	shows '^Setting up looker-program '
	refused_evil
	requests '^GET deep.sub.good.test:8090/apt/(\./)?looker-program.deb$'
	never requests t0ken
	sbh -p apt-root -n tools cat /var/lib/looker/seen
	exited 0
	printf '%s\n' "$output" >seen
	looked seen
	sbh -p apt-root -n tools sh -c 'stat -c %U /var/lib/looker; plain-program'
	printed $'looker-user\nplain runs'
	outside_h sh -c 'command -v plain-program || id looker-user || ls -d /var/lib/looker'
	[ "$status" -ne 0 ] || report 'the host has it'
}

@test "apt-get: a package of the project, which the sandbox cannot change" {
	need apt-get fuse-overlayfs
	cp "$WORLD/registry/apt/plain-program.deb" .
	sbh -p apt-root -n tools sh -c 'apt-get install -y ./plain-program.deb && plain-program; : >here; ls ~ /home/*/*'
	shows '^plain runs$'
	lacks '^\.'
	[ ! -e here ] || fail 'the project was written to'
}

# The last one, so that no late packet of it is taken for one of theirs.
@test "the script finds all of it outside" {
	looks_outside
	on_machine cat /etc/apt/auth.conf.d/tests.conf >auth
	grep -q t0ken auth
}
