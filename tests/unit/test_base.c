/* SPDX-License-Identifier: MIT */
/* Paths, memory, JSON, errors and the runner of steps. */
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

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define BAD	 INT64_MIN

static struct pool pool;

static int empty_pool(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
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
