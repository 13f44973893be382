/* SPDX-License-Identifier: MIT */
/*
 * JSON as it is printed: a stream of calls, commas and indentation by itself. A string that is not
 * UTF-8 (a file name may be anything) has each bad byte as U+DC80..U+DCFF, as Python's
 * surrogateescape does, so that nothing is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct jsonw {
	FILE *out;
	int depth;
	bool more;  /* something stands before in this object or array */
	bool dense; /* all of it on one line */
};

/* `key` is NULL inside an array and at the top. */
void jsonw_open(struct jsonw *j, const char *key, char bracket);	/* '{' or '[' */
void jsonw_close(struct jsonw *j, char bracket);			/* '}' or ']' */
void jsonw_string(struct jsonw *j, const char *key, const char *value); /* NULL gives null */
/* Any bytes, NUL among them; another byte must follow that continues no character. */
void jsonw_bytes(struct jsonw *j, const char *key, const char *data, size_t n);
void jsonw_number(struct jsonw *j, const char *key, int64_t value);
void jsonw_bool(struct jsonw *j, const char *key, bool value);
