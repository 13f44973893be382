/* SPDX-License-Identifier: MIT */
/* Quantities, words, and names made safe to print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void test_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns, fits; /* bytes in three columns */
	} cases[] = {
		{"", 0, 0},
		{"plain", 5, 3},
		{"\xc5\xbc\xc3\xb3\xc5\x82w", 4, 6}, /* Latin letters */
		{"e\xcc\x81"
		 "e\xcc\x81"
		 "ef",
		 4, 7},					     /* with marks */
		{"\xe6\x97\xa5\xe6\x9c\xac", 4, 3},	     /* Kanji */
		{"\xf0\x9f\x98\x80.\xf0\x9f\x98\x80", 5, 5}, /* pictures */
		{"a\xff\xff\xff", 4, 3},		     /* none */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(str_columns(cases[i].text), cases[i].columns);
		assert_int_equal(str_cut(cases[i].text, 3), cases[i].fits);
	}
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
		cmocka_unit_test_teardown(test_columns, empty_pool),
		cmocka_unit_test_teardown(test_safe, empty_pool),
		cmocka_unit_test_teardown(test_quoted, empty_pool),
		cmocka_unit_test_teardown(test_matches, empty_pool),
		cmocka_unit_test_teardown(test_prefixes, empty_pool),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
