/* SPDX-License-Identifier: MIT */
/* A journal at work: the directories of both sides, and what stands there. */
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
	bool careful; /* it was cut off before: look where things are */
	/* Taken back before it was complete: a directory that cannot be entered, and may be why, is none
	 * in which anything was done. */
	bool backing_out;
	bool undo; /* the sandbox may have run since: its layer decides what is seen */
	struct work_tree *trees;
	vec_of(size_t) drops; /* operations that take a directory out of a layer, sorted by path */
	size_t times;	      /* the first OP_TIMES; they are the last, sorted */
	struct copy_rules for_host, as_is;
	/* operations: where not all extended attributes could be carried, and where somebody else has
	 * put something meanwhile */
	vec_of(size_t) lost, strange;
};

int work_begin(struct work *w, struct store *s, struct journal *j, const char *directory,
	       struct err *e);
void work_done(struct work *w);

/* Roots of a tree on the host and of its layer; opened when they are needed. */
int work_host_root(struct work *w, size_t tree, struct err *e);
int work_layer_root(struct work *w, size_t tree, struct err *e);
/* The directory and name of an operation's path on the host, and in the layer. */
int work_host(struct work *w, const struct op *op, const char **name, struct err *e);
int work_layer(struct work *w, const struct op *op, const char **name, struct err *e);
/* "PATH: WHY" with the errno; returns -1. */
int work_error(struct work *w, const struct op *op, struct err *e);
/* Whether that was said of a directory that is not there. */
bool work_is_gone(const struct work *w, const struct err *e);
/* "PATH: WHY" for what is the host's doing, with code 1. */
int work_conflict(struct work *w, const struct op *op, const char *why, struct err *e);
/* Directories that it may have moved are looked up again. */
void work_forget(struct work *w, const struct op *op);
/* Whether it is this object, wherever it is now. */
bool work_is(const struct node *now, const struct node *then);
/* Whether what is in a slot is the host's object itself, and no copy. */
bool work_is_kept(const struct work *w, const struct op *op, const struct node *slotted);
/* Whether it looks like it; for copies, which have an inode of their own. */
bool work_looks_like(const struct node *now, const struct node *then);
/* 1: `name` is this object; 0; -1 and errno. */
int work_is_at(struct work *w, int dir, const char *name, const struct node *then);
int work_exists(int dir, const char *name);
/* The same as work_is_kept for a slot by its name. */
int work_slot_is_kept(struct work *w, const struct op *op, const char *slot);
/* The host's object, which was put back as a copy if the operation is done for the second time. */
const struct node *work_old(const struct op *op);
/* That the host still has what the comparison saw; else an error with code 1. */
int work_check(struct work *w, const struct op *op, int dir, const char *name, struct err *e);
extern const char work_changed[], work_appeared[];
/* The host's object, under its temporary name in `dir`, goes into the slot. */
int work_keep(struct work *w, size_t i, int dir, const char *temporary, struct err *e);
/* op->after is what stands there now. */
int work_look_after(struct work *w, struct op *op, int dir, const char *name, struct err *e);
