/* SPDX-License-Identifier: MIT */
/* From a profile to a plan: what is seen where. */
#include "plan.h"

/* "ro /a; rw /a/b from /x": the mounts that a profile or a rule asks for, without those that are
 * always there. */
static void check_mounts(const char *expected)
{
	static const char *const names[] = {[MOUNT_BIND] = "bind",  [MOUNT_TMPFS] = "tmpfs",
					    [MOUNT_EMPTY] = "hide", [MOUNT_SKELETON] = "skeleton",
					    [MOUNT_TEXT] = "text",  [MOUNT_PROC] = "proc",
					    [MOUNT_DEV] = "dev"};
	char got[4096] = "";

	for (size_t i = 0; i < plan.mounts.n; i++) {
		const struct plan_mount *m = &plan.mounts.v[i];
		size_t n = strlen(got);

		if (strcmp(m->reason, "always") == 0 || m->kind == MOUNT_TEXT)
			continue;
		snprintf(got + n, sizeof(got) - n, "%s%s%s %s%s%s", n ? "; " : "",
			 m->kind != MOUNT_BIND ? names[m->kind]
			 : m->read_only	       ? "ro"
					       : "rw",
			 m->no_exec ? ",noexec" : "", m->place,
			 m->kind == MOUNT_BIND && strcmp(m->place, m->source) != 0 ? " from " : "",
			 m->kind == MOUNT_BIND && strcmp(m->place, m->source) != 0 ? m->source
										   : "");
	}
	assert_string_equal(got, expected);
}

static const struct plan_mount *mount_at(const char *place)
{
	for (size_t i = 0; i < plan.mounts.n; i++) {
		if (strcmp(plan.mounts.v[i].place, place) == 0)
			return &plan.mounts.v[i];
	}
	return NULL;
}

/* --- mounts --- */

static void test_parents_first(void **state)
{
	(void)state;
	must_build(
		"[Filesystem]\nReadWritePaths=/a/b/c\nReadOnlyPaths=/a/b\nReadWritePaths=/a\nReadWritePaths=/a-b\n");
	check_mounts("rw /a; ro /a/b; rw /a/b/c; rw /a-b");
	assert_false(plan.root_writable);
}

static void test_order_of_lines_does_not_matter(void **state)
{
	(void)state;
	must_build(
		"[Filesystem]\nReadWritePaths=/a\nInaccessiblePaths=/a/b\nReadOnlyPaths=/a/b/c\n");
	check_mounts("rw /a; skeleton /a/b; ro /a/b/c");
	begin(NULL);
	must_build(
		"[Filesystem]\nReadOnlyPaths=/a/b/c\nInaccessiblePaths=/a/b\nReadWritePaths=/a\n");
	check_mounts("rw /a; skeleton /a/b; ro /a/b/c");
}

static void test_same_place_later_wins(void **state)
{
	(void)state;
	must_build(
		"[Filesystem]\nReadOnlyPaths=/a\nReadWritePaths=/a\nTemporaryFileSystem=/t\nInaccessiblePaths=/t\n");
	/* Keys have an order of their own: what hides more comes behind. */
	assert_int_equal(mount_at("/a") != NULL, 1);
	assert_int_equal(mount_at("/t") != NULL, 1);
	for (size_t i = 1; i < plan.mounts.n; i++)
		assert_true(path_compare(plan.mounts.v[i - 1].place, plan.mounts.v[i].place) < 0);
}

static void test_contradiction(void **state)
{
	(void)state;
	must_refuse("[Filesystem]\nInaccessiblePaths=/a\nReadOnlyPaths=/a\n",
		    "f:3: ReadOnlyPaths=/a would show what f:2 hides");
	must_refuse("[Filesystem]\nReadWritePaths=.\nTemporaryFileSystem=/home/u/p\n",
		    "f:2: ReadWritePaths=/home/u/p would show what f:3 hides");
}

/* On the command line somebody means it, either way. */
static void test_options_settle(void **state)
{
	(void)state;
	option(KEY_READ_ONLY, "--ro", "/a");
	must_build("[Filesystem]\nInaccessiblePaths=/a\nReadWritePaths=/b\n");
	assert_int_equal(plan_mount_over(&plan, "/a") == NULL ||
				 plan_mount_over(&plan, "/a")->kind == MOUNT_BIND,
			 1);
	begin(NULL);
	option(KEY_INACCESSIBLE, "--hide", "/a");
	must_build("[Filesystem]\nReadWritePaths=/a\n");
	check_mounts("hide /a");
}

static void test_prune(void **state)
{
	(void)state;
	/* What is as its parent is, is not mounted again. */
	must_build(
		"[Filesystem]\nReadOnlyPaths=/a /a/b\nReadWritePaths=/c /c/d\nInaccessiblePaths=/e /e/f\n");
	check_mounts("rw /c; hide /e");
	begin(NULL);
	must_build("[Filesystem]\nTemporaryFileSystem=/t\nInaccessiblePaths=/t/x\n");
	check_mounts("tmpfs /t");
}

static void test_binds(void **state)
{
	(void)state;
	must_build("[Filesystem]\nBindPaths=/x:/a/b /y:/a:ro\nBindReadOnlyPaths=/z:/c\n");
	check_mounts("ro /a from /y; rw /a/b from /x; ro /c from /z");
	must_refuse("[Filesystem]\nBindPaths=/x:/a/../b\n",
		    "f:2: /a/../b: the place inside must not have \"..\" in it");
}

static void test_tmpfs_size(void **state)
{
	(void)state;
	must_build("[Filesystem]\nTemporaryFileSystem=/t:10M /s\n");
	assert_int_equal(mount_at("/t")->size, 10 << 20);
	assert_int_equal(mount_at("/s")->size, 0);
}

static void test_missing(void **state)
{
	static const char *const gone[] = {"/gone", NULL};

	(void)state;
	missing = gone;
	must_build(
		"[Filesystem]\nReadOnlyPaths=-/gone\nInaccessiblePaths=-/gone\nTemporaryFileSystem=-/gone\n");
	check_mounts("");
	text("[Filesystem]\nInaccessiblePaths=/gone\n");
	assert_int_equal(build(), -1);
	assert_string_equal(err.text, "f:2: InaccessiblePaths=/gone: No such file or directory");
}

/* A path that cannot be looked at is not one that does not exist: a wall would be missing. */
static void test_unreachable_is_not_missing(void **state)
{
	static path_use_vec uses;
	struct plan_inputs in = {.profile = &profile, .host = &host, .uses = &uses};
	static const int errors[] = {EMFILE, EIO, ENOMEM, EAGAIN, ENFILE};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		begin(NULL);
		text("[Filesystem]\nInaccessiblePaths=-/home\n");
		uses = (path_use_vec){0};
		assert_int_equal(plan_uses(&profile, &host, &uses, &err), 0);
		assert_int_equal(uses.n, 1);
		uses.v[0].source.kind = PATH_MISSING;
		uses.v[0].source.error = errors[i];
		if (plan_build(&in, &plan, &err) == 0 && !mount_at("/home"))
			fail_msg("/home is open when looking at it gives %s", strerror(errors[i]));
	}
}

static void test_root(void **state)
{
	(void)state;
	must_build("[Filesystem]\nReadWritePaths=/\n");
	assert_true(plan.root_writable);
	begin(NULL);
	must_build("[Filesystem]\nRoot=empty\nReadOnlyPaths=/usr\n");
	assert_int_equal(plan.root, ROOT_EMPTY);
	check_mounts("ro /usr");
	must_refuse("[Filesystem]\nRoot=/\n", "f:2: Root=/");
	must_refuse("[Filesystem]\nInaccessiblePaths=/\n", "f:2: InaccessiblePaths=/");
	must_refuse("[Filesystem]\nTemporaryFileSystem=/\n", "f:2: TemporaryFileSystem=/");
}

static void test_no_exec(void **state)
{
	(void)state;
	must_build(
		"[Filesystem]\nReadWritePaths=/a /b/c\nTemporaryFileSystem=/t\nNoExecPaths=/a /b /t\n");
	check_mounts("rw,noexec /a; ro,noexec /b; rw,noexec /b/c; tmpfs,noexec /t");
}

static void test_home_as_working_directory(void **state)
{
	(void)state;
	host.cwd = "/home/u";
	text("[Filesystem]\nReadWritePaths=.\nTemporaryFileSystem=~\n");
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "would show what f:3 hides"));
	assert_non_null(strstr(err.hint, "this is your home"));
}

static void test_working_directory_out_of_view(void **state)
{
	(void)state;
	must_refuse("[Filesystem]\nInaccessiblePaths=/home\n",
		    "working directory: /home/u/p is not in view");
	begin(NULL);
	must_build("[Filesystem]\nInaccessiblePaths=/home\nWorkingDirectory=/\n");
	assert_string_equal(plan.working_directory, "/");
	begin(NULL);
	host.cwd = NULL;
	host.cwd_error = "gone";
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "gone"));
}

static void test_devices(void **state)
{
	(void)state;
	must_build("[Filesystem]\nDeviceAllow=/dev/kvm\n");
	assert_int_equal(plan.devices.n, 1);
	assert_true(plan.devices.v[0].device);
	must_refuse("[Filesystem]\nDeviceAllow=/srv/x\n",
		    "f:2: DeviceAllow=/srv/x: not below /dev");
	begin(NULL);
	files = (const char *const[]){"/dev/file", NULL};
	text("[Filesystem]\nDeviceAllow=/dev/file\n");
	assert_int_equal(build(), -1);
	assert_non_null(strstr(err.text, "not a device node"));
}

/* --- rules --- */

static void add_socket(const char *path)
{
	*vec_add(&pool, &host.sockets) =
		(struct host_path){.path = path, .real = path, .kind = PATH_SOCKET};
}

static void test_sockets_are_closed_wherever_they_are_seen(void **state)
{
	(void)state;
	add_socket("/srv/socket");
	must_build("[Filesystem]\nBindReadOnlyPaths=/srv:/mnt/x\nInaccessiblePaths=/tmp\n");
	check_mounts("ro /mnt/x from /srv; hide /mnt/x/socket; hide /srv/socket; hide /tmp");
	begin(NULL);
	add_socket("/srv/socket");
	must_build("[Filesystem]\nInaccessiblePaths=/srv\n");
	check_mounts("hide /srv");
	begin(NULL);
	add_socket("/srv/socket");
	must_build("[Filesystem]\nSocketPaths=/srv/socket\n");
	assert_true(!mount_at("/srv/socket") || mount_at("/srv/socket")->kind == MOUNT_BIND);
}

static void add_git(const char *path, bool directory, uint32_t present)
{
	*vec_add(&pool, &host.git) =
		(struct host_git){.path = path, .is_directory = directory, .present = present};
}

static void test_git(void **state)
{
	const uint32_t both = 1u << HOST_GIT_HOOKS | 1u << HOST_GIT_CONFIG;

	(void)state;
	add_git("/home/u/p/.git", true, both);
	must_build("[Filesystem]\nReadWritePaths=.\n");
	check_mounts(
		"rw /home/u/p; rw /home/u/p/.git; ro /home/u/p/.git/config; ro /home/u/p/.git/hooks");
	/* There is nothing to mount on: all of it is closed to writing. */
	begin(NULL);
	add_git("/home/u/p/.git", true, 1u << HOST_GIT_CONFIG);
	must_build("[Filesystem]\nReadWritePaths=.\n");
	check_mounts("rw /home/u/p; ro /home/u/p/.git");
	begin(NULL);
	add_git("/home/u/p/.git", false, 0);
	must_build("[Filesystem]\nReadWritePaths=.\n");
	check_mounts("rw /home/u/p; ro /home/u/p/.git");
	begin(NULL);
	add_git("/home/u/p/.git", true, both);
	must_build("[Filesystem]\nReadWritePaths=.\nProtectGit=all\n");
	check_mounts("rw /home/u/p; ro /home/u/p/.git");
	begin(NULL);
	add_git("/home/u/p/.git", true, both);
	must_build("[Filesystem]\nReadWritePaths=.\nProtectGit=no\n");
	check_mounts("rw /home/u/p");
	begin(NULL);
	add_git("/home/u/p/.git", true, both);
	must_build("[Filesystem]\nReadOnlyPaths=.\n");
	check_mounts("");
}

static void test_git_in_every_writable_place(void **state)
{
	(void)state;
	add_git("/home/u/p/.git", true, 0);
	must_build("[Filesystem]\nReadWritePaths=.\nBindPaths=/home/u/p:/mnt/p\n");
	check_mounts(
		"rw /home/u/p; ro /home/u/p/.git; rw /mnt/p from /home/u/p; ro /mnt/p/.git from /home/u/p/.git");
}

static void test_own_directories(void **state)
{
	(void)state;
	*vec_add(&pool, &host.own) = (struct host_path){.path = "/home/u/.config/sandbox",
							.real = "/home/u/.config/sandbox",
							.kind = PATH_MISSING};
	must_build("[Filesystem]\nReadWritePaths=/home/u\n");
	check_mounts("rw /home/u; rw /home/u/.config; ro /home/u/.config/sandbox");
	assert_int_equal(plan.own_dirs.n, 1);
}

static void test_hosts_and_resolver(void **state)
{
	(void)state;
	must_build("");
	assert_int_equal(mount_at("/etc/hosts")->kind, MOUNT_TEXT);
	assert_non_null(strstr(mount_at("/etc/hosts")->source, "127.0.0.1 localhost sandbox\n"));
	begin(NULL);
	host.resolv_conf = "/run/resolver/resolv.conf";
	must_build("[Network]\nMode=host\n[Filesystem]\nTemporaryFileSystem=/run\n");
	check_mounts("tmpfs /run; ro /run/resolver/resolv.conf");
	assert_null(mount_at("/etc/hosts"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_parents_first),
		TEST(test_order_of_lines_does_not_matter),
		TEST(test_same_place_later_wins),
		TEST(test_contradiction),
		TEST(test_options_settle),
		TEST(test_prune),
		TEST(test_binds),
		TEST(test_tmpfs_size),
		TEST(test_missing),
		TEST(test_unreachable_is_not_missing),
		TEST(test_root),
		TEST(test_no_exec),
		TEST(test_home_as_working_directory),
		TEST(test_working_directory_out_of_view),
		TEST(test_devices),
		TEST(test_sockets_are_closed_wherever_they_are_seen),
		TEST(test_git),
		TEST(test_git_in_every_writable_place),
		TEST(test_own_directories),
		TEST(test_hosts_and_resolver),
	};

	return cmocka_run_group_tests_name("plan, mounts", tests, NULL, NULL);
}
