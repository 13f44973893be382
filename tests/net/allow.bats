#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --allow: what is listed is reached, and nothing else, whatever the program is and knows of it; and what is
# said of it. How programs would try to get round it is in allow-attacks.bats.
#
# Quoted text is for the shell inside; capture sets status, output and stderr.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load ../lib/common
load ../live/live
load ../live/cow
load world

setup_file() {
	world_begin
}

teardown_file() {
	world_end
}

setup() {
	net_setup
	need dnsmasq
}

teardown() {
	net_teardown
}

# --- programs

# through EXPECTED CMD...: with HOST replaced (and ADDR, without brackets) the command prints EXPECTED where
# the host is listed, by IPv4 and by IPv6, by name and by address. @ in EXPECTED is the address.
through() {
	local expected=$1 row name address word
	local -a words
	shift
	for row in 'v4.test 203.0.113.10' 'v6.test 2001:db8:77::10' '203.0.113.10 203.0.113.10' \
		'[2001:db8:77::10] 2001:db8:77::10'; do
		read -r name address <<<"$row"
		words=("${@//HOST/$name}")
		word=${name#[}
		words=("${words[@]//ADDR/${word%]}}")
		sbh -p shell --allow v4.test --allow v6.test --allow '203.0.113.10' --allow '2001:db8:77::10' -- \
			"${words[@]}"
		exited 0 || return 1
		printed "${expected//@/$address}" || return 1
	done
}

# held PORT CMD...: the same command is refused at once for a host that is not listed, which never hears of it,
# and the launcher says so; as it is reached without --allow. Who is not refused waits, for 300 s by itself.
held() {
	local port=$1 name word
	local -a words
	shift
	for name in evil.test 203.0.113.66 '[2001:db8:77::66]'; do
		words=("${@//HOST/$name}")
		word=${name#[}
		words=("${words[@]//ADDR/${word%]}}")
		world_forget
		sbh -p shell --net private -- "${words[@]}"
		exited 0 || return 1
		reached evil || return 1
		world_forget
		sbh -p shell --allow good.test --allow v4.test --allow v6.test -- timeout "$((20 * ${SLOW:-1}))" "${words[@]}"
		[[ ! $status =~ ^(0|124|137)$ ]] || report "not held: $name" || return 1
		! grep -Eiq 'timed.?out|connect.?timeout|no route|unreachable' <<<"$stderr" || report "not refused: $name" || return 1
		untouched evil || return 1
		unasked evil || return 1
		said "^sandbox: ([2-9]|[1-9][0-9]+) connections|1 connection refused by AllowHosts" || return 1
		grep -qF "(first: $name:$port)" <<<"$stderr" || report "not said: $name:$port" || return 1
	done
}

@test "curl" {
	need curl
	set -- curl -sSv --max-time 300 --cacert ca.pem https://HOST/
	through 'world @' "$@"
	held 443 "$@"
}

@test "wget" {
	need wget
	set -- wget -nv -T 300 -t 1 --ca-certificate=ca.pem -O - https://HOST/
	through 'world @' "$@"
	held 443 "$@"
}

@test "python3 urllib" {
	need python3
	set -- env SSL_CERT_FILE=ca.pem python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=300).read().decode().strip())' https://HOST/
	through 'world @' "$@"
	held 443 "$@"
}

@test "node, by fetch and by http" {
	need node
	# Without TLS: node 18 looks for an IPv6 address in the certificate as if it were a name.
	set -- node -e '
		fetch(process.argv[1]).then((r) => r.text()).then((t) => process.stdout.write(t),
			(e) => { console.error(e.cause || e); process.exit(1); })' http://HOST/
	through 'world @' "$@"
	held 80 "$@"
	set -- node -e 'require("http").get(process.argv[1], (r) => r.pipe(process.stdout))' http://HOST/
	through 'world @' "$@"
	held 80 "$@"
}

@test "git over https" {
	need git
	set -- git -c http.sslCAInfo=ca.pem ls-remote https://HOST/git/repo.git refs/heads/main
	through "$(git -C "$WORLD/git/repo.git" rev-parse main)"$'\trefs/heads/main' "$@"
	held 443 "$@"
}

@test "git over ssh" {
	need git ssh sshd
	cp "$WORLD"/{key,known_hosts} .
	chmod 0600 key
	printf '%s\n' 'Host *' "User $USER" "IdentityFile $PWD/key" "UserKnownHostsFile $PWD/known_hosts" \
		>ssh_config
	set -- env GIT_SSH_COMMAND="ssh -F $PWD/ssh_config" \
		git ls-remote "ssh://HOST$WORLD/git/repo.git" refs/heads/main
	through "$(git -C "$WORLD/git/repo.git" rev-parse main)"$'\trefs/heads/main' "$@"
	held 22 "$@"
}

@test "a static program in Go, which has its own resolver" {
	[ -x "$BUILD/net/get" ] || skip_or_fail 'program-go: no go was there when this was built'
	cp "$BUILD/net/get" .
	set -- env SSL_CERT_FILE=ca.pem ./get https://HOST/
	through 'world @' "$@"
	held 443 "$@"
}

@test "Java" {
	need java
	[ -e "$BUILD/net/Get.class" ] || skip_or_fail 'program-javac: no javac was there when this was built'
	cp "$BUILD/net/Get.class" .
	set -- java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp . Get ca.pem https://HOST/
	through 'world @' "$@"
	held 443 "$@"
}

@test "busybox wget" {
	need busybox
	set -- busybox wget -q -O - http://HOST/
	through 'world @' "$@"
	held 80 "$@"
}

@test "nc" {
	need nc
	set -- sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | nc -w 300 "$1" 80 | tail -n 1 | grep .' sh ADDR
	through 'world @' "$@"
	held 80 "$@"
}

@test "UDP, by python" {
	set -- python3 -c 'import socket, sys
family, kind, proto, _, address = socket.getaddrinfo(sys.argv[1], 7, type=socket.SOCK_DGRAM)[0]
s = socket.socket(family, kind)
s.settimeout(300)
s.connect(address)
s.send(b"hello")
print(s.recv(100).decode())' ADDR
	through 'world @ hello' "$@"
	held 7 "$@"
}

@test "ping" {
	local host
	sbh -p shell --allow v4.test -- ping -n -c 1 -W 20 v4.test
	exited 0
	sbh -p shell --net private -- ping -n -c 1 -W 20 203.0.113.66
	exited 0
	world_forget
	for host in 203.0.113.66 2001:db8:77::66 evil.test; do
		sbh -p shell --allow v4.test -- ping -n -c 1 -W 1 "$host"
		[ "$status" -ne 0 ] || report "not held: $host"
		said "^sandbox: 1 connection refused by AllowHosts \(first: $host\)$"
	done
	untouched evil
}

@test "with pasta alike" {
	sbh -p shell --set Network.Driver=pasta --allow good.test -- sh -c '
		curl -sS --max-time 5 -4 http://good.test/; curl -sS --max-time 5 -6 http://good.test/
		curl -sS --max-time 5 http://evil.test/; curl -sS --max-time 5 http://203.0.113.66/'
	exited 7
	printed $'world 203.0.113.10\nworld 2001:db8:77::10'
	said '^sandbox: [2-9] connections refused by AllowHosts \(first: evil\.test:80\)$'
	untouched evil
}

# --- words

# gets URL..., gets_not URL...: with the options in $allow.
gets() {
	local url
	for url; do
		sbh -p shell "${allow[@]}" -- curl -sS --max-time 5 --cacert ca.pem "$url"
		exited 0 || report "not reached: $url" || return 1
	done
}

gets_not() {
	local url
	for url; do
		sbh -p shell "${allow[@]}" -- curl -sSv --max-time 300 --cacert ca.pem "$url"
		curl_refused || report "not held: $url" || return 1
	done
}

@test "HOST is every port of it, HOST:PORT only that one" {
	allow=(--allow good.test)
	gets http://good.test/ https://good.test/ http://good.test:8080/ https://good.test:8443/
	gets_not http://other.test/
	allow=(--allow good.test:443)
	gets https://good.test/
	gets_not http://good.test/ https://good.test:8443/ http://other.test/
	allow=(--allow good.test:443 --allow good.test:8080 --allow other.test:80)
	gets https://good.test/ http://good.test:8080/ http://other.test/
	gets_not http://good.test/ https://other.test/
	# A name that leads to the same address does not get another's ports.
	allow=(--allow good.test:443 --allow v4.test:80)
	gets https://good.test/ http://v4.test/
	gets_not https://other.test/
	untouched evil
}

@test "names are the same in any case, and with a dot at the end" {
	allow=(--allow GOOD.test)
	gets http://good.test/ http://Good.Test/
	allow=(--allow good.test)
	gets http://GOOD.TEST/
	sbh -p shell --allow good.test -- curl -sS --max-time 5 http://good.test./
	exited 0
}

@test "*.HOST is every name below it, and not itself" {
	allow=(--allow '*.good.test')
	gets http://sub.good.test/ http://deep.sub.good.test/
	world_forget
	gets_not http://good.test/ http://other.test/ http://notgood.test/
	untouched good evil
	# A name is not what is below it.
	allow=(--allow good.test)
	gets http://good.test/
	world_forget
	gets_not http://sub.good.test/
	untouched sub
	unasked sub
	allow=(--allow good.test --allow '*.good.test')
	gets http://good.test/ http://sub.good.test/
	gets_not http://notgood.test/
	untouched evil
}

@test "an address, a block, and one with a port" {
	allow=(--allow 203.0.113.10)
	gets http://203.0.113.10/ https://203.0.113.10/
	gets_not http://203.0.113.11/ 'http://[2001:db8:77::10]/'
	allow=(--allow 203.0.113.10:443)
	gets https://203.0.113.10/
	gets_not http://203.0.113.10/
	allow=(--allow 203.0.113.10/31)
	gets http://203.0.113.10/ http://203.0.113.11/
	gets_not http://203.0.113.12/
	allow=(--allow '[2001:db8:77::10]:443')
	gets 'https://[2001:db8:77::10]/'
	gets_not 'http://[2001:db8:77::10]/' 'https://[2001:db8:77::11]/' https://203.0.113.10/
	allow=(--allow '2001:db8:77::/124')
	gets_not 'http://[2001:db8:77::11]/' 'http://[2001:db8:77::66]/'
	allow=(--allow '2001:db8:77::10/127')
	gets 'http://[2001:db8:77::10]/' 'http://[2001:db8:77::11]/'
	gets_not 'http://[2001:db8:77::12]/'
	untouched evil
}

@test "a private address is reached where it is listed" {
	allow=(--allow 10.77.0.5)
	gets http://10.77.0.5/
	allow=(--allow fd77::/64)
	gets 'http://[fd77::5]/'
	gets_not http://10.77.0.5/
}

@test "many names, and many ports" {
	local i
	allow=()
	for i in {1..200}; do
		allow+=(--allow "host$i.test:$((i % 30 + 1000))")
	done
	allow+=(--allow good.test:443)
	gets https://good.test/
	gets_not http://good.test/ http://evil.test/
	untouched evil
}

@test "what is no host is refused by name" {
	local word
	for word in '' good.test:0 good.test:65536 good.test:http 'good.test:443:1' '*' '*.' '*.*.test' \
		'a.*.test' http://good.test/ good.test/path '[2001:db8::1' '2001:db8:::1' \
		203.0.113.10/33 2001:db8::/129 \
		203.0.113.256 203.0.113.10/ .test test..test 'good.test,' 'good
test' "$(printf 'a%.0s' {1..64}).test" 'good.test#53' 'good.test/127.0.0.1' '@nothing' 'bücher.test'; do
		sbh -p shell --allow "$word" -- true
		exited 125 || fail "accepted: $word"
		refused
	done
	sbh -p shell --net none --allow good.test -- true
	refused
	sbh -p shell --net host --allow good.test -- true
	refused
}

# --- what names resolve to

@test "names that are not listed resolve to nowhere, and other records to nothing" {
	sbh -p shell --allow good.test -- sh -c 'dig +short good.test A; dig +short good.test AAAA
		dig +short evil.test A; dig +short nobody.test A
		getent ahostsv4 evil.test | cut -d " " -f 1 | head -n 1'
	printed $'203.0.113.10\n2001:db8:77::10\n240.0.0.1\n240.0.0.1\n240.0.0.1'
	# None of the other family: a program would try both, and be counted twice.
	sbh -p shell --allow good.test -- dig +short evil.test AAAA
	lacks -v '^$'
	sbh -p shell --allow good.test -- sh -c '
		for type in TXT MX NULL NS SOA SRV ANY CNAME HTTPS PTR TYPE65400; do
			dig +time=10 +tries=1 tunnel.evil.test $type; done
		dig +time=10 +tries=1 -x 203.0.113.66'
	lacks 'reply|timed out|no servers'
	[ "$(grep -c 'ANSWER: 0,' <<<"$output")" -ge 10 ] || report 'answered'
	unasked 'evil|in-addr'
	# What is listed has all that it has.
	sbh -p shell --allow good.test -- dig +short good.test TXT
	printed '"text"'
}

@test "names that are listed and do not exist do not" {
	sbh -p shell --allow nobody.test -- getent hosts nobody.test
	exited 2
	sbh -p shell --allow nobody.test -- dig +short nobody.test
	printed ''
	asked 'nobody\.test A$'
}

@test "a chain of names, and more addresses than UDP can carry" {
	local address
	sbh -p shell --allow chain.test -- sh -c 'getent ahostsv4 chain.test | grep -c STREAM
		for i in 1 20 40; do curl -sS --max-time 5 http://192.0.2.$i/; done
		curl -sS --max-time 5 http://192.0.2.41/'
	exited 7
	printed $'40\nworld 192.0.2.1\nworld 192.0.2.20\nworld 192.0.2.40'
	asked '^tcp .* chain\.test A$'
}

# --- what is said

@test "the line at the end: how many, and which first" {
	sbh -p shell --allow good.test -- curl -sS --max-time 5 http://good.test/
	exited 0
	silent
	sbh -p shell --allow good.test -- sh -c 'curl -sS --max-time 5 -4 https://evil.test/ 2>/dev/null; exit 3'
	exited 3
	[ "$stderr" = 'sandbox: 1 connection refused by AllowHosts (first: evil.test:443)' ] || report 'the line'
	sbh -p shell --allow good.test -- sh -c 'for i in 1 2; do
		curl -sS --max-time 5 -4 https://evil.test/; curl -sS --max-time 5 -4 http://other.test/
		done 2>/dev/null'
	[ "$stderr" = 'sandbox: 4 connections refused by AllowHosts (first: evil.test:443)' ] || report 'the line'
	sbh -p shell --allow good.test -- sh -c 'curl -sS --max-time 5 "http://[2001:db8:77::66]/" 2>/dev/null'
	[ "$stderr" = 'sandbox: 1 connection refused by AllowHosts (first: [2001:db8:77::66]:80)' ] ||
		report 'the line'
}

@test "--json has each of them" {
	sbh run --json -p shell --allow good.test -- sh -c 'for i in 1 2; do
		curl -sS --max-time 5 -4 https://evil.test/; done 2>/dev/null
		python3 udp.py 203.0.113.66 7 2>/dev/null; curl -sS --max-time 5 -4 http://good.test/'
	printed 'world 203.0.113.10'
	[ "$(wc -l <<<"$stderr")" = 1 ] || report 'more than the line of JSON'
	json 'j["refused"]["total"] == 3' <<<"$stderr"
	json '[[c[k] for k in ("host", "port", "protocol", "count")] for c in j["refused"]["connections"]] == [
		["evil.test", 443, "tcp", 2], ["203.0.113.66", 7, "udp", 1]]' <<<"$stderr"
	sbh run --json -p shell --allow good.test -- true
	json 'j["refused"] == {"total": 0, "at_least": False, "connections": []}' <<<"$stderr"
}

@test "inspect has it of one that runs" {
	okh run -d -n one -p shell --allow good.test -- sh -c 'curl -sS --max-time 5 -4 https://evil.test/
		echo done; exec sleep 60'
	wait_for 5 grep -q "done" "$STATE/one/log"
	okh inspect one --json
	json 'j["refused"]["total"] == 1' <<<"$output"
	json '[[c[k] for k in ("host", "port", "protocol", "count")] for c in j["refused"]["connections"]] == [
		["evil.test", 443, "tcp", 1]]' <<<"$output"
	# What is executed later is held as well, and counted.
	sbh exec one curl -sS --max-time 5 -4 http://other.test/
	exited 7
	okh exec one curl -sS --max-time 5 -4 http://good.test/
	printed 'world 203.0.113.10'
	okh inspect one --json
	json 'j["refused"]["total"] == 2' <<<"$output"
	okh stop one
	# And of one that has ended, until it runs again.
	okh inspect one --json
	json 'j["state"] == "kept" and j["refused"]["total"] == 2 and len(j["refused"]["connections"]) == 2' <<<"$output"
	json 'j["effects"] == ["2 connections refused by AllowHosts (first: evil.test:443)"]' <<<"$output"
	okh inspect one
	shows '^  effect +2 connections refused by AllowHosts .first: evil.test:443.$' \
		'^    refused other.test:80/tcp, 1 time$'
	untouched evil
}
