#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Tokens, agents and addresses in the environment; and variables that make programs load what the caller did not mean.

load ../lib/common
load attack

setup() {
	attack_setup
}

teardown() {
	attack_teardown
}

names=(SSH_AUTH_SOCK GITHUB_TOKEN GH_TOKEN NPM_TOKEN CI_JOB_TOKEN DOCKER_HOST AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	AWS_SESSION_TOKEN GOOGLE_APPLICATION_CREDENTIALS KUBECONFIG GPG_AGENT_INFO DBUS_SESSION_BUS_ADDRESS XAUTHORITY
	VAULT_TOKEN OPENAI_API_KEY DATABASE_URL PGPASSWORD http_proxy BASH_ENV ENV PERL5OPT PATHX
	LCX)

with_credentials() {
	local name

	(
		for name in "${names[@]}"; do
			export "$name=t0ken-of-$name"
		done
		env 'BASH_FUNC_make%%=() { echo t0ken; }' 'a b=t0ken' "$@"
	)
}

@test "outside, whoever is started gets them" {
	works with_credentials env
	[[ $output == *t0ken-of-AWS_SECRET_ACCESS_KEY* ]]
}

@test "inside, only what was asked for" {
	local profile

	for profile in "${ALL_PROFILES[@]}"; do
		works with_credentials "$SANDBOX" -p "$profile" env
		[[ $output == *PATH=* ]]
		[[ $output != *t0ken* ]] || { echo "$output" >&2; return 1; }
	done
	works with_credentials "$SANDBOX" -p build --env GITHUB_TOKEN env
	[[ $output == *t0ken-of-GITHUB_TOKEN* && $output != *t0ken-of-GH_TOKEN* ]]
}
