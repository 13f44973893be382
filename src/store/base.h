/* SPDX-License-Identifier: MIT */
/*
 * What the host had at a path when the sandbox first changed it: the third side of a comparison. One
 * record for each entry of a layer, and for each entry that a deleted directory took along.
 */
#pragma once

#include "store/change.h"

struct base_record {
	size_t tree;
	const char *path;
	struct node host; /* type NONE: nothing; of the rest only what base_host_is_same uses */
	bool unknown; /* the host changed it while the sandbox ran: `host` may not be what was seen */
	bool clean;   /* the layer had the same as the host then: no change of the sandbox's */
	bool hides;   /* nothing is seen of what the host has in this directory */
	ino_t ino;    /* the layer's object then; 0: none of its own (below a deleted directory) */
	int64_t ctime;
	const char *saved; /* where the host's content is in the file `saved`, or NULL */
	bool dropped;	   /* not written any more */
};

struct base {
	vec_of(struct base_record) v; /* sorted by tree and path */
	bool lost; /* the file is empty, as a power failure leaves it: nothing is known */
	int saved; /* the file with contents, once it is written to; 0: not open */
	off_t saved_end;
};

/* Text of the file `base` and back. */
char *base_print(struct pool *pool, const struct base *b);
int base_parse(struct pool *pool, char *text, struct base *ret, struct err *e);

/* One that does not exist has no records. */
int base_read(const struct store *s, struct base *ret, struct err *e);
/* Sorts, and puts the file in place at once; records that are `dropped` are left out. No path may have
 * two. */
int base_write(const struct store *s, struct base *b, struct err *e);

/* Sorts by tree and path, as base_find and base_write want it. */
void base_sort(struct base *b);
/* NULL: there is none. `b` must be sorted. */
struct base_record *base_find(const struct base *b, size_t tree, const char *path);

/*
 * Whether the host has at a path what it had then. `root` is the tree's root now: devices may have
 * other numbers after a boot, so one is only compared with that of the root.
 */
bool base_host_is_same(const struct base_record *r, const struct node *now, dev_t root);
/* The facts of a node that a record keeps. */
struct node base_host(const struct node *now, dev_t root);

/*
 * Keeps the content of the file `name` in `dir`, which `node` tells, if it is text and not too long.
 * *ret is for struct base_record, or NULL. -1 and errno: it should have been kept and could not be.
 */
int base_save(const struct store *s, struct base *b, int dir, const char *name,
	      const struct node *node, const char **ret);
/* Closes what base_save has opened. */
void base_done(struct base *b);
/* A descriptor to read what was kept. -1 and errno. */
int base_open_saved(const struct store *s, const char *saved);
/* Whether that is what the open file `fd` of `size` bytes has now. */
bool base_saved_is_same(const struct store *s, const char *saved, int fd, off_t size);
