/* SPDX-License-Identifier: MIT */
/* One word of SystemCallFilter=: [~](@group|name)[:ERRNO]. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/pool.h"

struct filter_word {
	bool take_away;
	bool group;
	const char *name; /* with the '@' of a group; in the pool */
	int error;	  /* what the calls answer with; 0: none given */
};

/*
 * Accepts a call that another architecture has, or that is newer than the library: such a word does
 * nothing here. `e` says what is wrong with the word and suggests a likely one; the caller knows
 * the place.
 */
int filter_word_parse(struct pool *pool, const char *word, struct filter_word *ret, struct err *e);
/* An errno by name or number, as in SystemCallErrorNumber=; -1 with `e` filled in. */
int filter_errno_parse(const char *text, struct err *e);
