/* SPDX-License-Identifier: MIT */
/* Sizes, rates, times, percentages, numbers, words, and names made safe to print. */
#include "base/str.h"
#include "fuzz.h"

static int parse_number(const char *s, int64_t *ret)
{
	return str_number(s, 0, INT64_MAX, ret);
}

static int parse_octal(const char *s, int64_t *ret)
{
	return str_octal(s, 07777, ret);
}

static void check_numbers(const char *text)
{
	int (*const parsers[])(const char *, int64_t *) = {str_size, str_rate,	   str_percent,
							   str_time, parse_number, parse_octal};
	bool yes = true;

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		int64_t value = -42;
		int rc = parsers[i](text, &value);

		MUST(rc == 0 || rc == -1);
		MUST(rc ? value == -42 : value >= 0);
	}
	if (str_bool(text, &yes))
		MUST(yes);
}

/* What is safe to print has no control character, is UTF-8, and is the same when it is made safe
 * again. */
static void check_safe(struct pool *pool, const char *text)
{
	const char *safe = str_safe(pool, text);

	MUST(strcmp(safe, str_safe(pool, safe)) == 0);
	for (const char *c = safe; *c;) {
		size_t n = str_utf8(c);

		MUST(n > 0 && (unsigned char)*c >= 0x20 && *c != 0x7f);
		c += n;
	}
	MUST(strlen(str_quoted(pool, text)) >= strlen(safe));
}

static void check_words(struct pool *pool, const char *text)
{
	str_vec words = {0};
	const char *reason = str_words(pool, text, &words);
	size_t total = 0;

	for (size_t i = 0; i < words.n; i++)
		total += strlen(words.v[i]);
	MUST(total <= strlen(text));
	MUST(!reason || *reason);
}

static void check_pattern(char *text)
{
	char *pattern = strchr(text, '\n');

	MUST(str_matches(text, "*"));
	if (!pattern)
		return;
	*pattern++ = '\0';
	(void)str_matches(text, pattern);
	if (!strchr(pattern, '*'))
		MUST(str_matches(text, pattern) == str_eq(text, pattern));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text = fuzz_string(data, size);

	check_numbers(text);
	check_safe(&pool, text);
	check_words(&pool, text);
	check_pattern(text);
	pool_done(&pool);
	free(text);
	return 0;
}
