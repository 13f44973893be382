/* SPDX-License-Identifier: MIT */
/*
 * Text: words with quotes, quantities as systemd writes them, names made safe to print.
 * Parsers return 0 and set *ret, or -1 with *ret untouched; they set no error: the caller knows
 * file and line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

typedef vec_of(const char *) str_vec;

static inline bool str_eq(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}
bool str_begins(const char *s, const char *prefix);
const char *str_after(const char *s, const char *prefix); /* rest behind the prefix, or NULL */

/*
 * Splits at white space; "..." and '...' group, a backslash takes the next character as it is.
 * Returns NULL, or the reason (an open quote, a backslash at the end).
 */
const char *str_words(struct pool *p, const char *s, str_vec *ret);

/* Length of the UTF-8 character at `text`, 0 if it is not one (overlong forms and surrogates are
 * not).
 */
size_t str_utf8(const char *text);
/* Columns that a terminal needs for it; wcwidth(3) knows it in some locales only. */
size_t str_columns(const char *text);
/* How many bytes of it need no more than so many columns. */
size_t str_cut(const char *text, size_t columns);

/* A character that makes a terminal do, or show, something else than text from left to right. */
bool str_is_trick(const char *s);
/* A file name or other foreign text on one line: control characters and bad UTF-8 as \n, \t, \xHH.
 */
const char *str_safe(struct pool *p, const char *s);
/* The same, in quotes if it has white space or is empty: can be pasted into a profile. */
const char *str_quoted(struct pool *p, const char *s);
/* Shell pattern with `*` only, as in PassEnvironment=LC_*. */
bool str_matches(const char *s, const char *pattern);

/* Values of these meanings, as systemd.syntax(7) and systemd.time(7) write them. */
#define STR_INFINITY INT64_MAX
int str_bool(const char *s, bool *ret); /* yes no true false on off 1 0 */
int str_number(const char *s, int64_t min, int64_t max, int64_t *ret);
int str_size(const char *s, int64_t *ret);    /* bytes; K M G T are powers of 1024; infinity */
int str_rate(const char *s, int64_t *ret);    /* bytes per second; K M G T are powers of 1000 */
int str_percent(const char *s, int64_t *ret); /* hundredths of a per cent; at most two decimals */
int str_time(const char *s, int64_t *ret);    /* microseconds: 5, 500ms, 1min 30s, infinity */
/* N or N-M at *s, behind which *s is: at the end, or behind a comma that something follows. */
int str_range(const char **s, unsigned *first, unsigned *last);
int str_octal(const char *s, int64_t max, int64_t *ret);
