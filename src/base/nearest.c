/* SPDX-License-Identifier: MIT */
/* Edit distance: see nearest.h. */
#include <string.h>

#include "base/nearest.h"

enum { LENGTH_MAX = 64 }; /* nothing longer is a slip of the finger */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment; both words no longer than LENGTH_MAX. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LENGTH_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *reuse = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = min(change, 1 + min(last[j], row[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = reuse;
	}
	return last[b_len];
}

const char *nearest(const char *word, const char *(*at)(size_t i, const void *ctx), const void *ctx)
{
	size_t len = strnlen(word, LENGTH_MAX + 1), best, found_at;
	const char *candidate, *found = NULL;

	if (len > LENGTH_MAX)
		return NULL;
	best = len < 3 ? 1 : (len + 2) / 3;
	for (size_t i = 0; (candidate = at(i, ctx)); i++) {
		size_t n = strnlen(candidate, LENGTH_MAX + 1);

		if (n > LENGTH_MAX || n > len + best || len > n + best)
			continue;
		found_at = distance(word, len, candidate, n);
		/* Nothing of the word left is no likeness. */
		if (found_at > best || found_at >= len || (found && found_at == best))
			continue;
		best = found_at;
		found = candidate;
	}
	return found;
}
