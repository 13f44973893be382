/* SPDX-License-Identifier: MIT */
/* The word that somebody who typed another one may have meant. */
#pragma once

#include <stddef.h>

/*
 * `at` gives the candidates by index, NULL after the last. The nearest by edits (insert, remove,
 * change or swap a character), the first of equals; NULL if none is near: more than a third of the
 * word would have to change.
 */
const char *nearest(const char *word, const char *(*at)(size_t i, const void *ctx),
		    const void *ctx);
