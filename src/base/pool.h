/* SPDX-License-Identifier: MIT */
/*
 * Memory with one owner and one lifetime: a profile or a plan takes everything from its pool and
 * gives it back at once. A pool that cannot get memory ends the process with status 125: there is
 * no cure, and nothing has started. A zeroed pool is an empty one.
 */
#pragma once

#include <stddef.h>

struct pool_chunk;
struct pool {
	struct pool_chunk *head;
};

void pool_done(struct pool *p); /* accepts NULL and zeroed */
/* Zeroed memory, aligned for any type. */
void *pool_alloc(struct pool *p, size_t size);
char *pool_strdup(struct pool *p, const char *s);
char *pool_strndup(struct pool *p, const char *s, size_t n);
char *pool_printf(struct pool *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));
/* Grows an array; old contents are copied (the old memory stays with the pool). */
void *pool_grow(struct pool *p, void *old, size_t *cap, size_t used, size_t item);

/* A growable array in a pool: `vec_of(struct mount) mounts;` */
#define vec_of(type)                                                                               \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

/* A pointer to a new, zeroed last element. */
#define vec_add(pool, vec)                                                                         \
	((vec)->v = pool_grow((pool), (vec)->v, &(vec)->cap, (vec)->n, sizeof(*(vec)->v)),         \
	 &(vec)->v[(vec)->n++])
