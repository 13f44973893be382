/* SPDX-License-Identifier: MIT */
/* The ends of a commit: valid, taken back, undone. What is begun here, the next command can finish. */
#pragma once

#include <signal.h>

#include "store/apply.h"

/* What the host has now where something was put; and the moment from which the commit is valid. */
int finish_done(struct work *w, struct err *e);
int finish_commit(struct work *w, struct err *e);
/* Behind the moment: the records are those of the time behind the commit; a discard is thrown away. */
int finish_records(struct work *w, struct err *e);

/*
 * Takes back the operations up to `reached`, which may be half done, and then the directory. What
 * somebody else's objects keep from going back stays in *kept (NULL: nothing), for the absolute paths
 * in `strange`.
 */
int finish_revert(struct work *w, size_t reached, str_vec *strange, const char **kept,
		  struct err *e);
/* Takes back all of a valid commit, likewise; *at: the operation that failed. */
int finish_undo(struct work *w, const volatile sig_atomic_t *stop, size_t *at, struct err *e);
int finish_undone(struct work *w, str_vec *strange, const char **kept, struct err *e);
/* An undo that cannot go on goes forwards again, from operation `at`. */
int finish_redo(struct work *w, size_t at, struct err *e);

/* Removes a directory of the store, at once out of sight. */
int finish_trash(struct store *s, const char *name, struct err *e);
/* What is left of removals that were cut short. */
int finish_empty_trash(struct store *s, struct err *e);
