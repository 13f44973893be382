/* SPDX-License-Identifier: MIT */
/* base/nearest: the word that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *word_at(size_t i, const void *ctx)
{
	return ((const char *const *)ctx)[i];
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"ReadOnlyPaths", "ReadWritePaths", "Mode",
					    "openat",	     "open",	       NULL};
	static const struct {
		const char *word, *near;
	} cases[] = {
		{"ReadOnlyPath", "ReadOnlyPaths"},
		{"ReadOnyPaths", "ReadOnlyPaths"},
		{"RaedWritePaths", "ReadWritePaths"},
		{"Moed", "Mode"},
		{"mode", "Mode"},
		{"opent", "openat"},
		{"oepn", "open"},
		{"open", "open"},
		{"x", NULL},
		{"", NULL},
		{"zzzz", NULL},
		{"Nothing like it", NULL},
	};
	char long_word[200];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *near = nearest(cases[i].word, word_at, words);

		if (near && cases[i].near)
			assert_string_equal(near, cases[i].near);
		else if (near || cases[i].near)
			fail_msg("%s: %s", cases[i].word, near ? near : "nothing");
	}
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(nearest(long_word, word_at, words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
