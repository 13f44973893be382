/* SPDX-License-Identifier: MIT */
/* From a profile to a plan: who the program is, what it may do, and what is refused. */
#include "plan.h"

/* --- who the program is --- */

static void test_identity_self(void **state)
{
	(void)state;
	must_build("");
	assert_int_equal(plan.identity.n_uids, 1);
	assert_int_equal(plan.identity.uids[0].inside, 1000);
	assert_int_equal(plan.identity.uids[0].outside, 1000);
	assert_int_equal(plan.identity.uids[0].count, 1);
	assert_false(plan.identity.by_helper || plan.identity.drop_groups ||
		     plan.identity.switch_ids);
	assert_int_equal(plan.caps_bounding | plan.caps_held | plan.caps_ambient, 0);
}

static void test_identity_root(void **state)
{
	(void)state;
	must_build("[User]\nIdentity=root\n");
	assert_true(plan.identity.by_helper && plan.identity.drop_groups);
	assert_false(plan.identity.switch_ids);
	assert_int_equal(plan.identity.uid, 0);
	assert_int_equal(plan.identity.uids[0].outside, 1000);
	assert_int_equal(plan.identity.uids[1].outside, 100000);
	assert_int_equal(plan.identity.gids[1].outside, 200000);
	assert_int_equal(plan.identity.uids[1].count, 65536);
	assert_true(plan.caps_held & CAP_BIT(0));
	assert_true(plan.caps_held == plan.caps_bounding);
	assert_int_equal(plan.caps_held & (CAP_BIT(21) | CAP_BIT(19) | CAP_BIT(16) | CAP_BIT(12) |
					   CAP_BIT(27)),
			 0);
}

static void test_identity_separate(void **state)
{
	(void)state;
	must_build("[User]\nIdentity=separate\n");
	assert_true(plan.identity.by_helper && plan.identity.drop_groups &&
		    plan.identity.switch_ids);
	assert_int_equal(plan.identity.uid, 1000);
	assert_int_equal(plan.identity.uids[0].inside, 0);
	assert_int_equal(plan.identity.uids[0].outside, 1000);
	assert_int_equal(plan.identity.uids[1].inside, 1000);
	assert_int_equal(plan.identity.uids[1].outside, 100000);
	assert_int_equal(plan.identity.uids[1].count, 1);
	assert_int_equal(plan.caps_held, 0);
}

static void test_identity_without_ranges(void **state)
{
	(void)state;
	host.subgid.count = 0;
	text("[User]\nIdentity=root\n");
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: Identity=root: you have no range in /etc/subgid");
	host.subuid.count = 0;
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: Identity=root: you have no range in /etc/subuid");
	host.newgidmap = NULL;
	assert_int_equal(build(), -1);
	assert_string_equal(err.text,
			    "f:2: Identity=root: newuidmap and newgidmap are not installed");
}

static void test_capabilities(void **state)
{
	(void)state;
	must_build(
		"[Capabilities]\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nAmbientCapabilities=CAP_KILL\n");
	assert_int_equal(plan.caps_bounding, CAP_BIT(0) | CAP_BIT(5));
	assert_int_equal(plan.caps_held, CAP_BIT(5));
	must_refuse("[Capabilities]\nAmbientCapabilities=CAP_KILL\n",
		    "f:2: AmbientCapabilities=CAP_KILL");
	must_refuse("[Capabilities]\nCapabilityBoundingSet=CAP_SYS_ADMIN\n",
		    "f:2: CapabilityBoundingSet=");
	must_refuse(
		"[Capabilities]\nCapabilityBoundingSet=CAP_SYS_ADMIN\nAmbientCapabilities=CAP_SYS_ADMIN\n",
		"f:");
	begin(NULL);
	must_build("[User]\nIdentity=root\n[Capabilities]\nCapabilityBoundingSet=\n");
	assert_int_equal(plan.caps_held, 0);
}

/* --- Landlock, network, environment --- */

static bool landlock_has(const char *place, bool writable)
{
	for (size_t i = 0; i < plan.landlock.n; i++) {
		if (strcmp(plan.landlock.v[i].place, place) == 0)
			return plan.landlock.v[i].writable == writable;
	}
	return false;
}

static void test_landlock(void **state)
{
	(void)state;
	must_build("[Filesystem]\nReadWritePaths=/a\nReadOnlyPaths=/a/b\nTemporaryFileSystem=/t\n");
	assert_int_equal(plan.landlock_abi, 7);
	assert_true(plan.landlock_paths);
	assert_true(landlock_has("/", false) && landlock_has("/a", true) &&
		    landlock_has("/t", true));
	assert_false(landlock_has("/a/b", true));
	begin(NULL);
	must_build("[Filesystem]\nLandlock=no\n");
	assert_int_equal(plan.landlock_abi, 0);
	begin(NULL);
	must_build("[Seccomp]\nRestrictNamespaces=no\n");
	assert_false(plan.landlock_paths);
	must_refuse("[Filesystem]\nLandlock=required\n[Seccomp]\nRestrictNamespaces=no\n",
		    "f:2: Landlock=required");
	for (int abi = 0; abi < 2; abi++) {
		begin(NULL);
		host.landlock_abi = abi;
		must_build("");
		assert_int_equal(plan.landlock_abi, 0);
		text("[Filesystem]\nLandlock=required\n");
		assert_int_equal(build(), -1);
	}
}

static void test_network(void **state)
{
	(void)state;
	must_build("");
	assert_true(plan.namespaces & 0x40000000 /* CLONE_NEWNET */);
	begin(NULL);
	must_build("[Network]\nMode=host\n");
	assert_false(plan.namespaces & 0x40000000);
	begin(NULL);
	host.landlock_abi = 5;
	text("[Network]\nMode=host\n");
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "abstract sockets"));
	text("[Network]\nAbstractSockets=yes\n");
	assert_int_equal(build(), 0);
	must_refuse("[Network]\nMode=private\n", "f:2: Mode=private");
	must_refuse("[Network]\nAllowHosts=a\n", "f:2: AllowHosts=a");
}

static bool has_variable(const char *assignment)
{
	for (size_t i = 0; i < plan.n_environment; i++) {
		if (strcmp(plan.environment[i], assignment) == 0)
			return true;
	}
	return false;
}

static void test_environment(void **state)
{
	(void)state;
	must_build(
		"[Environment]\nPassEnvironment=PATH LC_* EMPTY HOME\nEnvironment=A=1 PATH=/x A=2\n");
	assert_true(has_variable("PATH=/x") && has_variable("A=2") && has_variable("LC_ALL=C"));
	assert_true(has_variable("HOME=/home/u") && has_variable("USER=u") &&
		    has_variable("EMPTY="));
	assert_false(has_variable("TOKEN=secret") || has_variable("LC=x") || has_variable("A=1") ||
		     has_variable("odd"));
	assert_null(plan.environment[plan.n_environment]);
	begin(NULL);
	must_build("[User]\nIdentity=root\n");
	assert_true(has_variable("HOME=/root") && has_variable("USER=root"));
}

/* --- what is not in this version --- */

static void test_refusals(void **state)
{
	static const char *const cases[][2] = {
		{"[Network]\nPublish=80:80\n", "f:2: Publish=80:80: "},
		{"[Network]\nNetworkRateMax=1M\n", "f:2: NetworkRateMax=1M: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		must_refuse(cases[i][0], cases[i][1]);
}

static void test_refusal_is_one_line(void **state)
{
	(void)state;
	option(KEY_COW, "--cow", "/a\n\x1b[31m");
	assert_int_equal(build(), -1);
	assert_null(strchr(err.text, '\n'));
	assert_null(strchr(err.text, '\x1b'));
}

static void test_no_filter(void **state)
{
	(void)state;
	must_refuse("[Seccomp]\nSystemCallFilter=\n", "profile test: no SystemCallFilter=");
}

static void test_root_user_and_namespaces(void **state)
{
	(void)state;
	host.uid = host.gid = 0;
	text("[Seccomp]\nRestrictNamespaces=no\n");
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "not as the host's root"));
}

static void test_no_home(void **state)
{
	(void)state;
	host.home = NULL;
	must_build("[Filesystem]\nTemporaryFileSystem=-~\nReadOnlyPaths=-~/x\n");
	assert_null(plan_mount_over(&plan, "/home/u"));
	text("[Filesystem]\nReadOnlyPaths=~/x\n");
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: ~/x: there is no home directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity_self),     TEST(test_identity_root),
		TEST(test_identity_separate), TEST(test_identity_without_ranges),
		TEST(test_capabilities),      TEST(test_landlock),
		TEST(test_network),	      TEST(test_environment),
		TEST(test_refusals),	      TEST(test_refusal_is_one_line),
		TEST(test_no_filter),	      TEST(test_root_user_and_namespaces),
		TEST(test_no_home),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
