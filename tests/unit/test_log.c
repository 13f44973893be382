/* SPDX-License-Identifier: MIT */
/* store/log.c: what is written comes back, whatever happens to writer, reader and files in between. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/log.h"
#include "store/remove.h"

static struct pool pool;
static char top[256]; /* a fresh directory for each test */
static int dir;
static char chunk[LOG_CHUNK];

static int set_up(void **state)
{
	const char *above = getenv("SANDBOX_TEST_HOME");

	(void)state;
	snprintf(top, sizeof(top), "%s/test_log.XXXXXX", above ? above : "/tmp");
	assert_non_null(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	return 0;
}

static int tear_down(void **state)
{
	int above = openat(dir, "..", O_PATH | O_DIRECTORY);
	struct err e = {0};

	(void)state;
	assert_int_equal(remove_below(above, path_name(top), "test", &e), 0);
	close(above);
	close(dir);
	pool_done(&pool);
	return 0;
}

/* --- what the tests are made of --- */

static struct log_writer begun(void)
{
	struct log_writer w;
	struct err e = {0};

	if (log_begin(&w, dir, &e))
		fail_msg("%s", e.text);
	return w;
}

static struct log_reader *opened(void)
{
	struct log_reader *r = pool_alloc(&pool, sizeof(*r));
	struct err e = {0};

	if (log_open(r, dir, &e) != 1)
		fail_msg("not opened: %s", e.text);
	return r;
}

/* 1: a record; 0: none. */
static int next(struct log_reader *r, struct log_record *ret)
{
	struct err e = {0};
	int rc = log_next(r, ret, &e);

	if (rc < 0)
		fail_msg("%s", e.text);
	return rc;
}

static void expect(struct log_reader *r, enum log_stream stream, const char *data, size_t n)
{
	struct log_record record;

	assert_int_equal(next(r, &record), 1);
	assert_int_equal(record.stream, stream);
	assert_int_equal(record.n, n);
	assert_memory_equal(record.data, data, n);
	assert_int_equal(record.data[n], '\0');
}

static void expect_text(struct log_reader *r, enum log_stream stream, const char *text)
{
	expect(r, stream, text, strlen(text));
}

static void expect_end(struct log_reader *r)
{
	struct log_record record;

	assert_int_equal(next(r, &record), 0);
}

static void append_text(struct log_writer *w, const char *text)
{
	log_append(w, LOG_OUT, text, strlen(text));
}

/* Chunks that begin with their number. */
static void append_chunks(struct log_writer *w, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		memcpy(chunk, &i, sizeof(i));
		log_append(w, LOG_OUT, chunk, sizeof(chunk));
	}
}

static void expect_chunks(struct log_reader *r, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		memcpy(chunk, &i, sizeof(i));
		expect(r, LOG_OUT, chunk, sizeof(chunk));
	}
}

/* So many chunks go into a file. */
enum { FILE_CHUNKS = LOG_MAX / LOG_CHUNK - 1 };

static off_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ? -1 : st.st_size;
}

static void make_file(const char *name, const char *text, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static void refused(const char *why)
{
	struct log_reader *r = pool_alloc(&pool, sizeof(*r));
	struct log_record record;
	struct err e = {0};
	int rc = log_open(r, dir, &e);

	while (rc > 0)
		rc = log_next(r, &record, &e);
	if (rc == 0 || !strstr(e.text, why))
		fail_msg("%d, %s: not \"%s\"", rc, e.text, why);
	log_close(r);
}

/* A writer does not go on with it either. */
static void refused_to_both(const char *why)
{
	struct log_writer w;
	struct err e = {0};

	refused(why);
	assert_int_equal(log_begin(&w, dir, &e), -1);
	assert_non_null(strstr(e.text, why));
	assert_int_equal(w.file.fd, -1);
}

static void refused_text(const char *text, const char *why)
{
	make_file("log", text, strlen(text));
	refused_to_both(why);
}

/* --- tests --- */

static void test_round_trip(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened();
	struct log_record record;
	char all[256], large[LOG_CHUNK + 7];

	(void)state;
	expect_end(r);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	memset(large, '@', sizeof(large));
	log_append(&w, LOG_OUT, all, sizeof(all));
	log_append(&w, LOG_ERR, all, 1);
	log_append(&w, LOG_ERR, all, 0);
	log_append(&w, LOG_TTY, large, sizeof(large));
	log_event(&w, "started pid %d", 123);
	expect(r, LOG_OUT, all, sizeof(all));
	expect(r, LOG_ERR, all, 1);
	expect(r, LOG_TTY, large, LOG_CHUNK);
	expect(r, LOG_TTY, large, 7);
	assert_int_equal(next(r, &record), 1);
	assert_int_equal(record.stream, LOG_EVENT);
	assert_string_equal(record.data, "started pid 123");
	assert_true(record.time > INT64_C(1700000000) * 1000000000);
	expect_end(r);
	log_end(&w);
	log_close(r);
	/* Another run of the same sandbox. */
	w = begun();
	append_text(&w, "again");
	log_end(&w);
	r = opened();
	for (int i = 0; i < 5; i++)
		assert_int_equal(next(r, &record), 1);
	expect_text(r, LOG_OUT, "again");
	expect_end(r);
	log_close(r);
}

/* A file is filled to its last byte, and the next record is the first of another one. */
static void test_edge(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r;
	size_t left;

	(void)state;
	append_chunks(&w, 0, FILE_CHUNKS);
	left = (size_t)(LOG_MAX - size_of("log"));
	assert_true(left > 64 && left < LOG_CHUNK + 64);
	/* @ and 19 digits, " out ", five digits and two line feeds around them. */
	memset(chunk, 'x', sizeof(chunk));
	log_append(&w, LOG_OUT, chunk, left - 32);
	assert_int_equal(size_of("log"), LOG_MAX);
	assert_int_equal(size_of("log.1"), -1);
	append_text(&w, "y");
	assert_int_equal(size_of("log.1"), LOG_MAX);
	append_chunks(&w, 0, 2 * FILE_CHUNKS);
	assert_true(size_of("log") <= LOG_MAX && size_of("log.1") <= LOG_MAX);
	log_end(&w);
	r = opened();
	expect_text(r, LOG_OUT, "y");
	expect_chunks(r, 0, 2 * FILE_CHUNKS);
	expect_end(r);
	log_close(r);
}

static void test_follow(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened();

	(void)state;
	/* It reads what was removed in the middle of its first file. */
	append_chunks(&w, 0, 10);
	expect_chunks(r, 0, 5);
	append_chunks(&w, 10, 2 * FILE_CHUNKS + 1);
	expect_chunks(r, 5, 2 * FILE_CHUNKS + 1);
	expect_end(r);
	assert_false(r->missed);
	/* A file is removed before it begins with it. */
	append_chunks(&w, 0, 3 * FILE_CHUNKS);
	expect_chunks(r, 0, FILE_CHUNKS - 1);
	expect_text(r, LOG_EVENT, "missed output: it was removed before it was read");
	assert_true(r->missed);
	expect_chunks(r, 2 * FILE_CHUNKS - 1, 3 * FILE_CHUNKS);
	expect_end(r);
	log_end(&w);
	log_close(r);
}

/* Between a rotation and the first record behind it there is no `log`; numbers go on all the same. */
static void test_only_older(void **state)
{
	struct log_reader *r = pool_alloc(&pool, sizeof(*r));
	struct err e = {0};
	struct log_writer w;

	(void)state;
	assert_int_equal(log_open(r, dir, &e), 0);
	w = begun();
	r = opened();
	append_text(&w, "one");
	log_end(&w);
	assert_int_equal(renameat(dir, "log", dir, "log.1"), 0);
	expect_text(r, LOG_OUT, "one");
	expect_end(r);
	w = begun();
	assert_int_equal(w.file.number, 2);
	expect_end(r);
	append_text(&w, "two");
	expect_text(r, LOG_OUT, "two");
	expect_end(r);
	log_end(&w);
	log_close(r);
}

static void test_seek_and_copy(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened(), *copy = pool_alloc(&pool, sizeof(*copy));
	struct err e = {0};

	(void)state;
	append_text(&w, "one");
	append_text(&w, "two");
	expect_text(r, LOG_OUT, "one");
	assert_int_equal(log_copy(copy, r, &e), 0);
	assert_int_equal(log_seek_end(r, &e), 0);
	append_text(&w, "three");
	expect_text(r, LOG_OUT, "three");
	expect_end(r);
	expect_text(copy, LOG_OUT, "two");
	expect_text(copy, LOG_OUT, "three");
	log_end(&w);
	log_close(r);
	log_close(copy);
}

static bool is_woken(struct log_reader *r)
{
	struct err e = {0};
	struct pollfd fd = {.fd = log_watch(r, &e), .events = POLLIN};

	assert_true(fd.fd >= 0);
	return poll(&fd, 1, 0) > 0;
}

static void test_watch(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened();

	(void)state;
	assert_true(is_woken(r)); /* at first */
	expect_end(r);
	assert_false(is_woken(r));
	append_text(&w, "one");
	assert_true(is_woken(r));
	expect_text(r, LOG_OUT, "one");
	expect_end(r);
	assert_false(is_woken(r));
	/* Over a rotation. */
	append_chunks(&w, 0, FILE_CHUNKS);
	expect_chunks(r, 0, FILE_CHUNKS);
	expect_end(r);
	assert_false(is_woken(r));
	append_chunks(&w, 0, 1);
	assert_true(is_woken(r));
	expect_chunks(r, 0, 1);
	expect_end(r);
	assert_int_equal(r->file.number, 2);
	append_text(&w, "two");
	assert_true(is_woken(r));
	expect_text(r, LOG_OUT, "two");
	log_end(&w);
	log_close(r);
}

enum { RACE_CHUNKS = 5 * FILE_CHUNKS };

/* A reader beside a writer that does not wait for it: each record is whole, and only whole files are missed. */
static void test_race(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened();
	struct log_record record;
	struct err e = {0};
	uint32_t expected = 0, number;
	const pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		append_chunks(&w, 0, RACE_CHUNKS);
		_exit(w.lost != 0);
	}
	while (expected < RACE_CHUNKS) {
		struct pollfd fd = {.fd = log_watch(r, &e), .events = POLLIN};

		assert_int_equal(poll(&fd, 1, 10000), 1);
		while (next(r, &record)) {
			if (log_is_loss(&record)) {
				expected = 0;
				continue;
			}
			assert_int_equal(record.n, LOG_CHUNK);
			memcpy(&number, record.data, sizeof(number));
			assert_true(expected ? number == expected : number == 0 || r->missed);
			expected = number + 1;
		}
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	log_end(&w);
	log_close(r);
}

static void test_refused_files(void **state)
{
	struct log_writer w = begun();

	(void)state;
	append_text(&w, "one");
	log_end(&w);
	assert_int_equal(fchmodat(dir, "log", 0640, 0), 0);
	refused_to_both("log: open to others");
	assert_int_equal(fchmodat(dir, "log", 0600, 0), 0);
	assert_int_equal(renameat(dir, "log", dir, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", dir, "log"), 0);
	refused_to_both("log: it is a symbolic link");
	assert_int_equal(unlinkat(dir, "elsewhere", 0), 0);
	refused_to_both("log: it is a symbolic link");
	assert_int_equal(size_of("elsewhere"), -1);
	assert_int_equal(unlinkat(dir, "log", 0), 0);
	assert_int_equal(mkfifoat(dir, "log", 0600), 0);
	refused_to_both("log: not a regular file");
	assert_int_equal(unlinkat(dir, "log", 0), 0);
	assert_int_equal(mkdirat(dir, "log.1", 0700), 0);
	refused_to_both("log.1: not a regular file");
}

static void test_refused_texts(void **state)
{
	static const char nul[] = "sandbox-log 1 1\n@1 out 1\0 1\nx\n",
			  line[] = "sandbox-log 1 1\0\n";
	char text[LOG_HEAD + 1];

	(void)state;
	refused_text("sandbox-log 2 1 new\n", "another version");
	refused_text("sandbox-log\n", "damaged at byte 0");
	refused_text("sandbox-log 1\n", "damaged at byte 0");
	refused_text("sandbox-log 1 0\n", "damaged at byte 0");
	refused_text("sandbox-running 1 1\n", "damaged at byte 0");
	refused_text("sandbox-log 1 1\n@1 out 1\nx\n@1 all 1\nx\n", "damaged at byte 27");
	refused_text("sandbox-log 1 1\n1 out 1\nx\n", "damaged at byte 16");
	refused_text("sandbox-log 1 1\n@-1 out 1\nx\n", "damaged at byte 16");
	refused_text("sandbox-log 1 1\n@1 out 1 1\nx\n", "damaged at byte 16");
	refused_text("sandbox-log 1 1\n@1 out\nx\n", "damaged at byte 16");
	refused_text("sandbox-log 1 1\n@1 out 1\nxy\n", "damaged at byte 16");
	refused_text("sandbox-log 1 1\n@1 out 99999999999999999999\nx\n", "damaged at byte 16");
	/* It is refused before there is as much. */
	refused_text("sandbox-log 1 1\n@1 out 65537\n", "damaged at byte 16");
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refused_text(text, "damaged at byte 0");
	make_file("log", nul, sizeof(nul) - 1);
	refused_to_both("damaged at byte 16");
	make_file("log", line, sizeof(line) - 1);
	refused_to_both("damaged at byte 0");
	/* An older one that is cut short does not become longer. */
	unlinkat(dir, "log", 0);
	make_file("log.1", "sandbox-log 1 1\n@1 out 1\n", 25);
	refused("log.1: damaged at byte 16");
	make_file("log.1", "", 0);
	refused("log.1: damaged at byte 0");
}

/* As a writer that was killed leaves it, wherever it is cut. */
static void test_cut_short(void **state)
{
	static const char text[] = "sandbox-log 1 7\n@1 out 3\none\n@2 err 3\ntwo\n";
	struct log_writer w;
	struct log_reader *r;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		make_file("log", text, n);
		r = opened();
		if (n >= 29)
			expect_text(r, LOG_OUT, "one");
		if (n >= 42)
			expect_text(r, LOG_ERR, "two");
		expect_end(r);
		w = begun();
		append_text(&w, "three");
		log_end(&w);
		expect_text(r, LOG_OUT, "three");
		expect_end(r);
		log_close(r);
	}
}

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What cannot be written is told as soon as something can. */
static void test_lost(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r = opened();
	struct log_record record;
	off_t size;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	append_text(&w, "one");
	size = size_of("log");
	limit_files((rlim_t)size + 30);
	append_text(&w, "a text that does not fit");
	assert_int_equal(size_of("log"), size); /* the part that did fit is gone */
	limit_files((rlim_t)size);
	append_text(&w, "two");
	expect_text(r, LOG_OUT, "one");
	expect_end(r);
	limit_files(RLIM_INFINITY);
	append_text(&w, "three");
	assert_int_equal(next(r, &record), 1);
	assert_true(log_is_loss(&record));
	assert_string_equal(record.data, "lost 27 bytes: File too large");
	expect_text(r, LOG_OUT, "three");
	expect_end(r);
	/* At the end, too. */
	limit_files((rlim_t)size);
	append_text(&w, "four");
	limit_files(RLIM_INFINITY);
	log_end(&w);
	expect_text(r, LOG_EVENT, "lost 4 bytes: File too large");
	signal(SIGXFSZ, SIG_DFL);
	log_close(r);
}

/* Under a limit that it knows it raises no signal, which would end this test. */
static void test_file_limit(void **state)
{
	struct log_writer w;
	struct log_reader *r;

	(void)state;
	limit_files(200);
	w = begun();
	for (int i = 0; i < 100; i++)
		append_text(&w, "some text of a certain length");
	assert_true(size_of("log") <= 200 && size_of("log.1") <= 200);
	log_append(&w, LOG_ERR, chunk, 1000);
	append_text(&w, "end");
	limit_files(RLIM_INFINITY);
	log_end(&w);
	r = opened();
	for (struct log_record record = {.n = 29}; record.n == 29;)
		assert_int_equal(next(r, &record), 1);
	expect_text(r, LOG_OUT, "end");
	log_close(r);
}

/* The place cannot be written to, and then can. */
static void test_no_file(void **state)
{
	struct log_writer w = begun();
	struct log_reader *r;

	(void)state;
	append_chunks(&w, 0, FILE_CHUNKS + 1);
	assert_int_equal(unlinkat(dir, "log.1", 0), 0);
	assert_int_equal(mkdirat(dir, "log.1", 0700), 0);
	append_chunks(&w, 1, FILE_CHUNKS + 1); /* the last one would need a rotation */
	assert_true(size_of("log") <= LOG_MAX);
	assert_int_equal(w.lost, LOG_CHUNK);
	assert_int_equal(unlinkat(dir, "log.1", AT_REMOVEDIR), 0);
	log_event(&w, "ended %d", 0);
	log_end(&w);
	r = opened();
	expect_chunks(r, FILE_CHUNKS, FILE_CHUNKS + 1);
	expect_chunks(r, 1, FILE_CHUNKS);
	expect_text(r, LOG_EVENT, "lost 65536 bytes: Is a directory");
	expect_text(r, LOG_EVENT, "ended 0");
	expect_end(r);
	log_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_edge, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_follow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_older, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_seek_and_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_race, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
