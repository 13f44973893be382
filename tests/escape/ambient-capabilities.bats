#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# CVE-2022-27650: inheritable and ambient capabilities of the caller that survive into the sandbox.

load ../lib/common
load attack

setup() {
	attack_setup capability-sets
}

teardown() {
	attack_teardown
}

# A caller who has capabilities to give: root of a user namespace with all in the ambient set.
with_capabilities() {
	unshare --user --map-current-user --keep-caps setpriv --inh-caps +all --ambient-caps +all "$@"
}

@test "outside, the caller's sets are inherited" {
	works with_capabilities ./capability-sets CapAmb CapInh
}

@test "inside, all five sets are empty" {
	local profile

	for profile in default build shell python node; do
		fails "$SANDBOX" -p "$profile" ./capability-sets
		fails with_capabilities "$SANDBOX" -p "$profile" ./capability-sets
	done
	fails "$SANDBOX" -p untrusted ./capability-sets
}

@test "a set that the profile asks for is there, so the probe sees sets" {
	works "$SANDBOX" -p build --set Capabilities.CapabilityBoundingSet=CAP_NET_BIND_SERVICE \
		--set Capabilities.AmbientCapabilities=CAP_NET_BIND_SERVICE ./capability-sets CapEff
}
