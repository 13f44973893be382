/* SPDX-License-Identifier: MIT */
/*
 * What lasts of a sandbox: one private directory, $XDG_STATE_HOME/sandbox/NAME.
 *
 *	state		what it is; text, written anew and renamed into place (state.c)
 *	0/upper 0/work	the layer of the first tree, 1/... of the second
 *	base		what the host had at each changed path when the sandbox first saw it (base.c)
 *	saved		contents of such files, for a merge
 *	log log.1	what it has printed in the background (log.h)
 *	commit.N	journal and slots of a commit (journal.c); the last one is what `undo` takes back
 *
 * A directory that is a link, is not ours, or that others may write to is refused. Whoever holds the
 * lock (flock(2) on the directory) is the only one who changes anything: the launcher for as long as
 * the sandbox runs, a command for as long as it works. The kernel drops it with the process, so
 * `running` in the state without a lock means that the launcher was killed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "host/host.h"
#include "plan/plan.h"

/* A tree that is copy-on-write. Its layer is the directory with its index for a name. */
struct store_tree {
	const char *path; /* real path on the host */
	bool fuse;	  /* marks in the layer are fuse-overlayfs', else the kernel's */
	dev_t dev; /* of the tree's root, so that another directory in its place is refused */
	ino_t ino;
	int64_t born; /* when it was made; 0: unknown. A device may have another number after a boot */
	size_t changes; /* of this run; not stored */
};
enum { STORE_TREES_MAX = 64 };

struct store {
	struct pool *pool;
	int home; /* the directory of all sandboxes */
	int dir;  /* this one's; holds the lock if locked */
	bool locked;

	/* the state */
	const char *name;
	const char *profile;
	str_vec words;	 /* options of the first run, as they were typed */
	str_vec added;	 /* options of the last run, behind those */
	str_vec command; /* of the last run */
	const char *cwd; /* of the first run */
	int64_t created; /* nanoseconds since 1970 */
	int64_t started; /* of the last run, by the clock that stamps files (CLOCK_REALTIME_COARSE):
			    what the host changed later was changed meanwhile */
	int64_t ended;	 /* of the last run; 0: it runs, or nobody saw its end */
	int exit;	 /* and its exit status then */
	str_vec effects; /* what its limits and its network's rules have done to it, in words */
	str_vec refused; /* the connections that its network has refused: see run/refused.h */
	bool existed;	 /* this run is not its first */
	bool has_commit; /* there is a commit that can be taken back */
	bool running;	 /* a run has begun whose end is not recorded */
	struct plan_identity identity; /* the maps that own the files of the layers */
	vec_of(struct store_tree) trees;

	str_vec homes; /* whose start-up files may be links into a tree: see executed.h */

	/* Told how far the work is, if set; `total` 0: not known. */
	void (*progress)(void *context, const char *what, size_t done, size_t total);
	void *progress_context;
};

/* Up to 64 of these; the first is neither '.' nor '-'. */
#define STORE_NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
bool store_name_ok(const char *name);
/* One from a command's name and four random characters. */
const char *store_new_name(struct pool *pool, const str_vec *command);
/* Closes and unlocks; accepts a zeroed one. Memory is the pool's. */
void store_done(struct store *s);

/*
 * Makes the directory NAME, locked, with an empty layer for each tree of s->trees, or opens an
 * existing one for another run: then its state is read, and trees of s->trees that it does not have
 * are added. What the caller has filled in (profile, words, command, cwd, identity, trees) is the new
 * state; `name` NULL: made from the command's name and four random characters. Sets started and
 * running; store_write makes that last. home_path is host->state_home.
 */
int store_begin(struct store *s, const char *home_path, const char *name, struct err *e);
/* Writes the state that store_begin has made; before the program can change anything. */
int store_write(const struct store *s, struct err *e);
/* The run is over: the state says so, and with which exit status; -1: nobody saw it. */
int store_end(struct store *s, int status, struct err *e);
/*
 * An existing one, with its state. `lock`: wait for nobody; if it is locked by another the error says
 * whether it is running. Without lock it can only be read.
 */
int store_open(struct store *s, const char *home_path, const char *name, bool lock, struct err *e);
/* The same, locked, without its state (identity and trees are empty): for store_remove. */
int store_open_damaged(struct store *s, const char *home_path, const char *name, struct err *e);
/* Whether somebody holds the lock. */
bool store_in_use(const struct store *s);
/* Removes the whole directory, whatever is in it. Files of subordinate ids need run_enter_ids first. */
int store_remove(struct store *s, struct err *e);
/* Names of all, sorted. A home that does not exist has none. */
int store_names(struct pool *pool, const char *home_path, str_vec *ret, struct err *e);

/* state.c: text of a state and back. An unknown version or line is an error that says so. */
char *state_print(struct pool *pool, const struct store *s);
int state_parse(struct store *s, char *text, struct err *e);

/* Descriptor of a tree's layer ("upper"), and of the tree on the host; the latter checks dev and ino. */
int store_open_upper(const struct store *s, size_t tree, struct err *e);
int store_open_tree(const struct store *s, size_t tree, struct err *e);
