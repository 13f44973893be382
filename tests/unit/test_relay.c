/* SPDX-License-Identifier: MIT */
/* run/terminal.c: the relay between descriptors and a pty, and the keys that detach. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pty.h"
#include "run/terminal.h"

enum { BYTES = 32 * 1024, OUTPUT = 1024 * 1024 };

static struct relay relay;

static void make_raw(int fd)
{
	struct termios raw = usual;

	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(fd, TCSANOW, &raw), 0);
}

static void begin_relay(void)
{
	struct err e = {0};

	assert_int_equal(relay_init(&relay, input[0], output[1], master, &e), 0);
}

/* One round; -2: nothing happened for a while. */
static int step(int timeout, struct err *e)
{
	struct pollfd fds[RELAY_FDS];

	assert_int_equal(relay_fds(&relay, fds), -1);
	return poll(fds, RELAY_FDS, timeout) ? relay_work(&relay, fds, e) : -2;
}

static void start_program(void (*run)(void))
{
	child = fork();
	if (child == 0) {
		alarm(PATIENCE);
		close(master);
		close(input[0]);
		close(input[1]);
		close(output[0]);
		close(output[1]);
		run();
		_exit(0);
	}
	close_end(&slave);
}

static void add_one(void)
{
	static unsigned char data[BYTES];
	ssize_t n;

	for (size_t done = 0; done < BYTES; done += (size_t)n) {
		n = read(slave, data, sizeof(data));
		if (n <= 0)
			_exit(1);
		for (ssize_t i = 0; i < n; i++)
			data[i]++;
		if (write(slave, data, (size_t)n) != n)
			_exit(1);
	}
}

static void test_both_ways(void **state)
{
	static unsigned char data[BYTES], got[BYTES + 1];
	struct err e = {0};
	int rc;

	(void)state;
	make_raw(slave);
	for (size_t i = 0; i < BYTES; i++)
		data[i] = (unsigned char)(i ^ i >> 8);
	assert_int_equal(write(input[1], data, BYTES), BYTES);
	start_program(add_one);
	begin_relay();
	while ((rc = step(-1, &e)) == 1)
		;
	assert_int_equal(rc, 0);
	for (size_t i = 0; i < BYTES; i++)
		data[i]++;
	assert_int_equal(read(output[0], got, sizeof(got)), BYTES);
	assert_memory_equal(got, data, BYTES);
}

static void write_much(void)
{
	static unsigned char data[OUTPUT];

	for (size_t i = 0; i < OUTPUT; i++)
		data[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
	if (write(slave, data, OUTPUT) != OUTPUT)
		_exit(1);
}

static void check_much(const unsigned char *data, size_t n, size_t *at)
{
	for (size_t i = 0; i < n; i++, ++*at) {
		if (data[i] != (unsigned char)(*at ^ *at >> 8 ^ *at >> 16))
			fail_msg("byte %zu is wrong", *at);
	}
}

static bool is_full(void)
{
	struct pollfd fd = {.fd = output[1], .events = POLLOUT};

	return relay.to_caller.begin != relay.to_caller.end && poll(&fd, 1, 0) == 0;
}

/* Nothing is read until nothing moves any more: then the program waits, and so do we, without spinning. */
static void test_slow_out(void **state)
{
	unsigned char data[10000];
	struct err e = {0};
	size_t at = 0;
	int rc;

	(void)state;
	make_raw(slave);
	assert_true(fcntl(output[1], F_SETPIPE_SZ, 4096) >= 4096);
	start_program(write_much);
	begin_relay();
	while (!is_full())
		assert_int_equal(step(-1, &e), 1);
	assert_int_equal(step(200, &e), -2);
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	while (at < OUTPUT) {
		ssize_t n = read(output[0], data, sizeof(data));

		assert_true(n > 0);
		check_much(data, (size_t)n, &at);
		do
			rc = step(at < OUTPUT ? -1 : 0, &e);
		while (rc == 1 && relay.to_caller.begin == relay.to_caller.end && at < OUTPUT);
		assert_int_not_equal(rc, -1);
		if (rc == 0) /* all that is left is in the pipe */
			close_end(&output[1]);
	}
	assert_int_equal(at, OUTPUT);
}

static void test_nobody_reads(void **state)
{
	struct err e = {0};

	(void)state;
	begin_relay();
	close_end(&output[0]);
	assert_int_equal(write(slave, "x", 1), 1);
	assert_int_equal(step(-1, &e), -1);
	assert_int_equal(e.error, EPIPE);
}

/* What a program that reads lines gets of it, up to the end; and nothing behind that. */
static void ends_after(const char *text, const char *read_as)
{
	struct err e = {0};
	char got[16] = "";

	assert_int_equal(write(input[1], text, strlen(text)), strlen(text));
	close_end(&input[1]);
	begin_relay();
	while (relay.input != RELAY_INPUT_ENDED)
		assert_int_equal(step(-1, &e), 1);
	if (*read_as)
		assert_int_equal(read(slave, got, sizeof(got)), strlen(read_as));
	assert_string_equal(got, read_as);
	assert_int_equal(read(slave, got, sizeof(got)), 0);
	assert_int_equal(fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	assert_int_equal(read(slave, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(step(0, &e), -2);
	tear_down(NULL);
	set_up(NULL);
}

static void test_end_of_input(void **state)
{
	(void)state;
	ends_after("x\n", "x\n");
	ends_after("x", "x");
	ends_after("", "");
	ends_after("x\r", "x\n");
	ends_after("x\4", "x");
	usual.c_cc[VEOF] = 'E';
	assert_int_equal(tcsetattr(slave, TCSANOW, &usual), 0);
	ends_after("x", "x");
}

static void test_end_of_raw_input(void **state)
{
	char got[4];
	struct err e = {0};

	(void)state;
	make_raw(slave);
	assert_int_equal(write(input[1], "x", 1), 1);
	close_end(&input[1]);
	begin_relay();
	while (relay.input != RELAY_INPUT_ENDED)
		assert_int_equal(step(-1, &e), 1);
	for (size_t n = 0; n < 2; n++)
		assert_int_equal(read(slave, got + n, 1), 1);
	assert_memory_equal(got, "x\4", 2);
}

/* More than a pty takes at once: it is neither lost, nor does the relay wait for the program. */
static void test_long_input(void **state)
{
	static char data[BYTES], got[BYTES];
	struct err e = {0};
	size_t at = 0;

	(void)state;
	make_raw(slave);
	memset(data, 'x', sizeof(data));
	assert_int_equal(write(input[1], data, BYTES), BYTES);
	begin_relay();
	while (step(200, &e) == 1)
		;
	assert_true(relay.to_program.begin < relay.to_program.end);
	while (at < BYTES) {
		ssize_t n = read(slave, got + at, BYTES - at);

		assert_true(n > 0);
		at += (size_t)n;
		/* The pty says that it has room before it has; it says it again when more is read. */
		if (relay.to_program.begin < relay.to_program.end)
			step(10, &e);
	}
	assert_memory_equal(got, data, BYTES);
}

static void write_without_end(void)
{
	static const char data[4096];

	while (write(slave, data, sizeof(data)) > 0)
		;
}

static void test_drain(void **state)
{
	static unsigned char got[3000];
	struct err e = {0};

	(void)state;
	make_raw(slave);
	begin_relay();
	for (int closed = 0; closed < 2; closed++) {
		memset(got, 'x', sizeof(got));
		assert_int_equal(write(slave, got, sizeof(got)), sizeof(got));
		if (closed)
			close_end(&slave);
		assert_int_equal(relay_drain(&relay, &e), 0);
		assert_int_equal(read(output[0], got, sizeof(got)), sizeof(got));
		assert_int_equal(relay.ended, closed);
	}
	tear_down(NULL);
	set_up(NULL);
	close_end(&output[1]);
	output[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	begin_relay();
	start_program(write_without_end);
	assert_int_equal(relay_drain(&relay, &e), 0);
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
}

static struct keys parsed(const char *text)
{
	struct keys k = {0};
	struct err e = {0};

	if (keys_parse(&k, text, &e))
		fail_msg("%s", e.text);
	return k;
}

static void test_keys_text(void **state)
{
	static const char *const wrong[] = {",",     "a,",     ",a",
					    "ctrl-", "ctrl-1", "ctrl-pp",
					    "alt-p", "ctrl-`", "ctrl-p ,q",
					    "aa",    "ctrl-{", "1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h"};
	struct keys k = parsed("");
	struct err e = {0};

	(void)state;
	assert_int_equal(k.n, 0);
	k = parsed("ctrl-p,ctrl-q");
	assert_int_equal(k.n, 2);
	assert_memory_equal(k.sequence, "\020\021", 2);
	k = parsed("a,ctrl-@,Ctrl-A,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,Z");
	assert_int_equal(k.n, 9);
	assert_memory_equal(k.sequence, "a\0\1\33\34\35\36\37Z", 9);
	k = parsed("1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g");
	assert_int_equal(k.n, KEYS_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (keys_parse(&k, wrong[i], &e) != -1 || !strstr(e.text, wrong[i]))
			fail_msg("%s: %s", wrong[i], e.text);
	}
	assert_int_equal(k.n, KEYS_MAX); /* untouched */
}

/* In all ways to cut the text in two: a read is not a key. */
static void filtered(const char *keys, const char *typed, const char *passed, bool complete)
{
	size_t length = strlen(typed);

	for (size_t cut = 0; cut <= length; cut++) {
		struct keys k = parsed(keys);
		char out[64] = "";
		size_t n, more = 0;
		bool end = keys_filter(&k, typed, cut, out, &n);

		assert_true(n <= cut);
		if (!end)
			end = keys_filter(&k, typed + cut, length - cut, out + n, &more);
		out[n + more] = '\0';
		if (end != complete || strcmp(out, passed) != 0)
			fail_msg("%s: \"%s\", cut at %zu: \"%s\", %d", keys, typed, cut, out, end);
	}
}

static void test_keys(void **state)
{
	(void)state;
	filtered("", "abc", "abc", false);
	filtered("p,q", "abc", "abc", false);
	filtered("p,q", "abpq", "ab", true);
	filtered("p,q", "pqrs", "", true);
	filtered("p,q", "ap", "a", false);
	filtered("p,q", "apxpq", "apx", true);
	filtered("p,q", "ppq", "p", true);
	filtered("p,q", "pppp", "ppp", false);
	filtered("p", "aap", "aa", true);
	filtered("a,a,b", "aaab", "a", true);
	filtered("a,a,b", "aaaxaa", "aaax", false);
	filtered("a,b,a,c", "ababac", "ab", true);
	filtered("a,b,a,c", "abababd", "abababd", false);
	filtered("ctrl-p,ctrl-q", "x\020\021y", "x", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_a_pty(test_both_ways),
		on_a_pty(test_slow_out),
		on_a_pty(test_nobody_reads),
		on_a_pty(test_end_of_input),
		on_a_pty(test_end_of_raw_input),
		on_a_pty(test_long_input),
		on_a_pty(test_drain),
		cmocka_unit_test(test_keys_text),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
