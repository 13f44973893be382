/* SPDX-License-Identifier: MIT */
/* What the targets have in common. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the input is. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An error says something, on one line, and gives a status that means it. */
static inline void must_be_error(const struct err *e)
{
	MUST(e->text[0] != '\0');
	MUST(!strchr(e->text, '\n') && !strchr(e->hint, '\n'));
	MUST(e->code == 125);
}

/* The input as a string of its own size, so that a read behind it is seen. Freed by the caller. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
