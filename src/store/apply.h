/* SPDX-License-Identifier: MIT */
/*
 * One operation of a journal, done and taken back.
 *
 * How far an operation got is told by where things are: in the host's directory, in the layer, in the
 * slots; which is which, by inode numbers that the journal holds (each of these objects is alive all
 * the time, so no number is used again). So both directions can be begun anew wherever they were cut
 * off, by SIGKILL or by an error.
 *
 *	put		exchange(layer, host); layer -> sI. The host is never without the file
 *	put, copied	layer => temporary; exchange(temporary, host); temporary -> sI
 *	remove		host -> sI
 *	rmdir		likeness => sI; rmdir
 *	mkdir		likeness => temporary; temporary -> host
 *	meta, like	likeness => sI (lI); set
 *	drop		layer -> lI
 *	raise		exchange(layer, nI)
 *	times		set; when all else is done, in both directions
 *
 * (-> renames, => copies.) Where sI is on another file system than the host's directory, the host's
 * object gets the temporary name first, where nobody writes to it by mistake, and is copied then.
 */
#pragma once

#include "store/beneath.h"
#include "store/copy.h"
#include "store/journal.h"

struct work_tree {
	struct beneath host, layer;
};

struct work {
	struct store *store;
	struct pool *pool;
	struct journal *journal;
	const char *directory; /* commit.N or discard.N */
	int slots;
	bool careful;	 /* it was cut off before: look where things are */
	bool undo;	 /* the sandbox may have run since: its layer decides what is seen */
	struct work_tree *trees;
	vec_of(size_t) drops; /* operations that take a directory out of a layer */
	struct copy_rules for_host, as_is;
	/* operations: where not all extended attributes could be carried, and where somebody else has
	 * put something meanwhile */
	vec_of(size_t) lost, strange;
};

int work_begin(struct work *w, struct store *s, struct journal *j, const char *directory,
	       struct err *e);
void work_done(struct work *w);

/* -1 and an error whose code is 1 where the host has changed: then it can be taken back. */
int op_apply(struct work *w, size_t i, struct err *e);
int op_revert(struct work *w, size_t i, struct err *e);

/* Roots of a tree on the host and of its layer; opened when they are needed. */
int work_host_root(struct work *w, size_t tree, struct err *e);
int work_layer_root(struct work *w, size_t tree, struct err *e);
/* The directory and name of an operation's path on the host, and in the layer. */
int op_host(struct work *w, const struct op *op, const char **name, struct err *e);
int op_layer(struct work *w, const struct op *op, const char **name, struct err *e);
/* "PATH: WHY" with the errno; returns -1. */
int op_error(struct work *w, const struct op *op, struct err *e);
/* Whether that was said of a directory that is not there. */
bool op_is_gone(const struct err *e);
/* "PATH: WHY" for what is the host's doing, with code 1. */
int op_conflict(struct work *w, const struct op *op, const char *why, struct err *e);
/* Directories that it may have moved are looked up again. */
void op_forget(struct work *w, const struct op *op);
/* Whether it is this object, wherever it is now. */
bool op_is(const struct node *now, const struct node *then);
/* Whether what is in a slot is the host's object itself, and no copy. */
bool op_is_kept(const struct work *w, const struct op *op, const struct node *slotted);
/* Whether it looks like it; for copies, which have an inode of their own. */
bool op_looks_like(const struct node *now, const struct node *then);
/* The host's object, under its temporary name in `dir`, goes into the slot. */
int op_keep(struct work *w, size_t i, int dir, const char *temporary, struct err *e);
