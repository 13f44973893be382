/* SPDX-License-Identifier: MIT */
/* Memory with one owner and one lifetime: see pool.h. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

enum { CHUNK = 16 * 1024, ALIGN = _Alignof(max_align_t) };

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "sandbox: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(125);
}

void pool_done(struct pool *p)
{
	struct pool_chunk *c, *next;

	if (!p)
		return;
	for (c = p->head; c; c = next) {
		next = c->next;
		free(c);
	}
	p->head = NULL;
}

static struct pool_chunk *chunk_new(struct pool_chunk *next, size_t size)
{
	struct pool_chunk *c = calloc(1, sizeof(*c) + size);

	if (c) {
		c->size = size;
		c->next = next;
		return c;
	}
	out_of_memory();
}

void *pool_alloc(struct pool *p, size_t size)
{
	void *m;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!p->head || p->head->size - p->head->used < size)
		p->head = chunk_new(p->head, size > CHUNK ? size : CHUNK);
	m = p->head->data + p->head->used;
	p->head->used += size;
	return m;
}

char *pool_strndup(struct pool *p, const char *s, size_t n)
{
	char *m;

	n = strnlen(s, n);
	m = pool_alloc(p, n + 1);
	memcpy(m, s, n);
	return m;
}

char *pool_strdup(struct pool *p, const char *s)
{
	return pool_strndup(p, s, strlen(s));
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
	va_list ap;
	char *m;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	m = pool_alloc(p, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(m, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return m;
}

void *pool_grow(struct pool *p, void *old, size_t *cap, size_t used, size_t item)
{
	void *m;

	if (used < *cap)
		return old;
	*cap = *cap ? *cap * 2 : 8;
	m = pool_alloc(p, *cap * item);
	if (used)
		memcpy(m, old, used * item);
	return m;
}
