/* SPDX-License-Identifier: MIT */
/* What changed inside files, by diff(1). */
#pragma once

#include "cli/store.h"

struct diff {
	struct store_words *words;
	const struct store *store;
	struct pool pool;    /* for one change */
	const char *program; /* diff(1) */
	bool terminal, color;
	size_t tree;	 /* whose roots are open */
	int upper, root; /* -1: none */
};

/* Lines that differ. */
struct diff_lines {
	bool counted; /* a regular text file or a link */
	size_t added, removed;
};

int diff_begin(struct diff *d, struct store_words *w, const struct store *s, struct err *e);
void diff_end(struct diff *d);
/* In the form of git diff, so that `git apply` and patch(1) take it; what they cannot is a line with #. */
int diff_print(struct diff *d, const struct change *c, struct err *e);
int diff_count(struct diff *d, const struct change *c, struct diff_lines *ret, struct err *e);
