/* SPDX-License-Identifier: MIT */
/*
 * Lines of the files in a store. A value that is a path or a word of somebody else stands last on its
 * line; in it a backslash is `\\` and a line feed `\n`, all other bytes stand for themselves.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/* Text that grows; zeroed, then with a pool. `v` ends with a NUL once something was put. */
struct text {
	struct pool *pool;
	char *v;
	size_t n, cap;
};
void text_put(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A value, escaped, and the end of the line. */
void text_put_value(struct text *t, const char *value);
/* KEY VALUE */
void text_put_line(struct text *t, const char *key, const char *value);

/* In place; -1: a backslash with something else behind it. */
int text_unescape(char *value);
/* The next of numbers with one space between each; *rest is NULL behind the last. Device and inode
 * numbers may have all 64 bits. */
int text_number(char **rest, int64_t max, int64_t *ret);
int text_id(char **rest, uint64_t *ret);
