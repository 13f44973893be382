/* SPDX-License-Identifier: MIT */
/* Text, paths, memory, JSON, errors and the runner of steps. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jsonw.h"
#include "base/path.h"
#include "base/step.h"
#include "base/str.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define BAD	 INT64_MIN

static struct pool pool;

static int empty_pool(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

/* --- quantities --- */

struct quantity {
	const char *text;
	int64_t value; /* BAD: refused */
};

static void check_quantities(int (*parse)(const char *, int64_t *), const struct quantity *list,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t value = -42;
		int rc = parse(list[i].text, &value);

		if (list[i].value == BAD ? rc != -1 || value != -42
					 : rc != 0 || value != list[i].value)
			fail_msg("\"%s\": %d, %lld", list[i].text, rc, (long long)value);
	}
}

static void test_size(void **state)
{
	static const struct quantity list[] = {
		{"0", 0},
		{"1", 1},
		{"1B", 1},
		{"1K", 1024},
		{"1KB", 1024},
		{"1.5K", 1536},
		{"64M", 64 << 20},
		{"2G", INT64_C(2) << 30},
		{"1T", INT64_C(1) << 40},
		{"7E", INT64_C(7) << 60},
		{"0.5G", 512 << 20},
		{"9223372036854775807", INT64_MAX},
		{"infinity", STR_INFINITY},
		{"9223372036854775808", BAD},
		{"8E", BAD},
		{"99999999999999999999", BAD},
		{"", BAD},
		{"K", BAD},
		{"-1", BAD},
		{"+1", BAD},
		{" 1", BAD},
		{"1 ", BAD},
		{"1k", BAD},
		{"1KK", BAD},
		{"1KiB", BAD},
		{"0x10", BAD},
		{"1.", BAD},
		{".5", BAD},
		{"1.5.5", BAD},
		{"1e3", BAD},
		{"inf", BAD},
		{"nan", BAD},
		{"1,5", BAD},
		{"10%", BAD},
	};

	(void)state;
	check_quantities(str_size, list, COUNT(list));
}

static void test_rate(void **state)
{
	static const struct quantity list[] = {
		{"1K", 1000},	      {"10M", 10000000},
		{"1.5G", 1500000000}, {"infinity", STR_INFINITY},
		{"1M/s", BAD},	      {"", BAD},
		{"10E", BAD},	      {"9E", INT64_C(9000000000000000000)}};

	(void)state;
	check_quantities(str_rate, list, COUNT(list));
}

static void test_percent(void **state)
{
	static const struct quantity list[] = {{"0%", 0},
					       {"1%", 100},
					       {"75%", 7500},
					       {"99.99%", 9999},
					       {"0.01%", 1},
					       {"150%", 15000},
					       {"%", BAD},
					       {"50", BAD},
					       {"50 %", BAD},
					       {"-1%", BAD},
					       {"1%%", BAD},
					       {"", BAD},
					       {"999999999999999999%", BAD}};

	(void)state;
	check_quantities(str_percent, list, COUNT(list));
}

static void test_time(void **state)
{
	static const struct quantity list[] = {
		{"5", 5000000},
		{"5s", 5000000},
		{"500ms", 500000},
		{"10us", 10},
		{"1min 30s", 90000000},
		{"1min30s", 90000000},
		{"1h", 3600000000},
		{"2hr", 7200000000},
		{"1d", 86400000000},
		{"2days", 172800000000},
		{"1w", 604800000000},
		{"1.5s", 1500000},
		{"infinity", STR_INFINITY},
		{"0", 0},
		{"", BAD},
		{"s", BAD},
		{"5x", BAD},
		{"5 s", BAD},
		{"-5", BAD},
		{"1h-", BAD},
		{"999999999999w", BAD},
		{"5S", BAD},
		{"9223372036854775807", BAD},
	};

	(void)state;
	check_quantities(str_time, list, COUNT(list));
}

static int parse_small(const char *s, int64_t *ret)
{
	return str_number(s, 1, 10000, ret);
}

static int parse_mode(const char *s, int64_t *ret)
{
	return str_octal(s, 0777, ret);
}

static void test_number_and_octal(void **state)
{
	static const struct quantity numbers[] = {
		{"1", 1},    {"10000", 10000}, {"0", BAD}, {"10001", BAD}, {"", BAD},	{"1x", BAD},
		{"-1", BAD}, {"1.5", BAD},     {"01", 1},  {" 1", BAD},	   {"1\n", BAD}};
	static const struct quantity modes[] = {{"0", 0},	{"022", 022},  {"777", 0777},
						{"0777", 0777}, {"1000", BAD}, {"8", BAD},
						{"", BAD},	{"-1", BAD},   {"00000000022", BAD},
						{"0x1", BAD},	{"22 ", BAD}};

	(void)state;
	check_quantities(parse_small, numbers, COUNT(numbers));
	check_quantities(parse_mode, modes, COUNT(modes));
}

static void test_bool(void **state)
{
	static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
										    "off", "0"};
	static const char *const bad[] = {"", "y", "YES", "2", "yes ", "enable"};
	bool value;

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		assert_int_equal(str_bool(yes[i], &value), 0);
		assert_true(value);
		assert_int_equal(str_bool(no[i], &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(str_bool(bad[i], &value), -1);
}

/* --- text --- */

static void test_words(void **state)
{
	static const struct {
		const char *text, *words[5]; /* no words: refused */
	} cases[] = {
		{"a", {"a"}},
		{"  a\tb \n c  ", {"a", "b", "c"}},
		{"\"a b\" 'c d'", {"a b", "c d"}},
		{"a\\ b", {"a b"}},
		{"x\"y z\"w", {"xy zw"}},
		{"\"a'b\" 'c\"d'", {"a'b", "c\"d"}},
		{"\\\"a", {"\"a"}},
		{"'' \"\"", {"", ""}},
		{"\"a", {NULL}},
		{"'a", {NULL}},
		{"a\\", {NULL}},
		{"a \"b", {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		str_vec words = {0};
		const char *reason = str_words(&pool, cases[i].text, &words);
		size_t n = 0;

		while (cases[i].words[n])
			n++;
		assert_int_equal(reason == NULL, n > 0);
		for (size_t k = 0; n && k < n; k++)
			assert_string_equal(words.v[k], cases[i].words[k]);
		if (n)
			assert_int_equal(words.n, n);
	}
}

static void test_no_words(void **state)
{
	str_vec words = {0};

	(void)state;
	assert_null(str_words(&pool, "", &words));
	assert_null(str_words(&pool, " \t\r\n", &words));
	assert_int_equal(words.n, 0);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a", 1},
		{"\xc3\xa9", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\x80", 0},
		{"\xc0\xaf", 0},
		{"\xc1\xbf", 0},
		{"\xc3", 0},
		{"\xc3(", 0},
		{"\xe0\x80\xaf", 0},
		{"\xed\xa0\x80", 0},
		{"\xf0\x80\x80\x80", 0},
		{"\xf4\x90\x80\x80", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\xff", 0},
		{"\xe2\x82", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(str_utf8(cases[i].text), cases[i].length);
}

static void test_safe(void **state)
{
	static const char *const cases[][2] = {
		{"plain", "plain"},
		{"a b", "a b"},
		{"a\nb\tc", "a\\nb\\tc"},
		{"\x1b[31m", "\\x1b[31m"},
		{"\x7f", "\\x7f"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc3\xa9", "\xc3\xa9"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"},
		{"\r", "\\x0d"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(str_safe(&pool, cases[i][0]), cases[i][1]);
}

static void test_quoted(void **state)
{
	(void)state;
	assert_string_equal(str_quoted(&pool, "plain"), "plain");
	assert_string_equal(str_quoted(&pool, "a b"), "\"a b\"");
	assert_string_equal(str_quoted(&pool, ""), "\"\"");
	assert_string_equal(str_quoted(&pool, "a\"b"), "'a\"b'");
	assert_string_equal(str_quoted(&pool, "it's"), "\"it's\"");
}

static void test_matches(void **state)
{
	static const struct {
		const char *text, *pattern;
		bool matches;
	} cases[] = {
		{"LC_ALL", "LC_*", true}, {"LC_", "LC_*", true},    {"LCALL", "LC_*", false},
		{"", "*", true},	  {"", "", true},	    {"a", "", false},
		{"", "a", false},	  {"abc", "a*c", true},	    {"abcbc", "a*bc", true},
		{"abcd", "a*c", false},	  {"a", "a**", true},	    {"XLC_", "LC_*", false},
		{"aXbXc", "a*b*c", true}, {"aaaaab", "*a*b", true}, {"PATH", "path", false},
		{"a?c", "a?c", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (str_matches(cases[i].text, cases[i].pattern) != cases[i].matches)
			fail_msg("%s %s", cases[i].text, cases[i].pattern);
	}
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_true(str_begins("--rw", "--"));
	assert_false(str_begins("-", "--"));
	assert_string_equal(str_after("PATH=/bin", "PATH="), "/bin");
	assert_null(str_after("PATH", "PATH="));
}

/* --- paths --- */

static void test_path_join(void **state)
{
	static const char *const cases[][3] = {
		{"/", "a", "/a"},
		{"/a", "b/c", "/a/b/c"},
		{"/a/", "/b", "/b"},
		{"/a", ".", "/a"},
		{"/a", "./b/.", "/a/b"},
		{"/", "", "/"},
		{"/a", "", "/a"},
		{"/", "//", "/"},
		{"/a", "b//c/", "/a/b/c"},
		{"/a", "..", "/a/.."},
		{"/a/b", "../c", "/a/b/../c"},
		{"/a", "...", "/a/..."},
		{"/a", ".b", "/a/.b"},
		{"//a//", "b", "/a/b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(path_join(&pool, cases[i][0], cases[i][1]), cases[i][2]);
}

static void test_path_within(void **state)
{
	static const struct {
		const char *path, *dir;
		bool within;
	} cases[] = {
		{"/a/b", "/a", true},  {"/a", "/a", true},    {"/ab", "/a", false},
		{"/", "/", true},      {"/a", "/", true},     {"/a", "/a/b", false},
		{"/b/a", "/a", false}, {"/a-b", "/a", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(path_within(cases[i].path, cases[i].dir), cases[i].within);
}

static void test_path_dotdot_and_name(void **state)
{
	static const char *const with[] = {"..", "/..", "../a", "/a/..", "/a/../b"};
	static const char *const without[] = {"",
					      "/",
					      "...",
					      "/a..",
					      "/..a",
					      "/a..b/c",
					      "a/...",
					      "/.../.."
					      "."};

	(void)state;
	for (size_t i = 0; i < COUNT(with); i++)
		assert_true(path_has_dotdot(with[i]));
	for (size_t i = 0; i < COUNT(without); i++)
		assert_false(path_has_dotdot(without[i]));
	assert_string_equal(path_name("/a/b"), "b");
	assert_string_equal(path_name("b"), "b");
	assert_string_equal(path_name("/"), "");
}

static int compare(const void *a, const void *b)
{
	return path_compare(*(const char *const *)a, *(const char *const *)b);
}

static void test_path_order(void **state)
{
	static const char *const sorted[] = {"/",    "/a",   "/a/b",   "/a/b/c", "/a/c",
					     "/a b", "/a-b", "/a-b/c", "/a.b",	 "/ab"};
	const char *list[COUNT(sorted)];

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++)
		list[i] = sorted[(i * 7 + 3) % COUNT(sorted)];
	qsort(list, COUNT(list), sizeof(list[0]), compare);
	for (size_t i = 0; i < COUNT(sorted); i++)
		assert_string_equal(list[i], sorted[i]);
	assert_int_equal(path_compare("/a", "/a"), 0);
}

/* --- memory --- */

static void test_pool(void **state)
{
	vec_of(int) v = {0};
	struct pool empty = {0};
	char *big;

	(void)state;
	pool_done(NULL);
	pool_done(&empty);
	for (int i = 0; i < 10000; i++)
		*vec_add(&pool, &v) = i;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(v.v[i], i);
	big = pool_alloc(&pool, 1 << 20);
	for (size_t i = 0; i < 1 << 20; i += 4096)
		assert_int_equal(big[i], 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal((uintptr_t)pool_alloc(&pool, (size_t)i) % _Alignof(max_align_t),
				 0);
	assert_string_equal(pool_strndup(&pool, "abcdef", 3), "abc");
	assert_string_equal(pool_strndup(&pool, "ab", 10), "ab");
	assert_string_equal(pool_printf(&pool, "%s-%d", "x", 7), "x-7");
}

/* --- JSON --- */

static char *json_text(void (*write)(struct jsonw *))
{
	char *text = NULL;
	size_t n = 0;
	struct jsonw j = {.out = open_memstream(&text, &n)};

	write(&j);
	fclose(j.out);
	return text;
}

static void write_document(struct jsonw *j)
{
	jsonw_open(j, NULL, '{');
	jsonw_string(j, "a\"b", "x\\y\n\x01");
	jsonw_string(j, "none", NULL);
	jsonw_number(j, "n", -5);
	jsonw_open(j, "list", '[');
	jsonw_string(j, NULL, "\xff\xc3\xa9");
	jsonw_bool(j, NULL, true);
	jsonw_close(j, ']');
	jsonw_open(j, "empty", '{');
	jsonw_close(j, '}');
	jsonw_bool(j, "last", false);
	jsonw_close(j, '}');
}

static void test_json(void **state)
{
	char *text = json_text(write_document);

	(void)state;
	assert_string_equal(text, "{\n"
				  "  \"a\\\"b\": \"x\\\\y\\u000a\\u0001\",\n"
				  "  \"none\": null,\n"
				  "  \"n\": -5,\n"
				  "  \"list\": [\n"
				  "    \"\\udcff\xc3\xa9\",\n"
				  "    true\n"
				  "  ],\n"
				  "  \"empty\": {},\n"
				  "  \"last\": false\n"
				  "}\n");
	free(text);
}

/* --- errors --- */

static void test_err(void **state)
{
	struct err e = {0};
	char longer[4096];

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&e, "%s", "/x"), -1);
	assert_string_equal(e.text, "/x: No such file or directory");
	assert_int_equal(e.error, ENOENT);
	assert_int_equal(e.code, 125);
	assert_int_equal(err_hint(&e, "do %d", 1), -1);
	assert_string_equal(e.hint, "do 1");
	/* A new error has no cure of an old one. */
	assert_int_equal(err_set(&e, "other"), -1);
	assert_string_equal(e.hint, "");
	assert_int_equal(e.error, 0);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	errno = EPERM;
	err_errno(&e, "%s", longer);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_hint(&e, "%s", longer);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
}

/* --- steps --- */

static char trace[64];

static int apply_a(void *context, struct err *e)
{
	(void)e;
	strcat(trace, "a");
	return *(char *)context == 'a' ? err_set(e, "a fails") : 0;
}

static int apply_b(void *context, struct err *e)
{
	strcat(trace, "b");
	return *(char *)context == 'b' ? err_set(e, "b fails") : 0;
}

static int apply_c(void *context, struct err *e)
{
	strcat(trace, "c");
	return *(char *)context == 'c' ? err_set(e, "c fails") : 0;
}

static void undo_a(void *context)
{
	(void)context;
	strcat(trace, "A");
}

static void undo_b(void *context)
{
	(void)context;
	strcat(trace, "B");
}

static void undo_c(void *context)
{
	(void)context;
	strcat(trace, "C");
}

static bool not_wanted(const struct plan *plan)
{
	(void)plan;
	return false;
}

static void test_steps(void **state)
{
	static const struct step rows[] = {
		{"first", NULL, apply_a, undo_a},  {"skipped", not_wanted, apply_c, undo_c},
		{"second", NULL, apply_b, undo_b}, {"plain", NULL, apply_c, NULL},
		{"third", NULL, apply_c, undo_c},
	};
	static const struct {
		char fails;
		const char *trace, *step;
		size_t at;
	} cases[] = {
		{'-', "abcc", NULL, 5},
		{'a', "a", "first", 0},
		{'b', "abA", "second", 2},
		{'c', "abcBA", "plain", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char fails = cases[i].fails;
		volatile size_t at = 99;
		struct err e = {0};
		int rc;

		trace[0] = '\0';
		rc = steps_run(rows, COUNT(rows), NULL, &fails, &at, &e);
		assert_int_equal(rc, cases[i].step ? -1 : 0);
		assert_string_equal(trace, cases[i].trace);
		assert_int_equal(at, cases[i].at);
		if (cases[i].step)
			assert_string_equal(e.step, cases[i].step);
	}
	trace[0] = '\0';
	steps_undo(rows, COUNT(rows), NULL, NULL);
	assert_string_equal(trace, "CBA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_size, empty_pool),
		cmocka_unit_test_teardown(test_rate, empty_pool),
		cmocka_unit_test_teardown(test_percent, empty_pool),
		cmocka_unit_test_teardown(test_time, empty_pool),
		cmocka_unit_test_teardown(test_number_and_octal, empty_pool),
		cmocka_unit_test_teardown(test_bool, empty_pool),
		cmocka_unit_test_teardown(test_words, empty_pool),
		cmocka_unit_test_teardown(test_no_words, empty_pool),
		cmocka_unit_test_teardown(test_utf8, empty_pool),
		cmocka_unit_test_teardown(test_safe, empty_pool),
		cmocka_unit_test_teardown(test_quoted, empty_pool),
		cmocka_unit_test_teardown(test_matches, empty_pool),
		cmocka_unit_test_teardown(test_prefixes, empty_pool),
		cmocka_unit_test_teardown(test_path_join, empty_pool),
		cmocka_unit_test_teardown(test_path_within, empty_pool),
		cmocka_unit_test_teardown(test_path_dotdot_and_name, empty_pool),
		cmocka_unit_test_teardown(test_path_order, empty_pool),
		cmocka_unit_test_teardown(test_pool, empty_pool),
		cmocka_unit_test_teardown(test_json, empty_pool),
		cmocka_unit_test_teardown(test_err, empty_pool),
		cmocka_unit_test_teardown(test_steps, empty_pool),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
