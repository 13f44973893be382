/* SPDX-License-Identifier: MIT */
/* Text: see str.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool str_begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

const char *str_after(const char *s, const char *prefix)
{
	return str_begins(s, prefix) ? s + strlen(prefix) : NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* One word at *s into `out`, which has room for it; NULL or the reason. */
static const char *one_word(const char **s, char *out)
{
	char quote = '\0';
	const char *c = *s;

	for (; *c && (quote || !is_space(*c)); c++) {
		if (*c == '\\') {
			if (!*++c)
				return "backslash at the end";
			*out++ = *c;
		} else if (quote ? *c == quote : (*c == '"' || *c == '\'')) {
			quote = (char)(quote ? '\0' : *c);
		} else {
			*out++ = *c;
		}
	}
	*out = '\0';
	*s = c;
	return quote ? "a quote is not closed" : NULL;
}

const char *str_words(struct pool *p, const char *s, str_vec *ret)
{
	/* Each word is no longer than what it was written as, and its end takes the place of a space. */
	char *out = pool_alloc(p, strlen(s) + 1);

	for (;;) {
		const char *reason;

		while (is_space(*s))
			s++;
		if (!*s)
			return NULL;
		reason = one_word(&s, out);
		if (reason)
			return reason;
		*vec_add(p, ret) = out;
		out += strlen(out) + 1;
	}
}

/* As str_utf8; which one it is. */
static size_t decode(const char *text, unsigned *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
	unsigned value;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	*ret = s[0];
	if (n == 1)
		return 1;
	value = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return n;
}

size_t str_utf8(const char *text)
{
	unsigned ignored;

	return decode(text, &ignored);
}

/* Marks that stand on the letter before, and what is twice as wide, by blocks. */
static const struct {
	unsigned first, last;
	size_t columns;
} odd[] = {
	{0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},     {0x610, 0x61a, 0},
	{0x64b, 0x65f, 0},     {0xe34, 0xe3a, 0},     {0xe47, 0xe4e, 0},     {0x1100, 0x115f, 2},
	{0x1160, 0x11ff, 0},   {0x1ab0, 0x1ace, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200f, 0},
	{0x20d0, 0x20f0, 0},   {0x2e80, 0x3029, 2},   {0x302a, 0x302d, 0},   {0x302e, 0x303e, 2},
	{0x3041, 0x3098, 2},   {0x3099, 0x309a, 0},   {0x309b, 0xa4cf, 2},   {0xa960, 0xa97f, 2},
	{0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
	{0xfe30, 0xfe6f, 2},   {0xff01, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x17000, 0x18cd5, 2},
	{0x1b000, 0x1b2fb, 2}, {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f90c, 0x1f9ff, 2},
	{0x20000, 0x3fffd, 2}, {0xe0020, 0xe01ef, 0},
};

/* Of the character at `text`, with its length; a byte that is none takes one. */
static size_t columns_of(const char *text, size_t *ret_n)
{
	unsigned value = 0;
	size_t n = decode(text, &value);

	*ret_n = n ? n : 1;
	for (size_t i = 0; n > 1 && i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (value >= odd[i].first && value <= odd[i].last)
			return odd[i].columns;
	}
	return 1;
}

size_t str_columns(const char *text)
{
	size_t columns = 0, n;

	for (; *text; text += n)
		columns += columns_of(text, &n);
	return columns;
}

size_t str_cut(const char *text, size_t columns)
{
	size_t at = 0, n;

	while (text[at]) {
		size_t more = columns_of(text + at, &n);

		if (more > columns)
			break;
		columns -= more;
		at += n;
	}
	return at;
}

/* C1 controls (U+0080..U+009F) drive terminals as the C0 ones do; the marks of direction show text in
 * another order than it has. */
bool str_is_trick(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	return (c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c) ||
	       (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f)) ||
	       (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
	       (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

const char *str_safe(struct pool *p, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *c = (const unsigned char *)s;
	char *out = pool_alloc(p, strlen(s) * 4 + 1), *o = out;

	while (*c) {
		size_t n = str_utf8((const char *)c);

		if (*c == '\n' || *c == '\t') {
			*o++ = '\\';
			*o++ = *c == '\n' ? 'n' : 't';
			c++;
		} else if (n == 0 || *c < 0x20 || *c == 0x7f || str_is_trick((const char *)c)) {
			*o++ = '\\';
			*o++ = 'x';
			*o++ = hex[*c >> 4];
			*o++ = hex[*c & 15];
			c++;
		} else {
			memcpy(o, c, n);
			o += n;
			c += n;
		}
	}
	*o = '\0';
	return out;
}

const char *str_quoted(struct pool *p, const char *s)
{
	const char *safe = str_safe(p, s);

	if (*safe && !strpbrk(safe, " \t\"'"))
		return safe;
	return pool_printf(p, strchr(safe, '"') ? "'%s'" : "\"%s\"", safe);
}

bool str_matches(const char *s, const char *pattern)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			back = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

int str_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
										    "off", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (str_eq(s, yes[i]) || str_eq(s, no[i])) {
			*ret = str_eq(s, yes[i]);
			return 0;
		}
	}
	return -1;
}

/* Digits, and where `scale` is more than 1 a fraction of it. No sign, no white space, no hexadecimal. */
static int decimal(const char **s, int64_t scale, int64_t *ret)
{
	const char *c = *s;
	int64_t value = 0, part = 0, of = 1;

	if (*c < '0' || *c > '9')
		return -1;
	for (; *c >= '0' && *c <= '9'; c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *c - '0', &value))
			return -1;
	}
	if (__builtin_mul_overflow(value, scale, &value))
		return -1;
	if (scale > 1 && *c == '.' && c[1] >= '0' && c[1] <= '9') {
		for (c++; *c >= '0' && *c <= '9'; c++) {
			if (of < 1000000000) {
				part = part * 10 + (*c - '0');
				of *= 10;
			}
		}
		part = (int64_t)((__int128)scale * part / of);
		if (__builtin_add_overflow(value, part, &value))
			return -1;
	}
	*s = c;
	*ret = value;
	return 0;
}

int str_number(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	int64_t value;

	if (decimal(&s, 1, &value) || *s || value < min || value > max)
		return -1;
	*ret = value;
	return 0;
}

/* A decimal with one of the letters K M G T P E behind it (and a B, if wanted), each `base` times
 * the one before. */
static int with_unit(const char *s, int64_t base, int64_t *ret)
{
	static const char units[] = "KMGTPE";
	int64_t scale = 1, value;
	const char *c = s, *unit;

	if (str_eq(s, "infinity")) {
		*ret = STR_INFINITY;
		return 0;
	}
	while ((*c >= '0' && *c <= '9') || *c == '.')
		c++;
	unit = *c ? strchr(units, *c) : NULL;
	if (unit) {
		for (const char *u = units; u <= unit; u++)
			scale *= base;
	}
	if (decimal(&s, scale, &value) || s != c)
		return -1;
	if (unit)
		s++;
	if (*s == 'B')
		s++;
	if (*s)
		return -1;
	*ret = value;
	return 0;
}

int str_size(const char *s, int64_t *ret)
{
	return with_unit(s, 1024, ret);
}

int str_rate(const char *s, int64_t *ret)
{
	return with_unit(s, 1000, ret);
}

int str_percent(const char *s, int64_t *ret)
{
	int64_t value;

	if (decimal(&s, 100, &value) || !str_eq(s, "%"))
		return -1;
	*ret = value;
	return 0;
}

int str_time(const char *s, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t usec;
	} units[] = {{"us", 1},
		     {"ms", 1000},
		     {"s", 1000000},
		     {"sec", 1000000},
		     {"min", 60000000},
		     {"m", 60000000},
		     {"h", 3600000000},
		     {"hr", 3600000000},
		     {"d", 86400000000},
		     {"day", 86400000000},
		     {"days", 86400000000},
		     {"w", 604800000000},
		     {"", 1000000}};
	int64_t total = 0;

	if (str_eq(s, "infinity")) {
		*ret = STR_INFINITY;
		return 0;
	}
	do {
		const char *number = s;
		int64_t value, scale = 0;
		size_t n;

		if (decimal(&s, 2, &value))
			return -1;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (strlen(units[i].name) == n && memcmp(units[i].name, s, n) == 0)
				scale = units[i].usec;
		}
		if (!scale || decimal(&number, scale, &value) ||
		    __builtin_add_overflow(total, value, &total))
			return -1;
		s += n;
		while (is_space(*s))
			s++;
	} while (*s);
	*ret = total;
	return 0;
}

int str_octal(const char *s, int64_t max, int64_t *ret)
{
	int64_t value = 0;

	if (!*s || strlen(s) > 6)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '7')
			return -1;
		value = value * 8 + (*s - '0');
	}
	if (value > max)
		return -1;
	*ret = value;
	return 0;
}

int str_range(const char **s, unsigned *first, unsigned *last)
{
	const char *c = *s;
	int64_t from, to;

	if (decimal(&c, 1, &from))
		return -1;
	to = from;
	if (*c == '-' && (c++, decimal(&c, 1, &to)))
		return -1;
	if (from > to || to > INT32_MAX || (*c && (*c++ != ',' || !*c)))
		return -1;
	*first = (unsigned)from;
	*last = (unsigned)to;
	*s = c;
	return 0;
}
