/* SPDX-License-Identifier: MIT */
/* How a change is shown. */
#pragma once

#include "cli/store.h"

/* "M src/a.c (runs later on the host)": one line, safe to print. */
const char *changes_line(struct store_words *w, const struct store *s, const struct change *c,
			 bool color);
/* What is to be known of it, "" or in parentheses with a space in front. */
const char *changes_remarks(struct pool *pool, const struct change *c);
const char *node_type_name(enum node_type type); /* "file" ... as in --json */
/* An object of a list of changes in JSON, in what is open. */
void changes_json(struct jsonw *j, const struct store *s, const struct change *c);

struct changes_count {
	size_t all, kinds[CHANGE_META + 1], conflicts;
};
struct changes_count changes_count(const change_vec *changes);
/* "3 changes: 1 added, 2 modified" */
const char *changes_summary(struct pool *pool, const struct changes_count *n);
