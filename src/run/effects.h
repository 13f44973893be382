/* SPDX-License-Identifier: MIT */
/* What the limits and the network's rules have done to a run, in words: for its standard error, its JSON, its log. */
#pragma once

#include "run/run.h"

/* Bytes as a limit is written, 64M; -1: "unknown". */
const char *effects_bytes(struct pool *pool, int64_t n);
/* Microseconds; likewise. */
const char *effects_time(struct pool *pool, int64_t usec);
/* Of one limit; NULL: none. */
const char *effect_of(struct pool *pool, const struct plan *p, const struct outcome *out,
		      enum key_id key);
/* Of all of them, what connections were refused, and what has ended of the network. */
void effects_list(struct pool *pool, const struct plan *p, const struct outcome *out, str_vec *ret);
/* The same in one line; "": nothing. */
const char *effects_line(struct pool *pool, const struct plan *p, const struct outcome *out);
