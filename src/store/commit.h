/* SPDX-License-Identifier: MIT */
/*
 * Changes of a sandbox put into the host's trees, thrown away, and taken back again. All of it needs
 * the store's lock, and run_enter_ids before.
 *
 *	changes_read -> commit_begin -> (choices) -> commit_decide -> commit_apply
 *
 * What is promised:
 *
 * - All or nothing. If one operation fails, or is refused because the host has changed at that very
 *   moment, those before it are taken back. If the process is killed, commit_recover does that; every
 *   command calls it first.
 * - Nothing is reached but below the root of a tree, through no link (beneath.h).
 * - A committed path is pending no more; the sandbox shows the same as before.
 * - undo puts back the very objects that were taken away (over file systems: copies of them), and the
 *   changes are pending again. It can be repeated: one commit after another is taken back. What the
 *   sandbox has changed again since stays as it shows it now.
 *
 * What becomes of metadata:
 *
 * - Mode, times to the nanosecond, holes, links among new files, fifos, symbolic links, access control
 *   lists and the user's extended attributes are carried over.
 * - What is put belongs to the caller, with the caller's own group; in a directory with S_ISGID of
 *   another group, with that one, as if it had been made there. A file whose group was another one
 *   gets the caller's (COMMIT_GROUP): overlays cannot keep it either.
 * - Set-user-ID and set-group-ID bits of programs and file capabilities are dropped. Other names of a
 *   file that is replaced keep the old content.
 * - Sockets and device nodes are left out and stay pending until they are discarded: without the
 *   program that made it a socket is nothing, and a device node gives rights.
 * - A directory of which a deletion or a new name stays pending is not deleted either. It gets the
 *   layer's times when nothing below it is pending any more, unless the host has changed it since.
 */
#pragma once

#include <signal.h>

#include "store/journal.h"

enum resolution {
	RESOLVE_REFUSE,
	RESOLVE_THEIRS, /* the sandbox's change wins */
	RESOLVE_OURS,	/* the host's wins; the sandbox's is dropped */
	RESOLVE_MERGE,	/* lines of both, as diff3 -m has it */
};

struct commit_options {
	bool discard; /* everything chosen is dropped */
	bool allow_executed;
	enum resolution resolution;
	const volatile sig_atomic_t *stop; /* set: take back and end with an error; or NULL */
};

enum verdict {
	VERDICT_KEEP, /* not chosen: stays pending */
	VERDICT_DO,
	VERDICT_DROP,	/* leaves the layer, and the host as it is */
	VERDICT_SKIP,	/* chosen, and not possible: stays pending; the reason says why */
	VERDICT_REFUSE, /* chosen, and the whole commit is refused because of it */
};

/* What would make a refused change one that is done. */
enum cure {
	CURE_NONE,
	CURE_CHOICE, /* of a side, for a conflict */
	CURE_ALLOW,  /* allow_executed */
	CURE_RIGHT,  /* to write there: not ours to give */
};

/* What is lost of a change that is done. */
enum commit_loss {
	COMMIT_SETID = 1 << 0,
	COMMIT_CAPABILITY = 1 << 1,
	COMMIT_OWNER = 1 << 2,
	COMMIT_GROUP = 1 << 3,
	COMMIT_LINKS = 1 << 4,
	COMMIT_ATTRIBUTES = 1 << 5,
	COMMIT_LOSSES = 6,
};
const char *commit_loss_text(enum commit_loss loss);

struct decision {
	enum verdict verdict;
	const char *reason; /* of SKIP and REFUSE */
	enum cure cure;	    /* of REFUSE */
	uint32_t losses;    /* enum commit_loss; of DO */
	const char *merged; /* DO: this text instead of the layer's; or NULL */
	size_t merged_length;
	ssize_t above; /* index of the nearest change above this path; -1 */
	size_t end;    /* index behind the last change below this path */
	bool raised;   /* DROP of a deleted directory: a part of it stays deleted */
};

struct commit {
	struct store *store;
	struct commit_options options;
	change_vec changes;	    /* all that is pending */
	struct decision *decisions; /* one each */
	size_t *pending;	    /* how many before each index stay pending */
	const char *home;	    /* where sandboxes are kept */
	size_t done, dropped, skipped, refused;
	str_vec strange; /* as in struct recovery, when it has been taken back */
	const char *kept;
};

/*
 * Everything pending, of which `chosen` (some of `all`, in the same order) are to be done. One that the host runs
 * later is allowed if it is chosen without that flag. Memory is the store's.
 */
void commit_begin(struct commit *c, struct store *s, const struct commit_options *options,
		  const change_vec *all, const change_vec *chosen);
/* What will become of each. Looks, and merges, but changes nothing. */
int commit_decide(struct commit *c, struct err *e);
/* How many of the changes below `path`, and at it, stay pending. */
size_t commit_pending_below(const struct commit *c, size_t tree, const char *path);
/*
 * Does it. Not to be called if anything is refused. An error with code 1: the host has changed
 * meanwhile; in any case nothing has been done then, unless the text says so.
 */
int commit_apply(struct commit *c, struct err *e);

/*
 * Throws away all that is pending, without a look at what it is: for a sandbox that has to stay because
 * a commit can be undone. Works whatever the layers hold.
 */
int commit_discard_all(struct store *s, struct err *e);

enum recovered { RECOVERED_NOTHING, RECOVERED_COMMIT, RECOVERED_DISCARD, RECOVERED_UNDO };
/*
 * What a killed command has left half done: a commit or a discard is taken back, an undo is finished.
 * `strange`, absolute paths: the host has something else there by now, which stays; what it had before
 * is in the store's directory *kept (NULL if there is none).
 */
struct recovery {
	enum recovered what;
	str_vec strange;
	const char *kept;
};
int commit_recover(struct store *s, struct recovery *ret, struct err *e);
/* Whether commit_recover has work to do; needs no lock. */
bool commit_interrupted(const struct store *s);

struct undo_conflict {
	const char *path, *reason;
};
struct undo_path {
	const char *path; /* absolute */
	bool added;	  /* by the commit, so that it is removed; else it is put back */
};
struct undo {
	vec_of(struct undo_path) paths;
	vec_of(struct undo_conflict) conflicts; /* if there are any, nothing was done */
	str_vec strange;			/* as in struct recovery */
	const char *kept;
};
/* Takes back the last commit, or, with `dry_run`, only looks whether that can be done. -1 and an error
 * with code 1 where the host has changed since, or nothing was committed. */
int commit_undo(struct store *s, bool dry_run, const volatile sig_atomic_t *stop, struct undo *ret,
		struct err *e);
/* Whether there is a commit that can be taken back. */
bool commit_exists(const struct store *s);
