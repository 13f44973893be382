#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What only tells: explain, profile, doctor, completion, help and version, in text and in JSON.
#
# Quoted text is for the shell inside; capture sets status, output and stderr;
# each test is a shell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2103,SC2154

load ../lib/common
load live

readonly PROFILES='base build default nested net-client node python server shell untrusted'
readonly OPTIONS='--profile --name --detach --rw --ro --hide --tmpfs --cow --bind --net --allow
	--publish --memory --cpus --pids --io-read --io-write --timeout --env --user --chdir --keep --tty
	--set --explain --json --verbose --quiet'
readonly COMMANDS='run explain profile doctor list changes commit discard undo remove stats completion help version'
readonly KEYS='Profile.Description Profile.Inherit Profile.Optional
	Filesystem.Root Filesystem.ReadWritePaths Filesystem.ReadOnlyPaths Filesystem.InaccessiblePaths
	Filesystem.TemporaryFileSystem Filesystem.CopyOnWritePaths Filesystem.BindPaths
	Filesystem.BindReadOnlyPaths Filesystem.NoExecPaths Filesystem.SocketPaths
	Filesystem.Overlay Filesystem.Keep Filesystem.DeviceAllow Filesystem.ProtectGit Filesystem.WorkingDirectory Filesystem.Landlock
	User.Identity User.Hostname User.UMask User.PrivateTime
	Seccomp.SystemCallFilter Seccomp.SystemCallErrorNumber Seccomp.SeccompFile
	Seccomp.RestrictNamespaces Seccomp.RestrictAddressFamilies Seccomp.LockPersonality
	Seccomp.MemoryDenyWriteExecute Seccomp.RestrictSUIDSGID
	Capabilities.CapabilityBoundingSet Capabilities.AmbientCapabilities
	Resources.MemoryMax Resources.MemoryHigh Resources.MemorySwapMax Resources.CPUQuota
	Resources.CPUWeight Resources.AllowedCPUs Resources.TasksMax Resources.IOReadBandwidthMax
	Resources.IOWriteBandwidthMax Resources.IOWeight Resources.RuntimeMaxSec
	Network.Mode Network.AllowHosts Network.Publish Network.HostLoopback Network.Driver
	Network.NetworkRateMax Network.AbstractSockets
	Environment.PassEnvironment Environment.Environment'

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# --- explain

@test "explain tells the plan and runs nothing" {
	ok explain -p build touch ran
	[ ! -e ran ]
	shows 'build' 'touch' "$PROJECT" '/proc' '/tmp'
	ok -p build --explain touch ran
	[ ! -e ran ]
	ok --explain -- touch ran
	[ ! -e ran ]
	no_leftovers
}

@test "explain starts no process, makes no namespace and mounts nothing" {
	need strace
	not_with_asan
	outside strace -f -qq -o trace \
		-e trace=execve,clone,clone3,fork,vfork,unshare,setns,mount,move_mount,open_tree \
		"$SANDBOX" explain -p build true
	exited 0
	[ "$(grep -vc 'SIG' trace)" -eq 1 ] || fail "$(cat trace)"
}

@test "explain is byte-identical the second time, in text and JSON, and so is the JSON's order" {
	local format name
	for name in default build shell untrusted python node nested; do
		for format in --verbose --json; do
			ok explain "$format" -p "$name" make all
			first=$output
			ok explain "$format" -p "$name" make all
			[ "$first" = "$output" ] || report "explain -p $name is not the same twice"
		done
	done
}

@test "explain --json is valid JSON with the profile, the command and the mounts" {
	ok explain --json -p build make -j2 'a "b" \c'
	json 'isinstance(j, dict)' <<<"$output"
	json '["make", "-j2", "a \"b\" \\c"] in list(j.values()) or "make" in json.dumps(j)' <<<"$output"
	json '"build" in json.dumps(j)' <<<"$output"
	[ "$(ok -p build --explain --json make -j2 'a "b" \c' && cat <<<"$output")" = "$output" ]
}

@test "explain --json stays valid with odd bytes in paths and arguments" {
	mkdir $'o"dd\n\t\\ \x01dir' $'\xff\xfe'
	cd $'o"dd\n\t\\ \x01dir'
	ok explain --json -p build --env $'A=x"\n' echo $'q"\n\\'
	json 'isinstance(j, dict)' <<<"$output"
	cd ..
	cd $'\xff\xfe'
	ok explain --json -p build echo $'\xff'
	json 'isinstance(j, dict)' <<<"$output"
}

@test "explain names the file and line each rule comes from" {
	printf '%s\n' '[Profile]' 'Inherit=build' '' '[Filesystem]' 'InaccessiblePaths=/usr/share' \
		>p.profile
	mkdir d
	ok explain -p ./p.profile --ro d true
	shows 'p\.profile:5' '--ro' 'build\.profile:[0-9]+'
}

@test "explain shows options in the plan" {
	mkdir d
	ok explain -p shell --net host true
	shows '^Network +host' 'Note .*loopback'
	ok explain -p shell --user root true
	shows 'root'
	ok explain -p shell --tmpfs /mnt:64M --hide d true
	shows '/mnt' '64M|67108864' "$PROJECT/d"
}

@test "explain does not show the values of the environment" {
	export CFLAGS='-DPASSWORD=hunter2'
	ok explain -p build make
	shows 'CFLAGS'
	lacks hunter2
}

@test "explain of mistakes: the same error as a run" {
	sb explain -p nosuch true
	refused nosuch
	sb explain --ro /does/not/exist true
	refused /does/not/exist
	sb explain --nosuch true
	refused nosuch
}

@test "explain of profiles that cannot run yet says so and does not crash" {
	local name
	for name in net-client server; do
		sb explain -p "$name" true
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
		[[ "$output$stderr" == *private* ]]
	done
}

# --- profile

@test "profile list: every shipped profile with its description, sorted; JSON too" {
	local name
	ok profile list
	for name in $PROFILES; do
		shows "^$name +[A-Za-z].{8,}"
	done
	[ "$(awk '{ print $1 }' <<<"$output" | sort -c 2>&1)" = "" ]
	ok profile list --json
	for name in $PROFILES; do
		json "any(p['name'] == '$name' for p in (j if isinstance(j, list) else j['profiles']))" \
			<<<"$output"
	done
}

@test "profile list shows the user's own, and one of the same name first" {
	export XDG_CONFIG_HOME="$PROJECT/config"
	mkdir -p config/sandbox/profiles
	printf '[Profile]\nDescription=My very own\nInherit=build\n' >config/sandbox/profiles/mine.profile
	printf '[Profile]\nDescription=Replaces it\nInherit=build\n' >config/sandbox/profiles/build.profile
	printf 'not a profile' >config/sandbox/profiles/README
	ok profile list
	shows '^mine +My very own' '^build +Replaces it'
	lacks README
	[ "$(grep -c '^build ' <<<"$output")" -eq 1 ]
}

@test "profile list with a broken profile still lists the others" {
	export XDG_CONFIG_HOME="$PROJECT/config"
	mkdir -p config/sandbox/profiles
	printf 'rubbish' >config/sandbox/profiles/broken.profile
	mkfifo config/sandbox/profiles/fifo.profile
	mkdir config/sandbox/profiles/dir.profile
	sb profile list
	[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
	shows '^build ' '^shell '
}

@test "profile show prints the file; --resolved the merged profile with the origin of each line" {
	ok profile show build
	shows '^\[Profile\]' '^Inherit='
	ok profile show --resolved build
	shows '^\[Filesystem\]' 'build\.profile:[0-9]+' 'base\.profile:[0-9]+'
	lacks '^Inherit=base$'
	# Each assignment has its origin in the line above.
	[ "$(grep -E -B 1 '^[A-Za-z]+=' <<<"$output" | grep -cE '^# .*\.profile:[0-9]+$')" -eq \
		"$(grep -cE '^[A-Za-z]+=' <<<"$output")" ]
	sb profile show nosuch
	refused nosuch
}

@test "profile show --resolved is a profile that means the same" {
	local name
	for name in $PROFILES; do
		ok profile show --resolved "$name"
		printf '%s\n' "$output" >resolved.profile
		ok profile check ./resolved.profile
		sb profile diff "$name" ./resolved.profile
		exited 0
		grep -E '^[+-][A-Za-z]' <<<"$output" | grep -v 'Inherit' && report "differs" || true
	done
}

@test "profile show --resolved: lists append, an empty value clears, later files win" {
	printf '%s\n' '[Environment]' 'Environment=A=1 B=2' '[User]' 'Hostname=low' >a.profile
	printf '%s\n' '[Profile]' "Inherit=$PROJECT/a.profile" '[Environment]' 'Environment=C=3' \
		'[User]' 'Hostname=high' >b.profile
	printf '%s\n' '[Profile]' "Inherit=$PROJECT/b.profile" '[Environment]' 'Environment=' \
		'Environment=D=4' >c.profile
	ok profile show --resolved ./b.profile
	shows 'A=1' 'C=3' '^Hostname=high'
	lacks 'low'
	ok profile show --resolved ./c.profile
	shows 'D=4'
	lacks 'A=1|C=3'
	ok profile show --resolved --json ./c.profile
	json 'json.dumps(j).count("D=4") == 1 and "A=1" not in json.dumps(j)' <<<"$output"
}

@test "profile check: ok for good ones, FILE:LINE for each bad one" {
	printf '[Profile]\nInherit=shell\n' >good.profile
	printf '[Profile]\nInherit=shell\nNope=1\n' >bad.profile
	printf '[User]\nIdentity=you\n' >worse.profile
	sb profile check good.profile
	exited 0
	printed "good.profile: ok"
	sb profile check good.profile bad.profile worse.profile
	[ "$status" -ne 0 ]
	[[ "$output$stderr" == *bad.profile:3:* ]] || report "bad.profile:3"
	[[ "$output$stderr" == *worse.profile:2:* ]] || report "worse.profile:2"
	shows '^good.profile: ok$'
	sb profile check none.profile
	[ "$status" -ne 0 ]
	[[ "$output$stderr" == *none.profile* ]]
	sb profile check "$ROOT"/profiles/*.profile
	exited 0
}

@test "profile diff: nothing for the same, and what differs" {
	ok profile diff build build
	printed ""
	printf '%s\n' '[Profile]' 'Inherit=build' '[User]' 'Hostname=other' '[Environment]' \
		'Environment=EXTRA=1' >p.profile
	sb profile diff build ./p.profile
	[ "$status" -le 1 ]
	shows 'Hostname=other' 'EXTRA=1'
	lacks 'ReadWritePaths'
	sb profile diff build nosuch
	exited 125
	sb profile diff build
	exited 125
}

@test "profile keys: every key once, with section, values and a sentence; JSON too" {
	local key
	ok profile keys
	for key in $KEYS; do
		shows "(^|[^A-Za-z])${key#*.}([^A-Za-z]|\$)"
	done
	ok profile keys --json
	for key in $KEYS; do
		json "'${key#*.}' in json.dumps(j) and '${key%.*}' in json.dumps(j)" <<<"$output"
	done
}

@test "profile without or with a wrong word is refused with the words there are" {
	sb profile
	[ "$status" -eq 125 ] || [ "$status" -eq 0 ]
	[[ "$output$stderr" == *list* && "$output$stderr" == *check* ]]
	sb profile lst
	refused list
	sb profile show
	refused
}

# --- doctor

@test "doctor: one line a thing, and a command to mend what is missing" {
	sb doctor
	[ "$status" -le 1 ]
	shows 'user.namespace|User.namespace' \
		'subuid' 'newuidmap' 'Landlock' 'seccomp' 'cgroup' '/dev/fuse'
}

@test "doctor --json: valid, with the same verdict" {
	sb doctor
	verdict=$status
	sb doctor --json
	exited "$verdict"
	json 'len(json.dumps(j)) > 200' <<<"$output"
}

@test "doctor on a host without subordinate ids: fails there and names the command" {
	: >empty
	capture hostlike 'mount --bind empty /etc/subuid; mount --bind empty /etc/subgid' \
		timeout 20 "$SANDBOX" doctor
	shows 'subuid' 'usermod --add-subuids|usermod'
	good=$status
	[ "$good" -ne 125 ]
}

@test "doctor without user namespaces: fails and names the knob" {
	capture unshare --user --map-root-user bash -euc \
		'echo 0 >/proc/sys/user/max_user_namespaces; exec timeout 10 "$@"' sh "$SANDBOX" doctor
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	shows 'max_user_namespaces'
}

@test "doctor leaves nothing" {
	sb doctor
	no_leftovers
}

# --- completion, help, version

@test "completions for bash, zsh and fish contain every option and subcommand" {
	local shell option
	for shell in bash zsh fish; do
		ok completion "$shell"
		for option in $OPTIONS $COMMANDS; do
			shows "(^|[^a-z])${option#--}([^a-z-]|\$)"
		done
	done
	sb completion tcsh
	refused tcsh
	sb completion
	refused
}

@test "the bash completion loads and completes options, profiles and subcommands" {
	ok completion bash
	printf '%s\n' "$output" >completion.bash
	bash -n completion.bash
	outside env PATH="$(dirname "$SANDBOX"):$PATH" bash --norc -c '
		[ ! -r /usr/share/bash-completion/bash_completion ] ||
			. /usr/share/bash-completion/bash_completion
		. ./completion.bash
		function=$(complete -p sandbox | sed -E "s/.*-F ([^ ]+).*/\1/")
		try() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
			"$function" sandbox "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
			echo "$* =>" "${COMPREPLY[@]}"
		}
		try sandbox --prof
		try sandbox --profile bui
		try sandbox expl
		try sandbox --net ho
		try sandbox --keep = n
		try sandbox --allow @
		try sandbox --allow =@ ca
		try sandbox --allow @ npm --prof
		try sandbox --set User.Identity = se
		try sandbox --set = Filesystem.Root =
		try sandbox --set Resources.TasksMax =
		try sandbox --env A = b --prof
		try sandbox ""
		try sandbox run-part'
	exited 0
	shows '--allow @ => @apt @npm @pip @cargo @git$' '--allow =@ ca => @cargo$' '--allow @ npm --prof => --profile$' \
		'User.Identity = se => self separate$' 'Filesystem.Root = => host empty$' 'TasksMax = =>$' \
		'--env A = b --prof => --profile$' '^sandbox run-part => .*run-parts'
	never grep -E '^sandbox  => .*(run-parts|--)' <<<"$output"
	shows '^sandbox  => run explain profile .*version$' \
		 '--prof => .*--profile' '--profile bui => .*build' 'expl => .*explain' '--net ho => .*host' \
		'--keep = n => no$'
}

# The names of two, what they have changed, and files for what is a path.
@test "completions of commands on kept sandboxes: their options, names, paths" {
	local shell
	export XDG_STATE_HOME=$PROJECT/state
	ok --quiet --name first -- touch 'some change' other
	ok --quiet --name second --keep true
	touch some-file
	for shell in bash zsh fish; do
		ok completion "$shell"
		printf '%s\n' "$output" >"completion.$shell"
	done
	outside env PATH="$(dirname "$SANDBOX"):$PATH" bash --norc -c '
		. ./completion.bash
		try() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
			_sandbox
			echo "$* =>" "${COMPREPLY[@]}"
		}
		try sandbox changes ""
		try sandbox changes --stat fi
		try sandbox changes first some
		try sandbox commit -n first ""
		try sandbox discard second ""
		try sandbox start f
		try sandbox exec first some
		try sandbox changes --di
		try sandbox remove first se
		try sandbox list ""
		try sandbox list --na
		try sandbox --name sec'
	exited 0
	shows 'changes  => first second$' 'changes --stat fi => first$' 'changes first some => some\\ change$' \
		'commit -n first  => other some\\ change$' 'discard second  =>$' 'start f => first$' \
		'exec first some => some-file$' \
		'changes --di => --diff$' 'remove first se => second$' 'list  =>$' 'list --na => --names$' \
		'--name sec => second$'
	need fish
	outside env PATH="$(dirname "$SANDBOX"):$PATH" fish --no-config -c 'source completion.fish
		for line in "changes " "changes --stat fi" "changes first some" "commit -n first " "discard second " \
			"start f" "exec first some" "changes --di" "remove first se" "list "
			echo $line "=>" (complete -C "sandbox $line" | string replace -r "\t.*" "")
		end'
	exited 0
	shows 'changes  => first second$' 'changes --stat fi => first$' 'changes first some => some change$' \
		'commit -n first  => other some change$' 'discard second  =>$' 'start f => first$' \
		'exec first some => some-file$' \
		'changes --di => --diff$' 'remove first se => second$' 'list  =>$'
	ok remove first second
}

@test "the zsh completion loads, and completes as the others" {
	need zsh
	ok completion zsh
	printf '%s\n' "$output" >_sandbox
	zsh -f -n _sandbox
	outside zsh -f -c 'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d $PWD/dump
		print -r -- ${_comps[sandbox]}'
	printed _sandbox
	export XDG_STATE_HOME=$PROJECT/state
	ok --quiet --name first -- touch 'some change' other
	cat >keys.py <<-'KEYS'
		import os, pty, select, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp("zsh", ["zsh", "-f", "-i"])
		def read_until(text):
		    seen = b""
		    while text not in seen and select.select([fd], [], [], 20)[0]:
		        seen += os.read(fd, 4096)
		    return seen.decode()
		os.write(fd, b"PS1='> '; unsetopt automenu; autoload -Uz compinit; compinit -u -d dump; . ./_sandbox; echo lo''aded\n")
		read_until(b"loaded\r\n")
		for line in sys.argv[1:]:
		    os.write(fd, line.encode() + b"\t")
		    os.write(fd, b"\x01print -r -- '\x05 <'\n")
		    print(read_until(b" <\r\n"))
	KEYS
	outside env PATH="$(dirname "$SANDBOX"):$PATH" TERM=dumb python3 keys.py 'sandbox commit fi' \
		'sandbox commit first so' 'sandbox --allow @ca' 'sandbox --set User.Identity=sel'
	exited 0
	output=${output//$'\r'/}
	shows '^sandbox commit first <' '^sandbox commit first some\\ change <' '^sandbox --allow @cargo <' \
		'^sandbox --set User.Identity=self <'
	ok remove first
}

@test "the fish completion loads and completes" {
	need fish
	ok completion fish
	printf '%s\n' "$output" >sandbox.fish
	outside fish --no-config -c 'source sandbox.fish; complete -C "sandbox --prof"'
	exited 0
	shows '^--profile'
}

@test "help lists every option and subcommand on standard output" {
	local form option
	for form in --help -h help; do
		ok "$form"
		for option in $OPTIONS; do
			shows "(^|[^a-z-])$option([^a-z-]|\$)"
		done
		shows '(^| )explain' '(^| )profile' '(^| )doctor' '(^| )completion'
		[ "$(tail -c 1 "$BATS_TEST_TMPDIR/stdout" | od -An -c | tr -d ' ')" = '\n' ]
	done
}

@test "-h and --help on every subcommand" {
	local word form
	for word in $COMMANDS; do
		for form in -h --help; do
			ok "$word" "$form"
			shows "^Usage: sandbox $word"
		done
		one=$output
		ok help "$word"
		printed "$one"
	done
	for form in -h --help; do
		ok profile show "$form"
		shows '^  show \[--resolved\] NAME\|PATH' '^  diff A B'
		ok explain -p build "$form"
		shows '^Usage: sandbox explain' '--profile'
		lacks 'Subcommands'
	done
	sb help nosuch
	refused nosuch
}

@test "what --help prints fits 80 columns and has no blank at the end of a line" {
	local word
	for word in '' $("$SANDBOX" help --commands); do
		# The first is none.
		# shellcheck disable=SC2086
		ok $word --help
		lacks '^.{81}'
		lacks ' $'
	done
	ok profile show --help
	lacks '^.{81}'
}

@test "version on standard output in both forms" {
	ok version
	shows '^sandbox [0-9]+\.[0-9]+'
	one=$output
	ok --version
	printed "$one"
	ok version --json
	json 'isinstance(j, dict)' <<<"$output"
}

@test "unknown options of subcommands are refused" {
	local word
	for word in explain profile doctor list changes commit discard undo remove completion version; do
		sb "$word" --nosuch
		refused "$word|nosuch"
	done
}

@test "output to a full device is an error, not silence, and told once" {
	[ -c /dev/full ] || skip "no /dev/full"
	local words
	export XDG_STATE_HOME=$PROJECT/state
	sb -n kept --keep true
	for words in "profile list" "doctor --json" "version" "--help" "help list" "explain true" \
		"completion bash" "profile keys" "list" "list --json" "inspect kept" "discard kept"; do
		# Several words.
		# shellcheck disable=SC2086
		capture bash -c '"$SANDBOX" '"$words"' >/dev/full'
		[ "$status" -eq 125 ] || report "$words >/dev/full succeeded"
		[ "$stderr" = 'sandbox: standard output: No space left on device' ] || report "$words"
	done
}
