/* SPDX-License-Identifier: MIT */
/* All entries of a layer, and what they take away from the host, side by side. */
#pragma once

#include "store/base.h"
#include "store/compare.h"

struct scan_entry {
	struct change change; /* without saved, conflict and FLAG_EXECUTED */
	bool differs;
	bool implied; /* below a directory that is deleted or replaced: the layer has nothing of it */
	bool hides;   /* nothing is seen of what the host has in this directory */
	bool copied;	     /* the overlay copied it from the host */
	ino_t ino;	     /* of the layer's object, a whiteout too */
	int64_t ctime;	     /* likewise */
	int64_t above_mtime; /* of the host's directory it is in; 0: that is not there */
};
typedef vec_of(struct scan_entry) scan_entry_vec;

/* Open directories of a tree: its layer's root, and its own on the host. */
struct scan_roots {
	int upper, host; /* -1: not open */
	dev_t device;	 /* of the host's */
};
int scan_open(const struct store *s, size_t tree, struct scan_roots *ret, struct err *e);
void scan_close(struct scan_roots *r);

/*
 * Adds a tree's entries, sorted by path. `base` tells where the host had no directory when an opaque one
 * was made there, so that nothing is hidden by it.
 */
int scan_tree(struct store *s, size_t tree, const struct scan_roots *roots, const struct base *base,
	      scan_entry_vec *ret, struct err *e);
