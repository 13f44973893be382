/* SPDX-License-Identifier: MIT */
/* Lines of the files in a store: see text.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/text.h"

static void put(struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		size_t cap = 2 * (t->n + n + 256);
		char *more = pool_alloc(t->pool, cap);

		if (t->n)
			memcpy(more, t->v, t->n);
		t->v = more;
		t->cap = cap;
	}
	memcpy(t->v + t->n, s, n);
	t->n += n;
	t->v[t->n] = '\0';
}

void text_put(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	/* For numbers and words of ours, which are short. */
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(t, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void text_put_value(struct text *t, const char *value)
{
	while (*value) {
		size_t n = strcspn(value, "\\\n");

		put(t, value, n);
		value += n;
		if (*value)
			text_put(t, *value++ == '\n' ? "\\n" : "\\\\");
	}
	put(t, "\n", 1);
}

void text_put_line(struct text *t, const char *key, const char *value)
{
	text_put(t, key);
	text_put(t, " ");
	text_put_value(t, value);
}

int text_unescape(char *value)
{
	char *out = value;

	for (; *value; value++) {
		if (*value == '\\') {
			value++;
			if (*value != '\\' && *value != 'n')
				return -1;
			*out++ = *value == 'n' ? '\n' : '\\';
		} else {
			*out++ = *value;
		}
	}
	*out = '\0';
	return 0;
}

int text_number(char **rest, int64_t max, int64_t *ret)
{
	char *word = strsep(rest, " ");

	return word ? str_number(word, 0, max, ret) : -1;
}

int text_id(char **rest, uint64_t *ret)
{
	char *word = strsep(rest, " "), *end;

	if (!word || *word < '0' || *word > '9')
		return -1;
	errno = 0;
	*ret = strtoull(word, &end, 10);
	return errno || *end ? -1 : 0;
}
