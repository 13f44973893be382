/* SPDX-License-Identifier: MIT */
/* plan/limits.c: which text goes into which file, where the group is, and what is refused. */
#include "plan.h"

static const struct host_cgroup own = {.kind = CGROUP_V2,
				       .mount = "/sys/fs/cgroup",
				       .own = "/sys/fs/cgroup/mine",
				       .subtree = "/sys/fs/cgroup/mine",
				       .has_callers = true,
				       .there = CONTROLLERS_ALL};
static const struct host_cgroup login = {.kind = CGROUP_V2,
					 .mount = "/sys/fs/cgroup",
					 .own = "/sys/fs/cgroup/session-1.scope",
					 .runtime_dir = "/run/user/1000",
					 .scope_helper = "/helper",
					 .of_manager = CONTROLLER_CPU | CONTROLLER_MEMORY |
						       CONTROLLER_PIDS};

static void on(const struct host_cgroup *cgroup)
{
	begin(NULL);
	host.cgroup = *cgroup;
	host.memory = 1 << 30;
	host.cpus = "0-3,8";
}

static const char *written(const char *file)
{
	for (size_t i = 0; i < plan.limits.n; i++) {
		if (strcmp(plan.limits.v[i].file, file) == 0)
			return plan.limits.v[i].text;
	}
	return "nothing";
}

static void test_texts(void **state)
{
	static const char *const cases[][3] = {
		{"MemoryMax=64M", "memory.max", "67108864"},
		{"MemoryMax=64M", "memory.oom.group", "1"},
		{"MemoryMax=25%", "memory.max", "268435456"},
		{"MemoryHigh=1K", "memory.high", "1024"},
		{"MemoryHigh=1K", "memory.oom.group", "nothing"},
		{"MemorySwapMax=0", "memory.swap.max", "0"},
		{"MemoryMax=infinity", "memory.max", "nothing"},
		{"CPUQuota=20%", "cpu.max", "20000 100000"},
		{"CPUQuota=250%", "cpu.max", "250000 100000"},
		{"CPUQuota=0.5%", "cpu.max", "5000 1000000"},
		{"CPUWeight=7", "cpu.weight", "7"},
		{"TasksMax=20", "pids.max", "20"},
		{"TasksMax=infinity", "pids.max", "nothing"},
		{"AllowedCPUs=0 2-3,8", "cpuset.cpus", "0,2-3,8"},
		{"IOWeight=10", "io.weight", "10"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		on(&own);
		must_build(pool_printf(&pool, "[Resources]\n%s\n", cases[i][0]));
		assert_string_equal(written(cases[i][1]), cases[i][2]);
	}
}

static void test_disks(void **state)
{
	(void)state;
	on(&own);
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/", .device = "8:0"};
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/mem"};
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/gone", .error = ENOENT};
	/* The last word on a disk; one that is on none may be left out. */
	must_build("[Resources]\nIOWriteBandwidthMax=/ 1M\nIOWriteBandwidthMax=/ 2M\n"
		   "IOWriteBandwidthMax=-/mem 3M\nIOWriteBandwidthMax=-/gone 3M\n");
	assert_int_equal(plan.limits.n, 1);
	assert_string_equal(written("io.max"), "8:0 wbps=2000000");
	host.disks.n = 0;
	on(&own);
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/mem"};
	text("[Resources]\nIOReadBandwidthMax=/mem 3M\n");
	assert_int_equal(build(), -1);
	assert_string_equal(
		err.text,
		"f:2: IOReadBandwidthMax=/mem: it is on no disk whose use can be limited");
	on(&own);
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/gone", .error = ENOENT};
	text("[Resources]\nIOReadBandwidthMax=/gone 3M\n");
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: IOReadBandwidthMax=/gone: No such file or directory");
}

static void test_places(void **state)
{
	(void)state;
	on(&own);
	must_build("[User]\nIdentity=self\n");
	assert_false(plan.group.wanted);
	on(&own);
	must_build("[Resources]\nMemoryMax=1G\n");
	assert_true(plan.group.wanted && plan.group.has_callers && !plan.group.by_scope);
	assert_int_equal(plan.group.to_enable, CONTROLLER_MEMORY);
	assert_string_equal(plan.group.parent, "/sys/fs/cgroup/mine");
	on(&own);
	host.cgroup.enabled = CONTROLLER_MEMORY;
	must_build("[Resources]\nMemoryMax=1G\n");
	assert_true(!plan.group.to_enable && !plan.group.has_callers);
	on(&login);
	must_build("[Resources]\nMemoryMax=1G\n");
	assert_true(plan.group.wanted && plan.group.by_scope);
	/* What only a scope can give is worth one; what nothing can give is not. */
	on(&own);
	host.cgroup.there = CONTROLLER_PIDS;
	host.cgroup.runtime_dir = "/run/user/1000";
	host.cgroup.scope_helper = "/helper";
	host.cgroup.of_manager = CONTROLLER_MEMORY | CONTROLLER_PIDS;
	must_build("[Resources]\nMemoryMax=1G\nTasksMax=5\n");
	assert_true(plan.group.by_scope);
	/* No group for a time. */
	on(&login);
	must_build("[Resources]\nRuntimeMaxSec=5min\n");
	assert_false(plan.group.wanted);
	assert_int_equal(plan.runtime_max, INT64_C(300000000));
	/* A program that can have a cgroup namespace of its own must not see its limits. */
	on(&own);
	host.uid = 1000;
	must_build("[Seccomp]\nRestrictNamespaces=no\n[Resources]\nMemoryMax=1G\n");
	assert_true(plan.group.inner);
}

static void refused(const struct host_cgroup *cgroup, const char *line, const char *why)
{
	on(cgroup);
	text(pool_printf(&pool, "[Resources]\n%s\n", line));
	if (build() == 0)
		fail_msg("not refused: %s", line);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	assert_true(*err.hint);
	assert_int_equal(err.code, 125);
	assert_true(str_begins(err.text, "f:2: "));
}

static void test_refusals(void **state)
{
	static const struct host_cgroup v1 = {.kind = CGROUP_V1},
					hybrid = {.kind = CGROUP_HYBRID, .mount = "/u"},
					absent = {.kind = CGROUP_ABSENT},
					closed = {.kind = CGROUP_V2, .mount = "/u", .own = "/u/x"};
	struct host_cgroup no_helper = login, of_systemd = hybrid;

	(void)state;
	no_helper.scope_helper = NULL;
	of_systemd.systemd = true;
	refused(&v1, "MemoryMax=1G", "version 1 only");
	assert_true(str_begins(err.hint, "as root: boot with cgroup_no_v1=all, and mount cgroup2"));
	refused(&hybrid, "TasksMax=5", "hybrid: version 1 has the controller pids");
	assert_true(str_begins(err.hint, "as root: boot with cgroup_no_v1=all, and mount cgroup2"));
	refused(&of_systemd, "TasksMax=5", "hybrid: version 1 has the controller pids");
	assert_string_equal(err.hint, "as root: boot with systemd.unified_cgroup_hierarchy=1");
	refused(&absent, "CPUQuota=5%", "no cgroup2 file system");
	refused(&closed, "CPUQuota=5%", "not yours to divide");
	assert_null(strstr(err.hint, "systemd"));
	refused(&login, "AllowedCPUs=0", "controller cpuset is not delegated to you");
	refused(&login, "IOWeight=5", "controller io is not delegated to you");
	refused(&no_helper, "MemoryMax=1G", "sandbox-scope is not installed");
	on(&own);
	must_refuse("[Resources]\nCPUQuota=0.05%\n", "f:2: CPUQuota=0.05%: less than");
	on(&own);
	text("[Resources]\nAllowedCPUs=4-7 9\n");
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: AllowedCPUs=4-7: this machine has processors 0-3,8");
}

static void test_optional(void **state)
{
	(void)state;
	on(&login);
	must_build("[Profile]\nOptional=AllowedCPUs IOWeight Resources.TasksMax\n"
		   "[Resources]\nAllowedCPUs=0\nIOWeight=5\nTasksMax=5\n");
	assert_int_equal(plan.limits.n, 1);
	assert_string_equal(written("pids.max"), "5");
	assert_int_equal(plan.notes.n, 1);
	assert_string_equal(
		plan.notes.v[0],
		"AllowedCPUs, IOWeight: not enforced: the cgroup controller io is not delegated to you");
	/* Nothing left of it: no group. */
	on(&login);
	must_build("[Profile]\nOptional=IOWeight\n[Resources]\nIOWeight=5\n");
	assert_false(plan.group.wanted);
	/* Whoever types a limit wants it. */
	on(&login);
	text("[Profile]\nOptional=AllowedCPUs\n");
	option(KEY_CPUS, "--set", "0");
	assert_int_equal(build(), -1);
	assert_true(str_begins(err.text, "--set"));
}

static void test_open_hierarchy(void **state)
{
	static const char opened[] =
		"[Filesystem]\nReadWritePaths=/sys/fs\n[Resources]\nMemoryMax=1G\n";

	(void)state;
	on(&own);
	text(opened);
	assert_int_equal(build(), -1);
	assert_true(str_begins(err.text, "f:2: ReadWritePaths=/sys/fs: the program could leave"));
	on(&own);
	must_build("[Filesystem]\nReadOnlyPaths=/sys/fs\n[Resources]\nMemoryMax=1G\n");
	assert_true(plan.group.wanted);
	on(&own);
	must_build(pool_printf(&pool, "[Profile]\nOptional=MemoryMax\n%s", opened));
	assert_false(plan.group.wanted);
	assert_int_equal(plan.limits.n, 0);
}

static void test_written_back(void **state)
{
	struct host_cgroup io_only = own;

	(void)state;
	io_only.there = CONTROLLER_IO;
	on(&io_only);
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/", .device = "8:0"};
	/* What is written to the page cache is on the account of who has the memory controller. */
	text("[Resources]\nIOWriteBandwidthMax=/ 1M\n");
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "controller memory"));
	on(&own);
	*vec_add(&pool, &host.disks) = (struct host_disk){.path = "/", .device = "8:0"};
	must_build("[Resources]\nIOWriteBandwidthMax=/ 1M\n");
	assert_int_equal(plan.group.to_enable, CONTROLLER_IO | CONTROLLER_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_texts),	   TEST(test_disks),
					   TEST(test_places),	   TEST(test_refusals),
					   TEST(test_optional),	   TEST(test_open_hierarchy),
					   TEST(test_written_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
