/* SPDX-License-Identifier: MIT */
/* store/running.c: entries of running sandboxes, and host/process.c, which says what their processes are. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/remove.h"
#include "store/running.h"

static struct pool pool;
static char top[256]; /* a fresh directory for each test */
static const char *home;

static int set_up(void **state)
{
	const char *dir = getenv("SANDBOX_TEST_HOME");

	(void)state;
	snprintf(top, sizeof(top), "%s/test_running.XXXXXX", dir ? dir : "/tmp");
	assert_non_null(mkdtemp(top));
	home = path_join(&pool, top, "sandbox");
	return 0;
}

static int tear_down(void **state)
{
	int above = open(path_join(&pool, top, ".."), O_PATH | O_DIRECTORY);
	struct err e = {0};

	(void)state;
	assert_int_equal(remove_below(above, path_name(top), "test", &e), 0);
	close(above);
	pool_done(&pool);
	return 0;
}

static const char *in_home(const char *path)
{
	return path_join(&pool, home, path);
}

static bool exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct running new_running(void)
{
	struct running r = {.pool = &pool, .home = -1, .dir = -1, .process = -1};
	struct process self;

	assert_int_equal(process_read(getpid(), &self), 0);
	r.launcher = r.init = self.id;
	r.cgroup = "/sys/fs/cgroup/a\\b\nc";
	r.memory_max = 1 << 20;
	r.profile = "default";
	r.cwd = "/";
	r.started = 7;
	*vec_add(&pool, &r.command) = "/usr/bin/make";
	*vec_add(&pool, &r.command) = "";
	*vec_add(&pool, &r.command) = "two\nlines \\n";
	*vec_add(&pool, &r.options) = "--env";
	*vec_add(&pool, &r.options) = "end\n";
	return r;
}

static struct running claimed(const char *name)
{
	struct running r = new_running();
	struct err e = {0};

	if (running_claim(&r, home, name, &e) || running_write(&r, &e))
		fail_msg("%s", e.text);
	return r;
}

static int read_entry(const char *name, struct running *r, struct err *e)
{
	*r = (struct running){.pool = &pool};
	return running_read(r, home, name, e);
}

static void refused(const char *name, const char *why)
{
	struct running r;
	struct err e = {0};

	assert_int_equal(read_entry(name, &r, &e), -1);
	if (!strstr(e.text, why))
		fail_msg("%s: not \"%s\"", e.text, why);
	assert_int_equal(r.process, -1);
}

static void test_claim(void **state)
{
	struct running one = claimed("one"), again = new_running(), unnamed = claimed(NULL);
	str_vec names = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(running_claim(&again, home, "one", &e), -1);
	assert_int_equal(e.error, EEXIST);
	assert_non_null(strstr(e.text, "running already"));
	assert_int_equal(again.dir, -1);
	assert_int_equal(strncmp(unnamed.name, "make-", 5), 0);
	assert_int_equal(running_names(&pool, home, &names, &e), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], unnamed.name);
	assert_string_equal(names.v[1], "one");
	running_release(&one);
	running_release(&unnamed);
	assert_false(exists(in_home("one")));
	again = claimed("one");
	running_release(&again);
}

/* The text is read back by a look at an entry whose processes are none of a sandbox: all else is right. */
static void test_text(void **state)
{
	struct running one = claimed("one"), r;
	struct err e = {0};

	(void)state;
	assert_int_equal(read_entry("one", &r, &e), -1);
	assert_non_null(strstr(e.text, "not those of a sandbox"));
	assert_int_equal(r.launcher.pid, getpid());
	assert_int_equal(r.launcher.started, one.launcher.started);
	assert_string_equal(r.cgroup, one.cgroup);
	assert_int_equal(r.memory_max, one.memory_max);
	assert_string_equal(r.profile, "default");
	assert_string_equal(r.cwd, "/");
	assert_int_equal(r.started, 7);
	assert_int_equal(r.command.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(r.command.v[i], one.command.v[i]);
	assert_int_equal(r.options.n, 2);
	assert_string_equal(r.options.v[0], "--env");
	assert_string_equal(r.options.v[1], "end\n");
	running_release(&one);
}

static void test_long_command(void **state)
{
	struct running one = new_running(), r;
	char *word = pool_alloc(&pool, 100001);
	struct err e = {0};
	struct stat st;

	(void)state;
	memset(word, '\n', 100000);
	*vec_add(&pool, &one.command) = word;
	*vec_add(&pool, &one.command) = "behind";
	*vec_add(&pool, &one.options) = word;
	assert_int_equal(running_claim(&one, home, "one", &e) || running_write(&one, &e), 0);
	assert_int_equal(stat(in_home("one/state"), &st), 0);
	assert_true(st.st_size < 65536);
	read_entry("one", &r, &e);
	assert_int_equal(r.command.n, 4);
	assert_string_equal(r.command.v[3], "...");
	assert_int_equal(r.options.n, 3);
	assert_string_equal(r.options.v[2], "...");
	running_release(&one);
}

/* Without its lock, as the kernel leaves it when a launcher is killed. */
static void test_left_over(void **state)
{
	struct running one = claimed("one"), r = new_running();
	struct err e = {0};

	(void)state;
	running_done(&one);
	refused("one", "no lock"); /* its launcher, which is this process, lives */
	assert_int_equal(running_claim(&r, home, "one", &e), -1);
	assert_int_equal(e.error, EEXIST);
	one = new_running();
	one.launcher.started--;
	assert_int_equal(unlink(in_home("one/state")), 0);
	assert_int_equal(running_claim(&one, home, "one", &e) || running_write(&one, &e), 0);
	running_done(&one);
	assert_int_equal(read_entry("one", &r, &e), 0);
	assert_false(exists(in_home("one")));
	/* Cut short before there was a state. */
	assert_int_equal(mkdir(in_home("one"), 0700), 0);
	assert_int_equal(read_entry("one", &r, &e), 0);
	assert_false(exists(in_home("one")));
	/* Just being started. */
	assert_int_equal(running_claim(&one, home, "one", &e), 0);
	assert_int_equal(read_entry("one", &r, &e), 0);
	assert_true(exists(in_home("one")));
	running_release(&one);
}

static void test_process_ended(void **state)
{
	struct running one = new_running(), r;
	struct err e = {0};

	(void)state;
	one.init.started--;
	assert_int_equal(running_claim(&one, home, "one", &e) || running_write(&one, &e), 0);
	assert_int_equal(read_entry("one", &r, &e), 0);
	assert_true(exists(in_home("one")));
	running_release(&one);
}

static void test_strange_entries(void **state)
{
	struct running one = claimed("one"), r;
	struct err e = {0};

	(void)state;
	assert_int_equal(chmod(in_home("one/state"), 0640), 0);
	refused("one", "open to others");
	assert_int_equal(chmod(in_home("one"), 0710), 0);
	refused("one", "open to others");
	running_release(&one);
	assert_int_equal(symlink(top, in_home("link")), 0);
	refused("link", "not a directory");
	assert_int_equal(chmod(home, 0750), 0);
	refused("link", "open to others");
	assert_int_equal(chmod(home, 0700), 0);
	assert_int_equal(chmod(top, 0755), 0);
	refused("link", "open to others");
	assert_int_equal(chmod(top, 0700), 0);
	assert_int_equal(read_entry("../sandbox/link", &r, &e), 0);
	assert_int_equal(read_entry("", &r, &e), 0);
}

static void test_no_home(void **state)
{
	struct running r = new_running();
	str_vec names = {0};
	struct err e = {0};

	(void)state;
	home = path_join(&pool, top, "missing/sandbox");
	assert_int_equal(running_names(&pool, home, &names, &e), 0);
	assert_int_equal(names.n, 0);
	assert_int_equal(read_entry("one", &r, &e), 0);
	r = new_running();
	assert_int_equal(running_claim(&r, home, "one", &e), -1);
	assert_int_not_equal(e.error, EEXIST);
	assert_false(exists(path_join(&pool, top, "missing")));
}

static void test_process(void **state)
{
	struct process self, child;
	pid_t pid = fork();
	int fd;

	(void)state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_read(getpid(), &self), 0);
	assert_int_equal(process_read(pid, &child), 0);
	assert_int_equal(child.parent, getpid());
	assert_int_equal(child.threads, 1);
	assert_true(self.memory > 0 && child.id.started >= self.id.started);
	assert_true(process_age(&self.id) >= process_age(&child.id));
	assert_true(process_lives(&child.id));
	assert_false(process_is_init(pid));
	assert_string_equal(child.name, self.name);
	assert_false(child.stopped);
	kill(pid, SIGSTOP);
	waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WSTOPPED);
	assert_int_equal(process_read(pid, &child), 0);
	assert_true(child.stopped);
	fd = process_open(&child.id);
	assert_true(fd >= 0);
	close(fd);
	child.id.started--;
	assert_false(process_lives(&child.id));
	assert_int_equal(process_open(&child.id), -1);
	assert_int_equal(errno, ESRCH);
	child.id.started++;
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
	assert_false(process_lives(&child.id)); /* a zombie has ended */
	assert_int_equal(process_open(&child.id), -1);
	assert_int_equal(process_read(pid, &child), 0);
	assert_true(child.ended);
	waitpid(pid, NULL, 0);
	assert_int_equal(process_read(pid, &child), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_claim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_left_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_process_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strange_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_home, set_up, tear_down),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
