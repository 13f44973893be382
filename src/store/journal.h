/* SPDX-License-Identifier: MIT */
/*
 * What a commit or a discard is going to do, written down before its first step, so that whoever comes
 * next can take it back: a directory commit.N (or discard.N) in the store with
 *
 *	journal	the operations; written and synced before the first of them. Without it nothing was done
 *	sI	what operation I took away from the host: the object itself, or a copy of it from
 *		another file system. A directory is kept as an empty one with its metadata
 *	lI	what operation I took away from the layer
 *	pI	the same as sI or lI, not complete yet
 *	nI	what operation I puts in: the result of a merge, or a directory for the layer
 *	base	records (base.c) as they were before
 *	done	what the host has now, where something was put: undo compares. With it the commit is
 *		complete
 *	after	records as they are to be from now on; renamed over the store's `base` behind `done`
 *	undoing	undo has begun
 *
 * A discard is thrown away as soon as it is complete. Directories named trash.N are only left to be
 * removed; kept.N hold what could not be put back, for somebody else has put something in its place.
 */
#pragma once

#include <stdio.h>

#include "store/change.h"

enum op_kind {
	OP_REMOVE, /* the host's object into the slot */
	OP_RMDIR,  /* the host's directory, empty by then; its likeness into the slot */
	OP_PUT,	   /* the layer's object to the host; what the host had into the slot */
	OP_MKDIR,  /* a directory like the layer's on the host */
	OP_META, /* the host's directory becomes like the layer's; what it was like into the slot */
	OP_LIKE, /* the layer's directory becomes like the host's; what it was like into the slot */
	OP_DROP, /* the layer's object, if there is one, into the slot */
	OP_RAISE, /* the layer gets nI in the place of what it has, which goes into the slot */
	OP_TIMES, /* of a directory in which other operations make and remove entries */
	OP_KINDS,
};

enum op_flag {
	OP_COPY = 1 << 0,   /* not renamed: another file system, or the layer needs its own still */
	OP_MERGED = 1 << 1, /* OP_PUT: nI is put, not what the layer has */
	OP_SHARED = 1 << 2, /* an operation before this one touches the same inode of the host */
	OP_INHERIT =
		1 << 3,	    /* the host's directory gives new files its group (inode(7), S_ISGID) */
	OP_SETTLE = 1 << 4, /* OP_TIMES: the host's directory gets the layer's times */
	OP_HOST = 1 << 5,   /* OP_TIMES: entries of the host's directory change */
	OP_REPLACED = 1 << 6, /* OP_REMOVE, OP_RMDIR: an operation behind it puts something there */
	OP_FLAGS = 1 << 7,
};

struct op {
	enum op_kind kind;
	uint32_t flags; /* enum op_flag */
	size_t tree;
	const char *path; /* as in struct change */
	ssize_t link;	  /* OP_PUT: the operation whose file gets another name; -1 */
	/* What stood there when the journal was written. No link's target. */
	struct node host, layer;
	/* From `done`: what the host has since. type NODE_NONE: not looked at. */
	struct node after;
	/* Not written: the copy of `host` that has been put back. */
	struct node back;
};

enum journal_kind { JOURNAL_COMMIT, JOURNAL_DISCARD };

struct journal {
	struct pool *pool;
	enum journal_kind kind;
	uint64_t token; /* temporary names in the host's directories have it: journal_temporary */
	dev_t device;	/* of the store, at that time */
	vec_of(struct op) ops;
};

void journal_print(FILE *out, const struct journal *j);
/* Changes `text`. `trees`: how many the store has. Whatever would lead out of a tree is an error. */
int journal_parse(struct journal *j, size_t trees, char *text, struct err *e);
/* `done`: a line for each operation with an `after`. */
void journal_print_done(FILE *out, const struct journal *j);
int journal_parse_done(struct journal *j, char *text, struct err *e);

/* Both files of the directory `dir`. 1: it has `done` too; 0: it has not; -1, with ENOENT in e->error
 * where there is no journal. */
int journal_read(struct journal *j, int dir, size_t trees, struct err *e);

/* "s12" and so on, by value: `journal_slot('s', i).text` */
struct journal_word {
	char text[64];
};
struct journal_word journal_slot(char letter, size_t op);
/*
 * A name beside an object of the host that is being put there: nobody else has it. `back`: for the
 * way back, so that what is left of both directions can be told apart.
 */
struct journal_word journal_temporary(const struct journal *j, size_t op, bool back);

/* Highest N of the directories PREFIX.N in the store; 0: there is none; -1 and errno. */
ssize_t journal_last(const struct store *s, const char *prefix);
const char *journal_name(const struct store *s, const char *prefix, size_t number);
