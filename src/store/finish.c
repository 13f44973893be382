/* SPDX-License-Identifier: MIT */
/* The ends of a commit: see finish.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/finish.h"
#include "store/records.h"
#include "store/remove.h"

static int failed(const struct work *w, struct err *e)
{
	return err_errno(e, "%s: its journal", w->store->name);
}

static void tell(struct work *w, const char *what, size_t done)
{
	struct store *s = w->store;

	if (s->progress)
		s->progress(s->progress_context, what, done, w->journal->ops.n);
}

/* --- valid --- */

/* Names of one file that came later, and entries of a directory, have changed what was seen first. */
static bool is_to_look_at(const struct op *op)
{
	return op->kind == OP_MKDIR || op->kind == OP_META ||
	       (op->kind == OP_PUT && (op->layer.links > 1 || op->after.links > 1));
}

static int look_again(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		struct op *op = &w->journal->ops.v[i];
		const char *name;
		int dir;

		if (!is_to_look_at(op))
			continue;
		dir = work_host(w, op, &name, e);
		if (dir < 0)
			return -1;
		if (node_read(w->pool, dir, name, &op->after))
			return work_error(w, op, e);
	}
	return 0;
}

int finish_done(struct work *w, struct err *e)
{
	FILE *out;
	int fd, rc;

	if (look_again(w, e))
		return -1;
	fd = openat(w->slots, "done.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	out = fd < 0 ? NULL : fdopen(fd, "we");
	if (!out) {
		fd_closep(&fd);
		return failed(w, e);
	}
	journal_print_done(out, w->journal);
	/* A write that failed before is only remembered. */
	rc = fflush(out) || ferror(out) || fsync(fd);
	return fclose(out) || rc ? failed(w, e) : 0;
}

int finish_commit(struct work *w, struct err *e)
{
	return renameat(w->slots, "done.new", w->slots, "done") ? failed(w, e) : 0;
}

int finish_records(struct work *w, struct err *e)
{
	if (renameat(w->slots, "after", w->store->dir, "base") && errno != ENOENT)
		return failed(w, e);
	return w->journal->kind == JOURNAL_DISCARD ? finish_trash(w->store, w->directory, e) : 0;
}

/* --- over --- */

static int rename_to(struct store *s, const char *name, const char *prefix, const char **ret,
		     struct err *e)
{
	ssize_t last = journal_last(s, prefix);

	*ret = last < 0 ? NULL : journal_name(s, prefix, (size_t)last + 1);
	return !*ret || renameat2(s->dir, name, s->dir, *ret, RENAME_NOREPLACE)
		       ? err_errno(e, "%s: %s", s->name, name)
		       : 0;
}

int finish_trash(struct store *s, const char *name, struct err *e)
{
	const char *trash;

	if (rename_to(s, name, "trash", &trash, e))
		return -1;
	/* What cannot be removed now, a later command will try again. */
	remove_below(s->dir, trash, s->name, &(struct err){0});
	return 0;
}

int finish_empty_trash(struct store *s, struct err *e)
{
	ssize_t last = journal_last(s, "trash");

	if (last < 0)
		return err_errno(e, "%s", s->name);
	for (ssize_t i = 1; i <= last; i++)
		remove_below(s->dir, journal_name(s, "trash", (size_t)i), s->name,
			     &(struct err){0});
	return 0;
}

/* Everything that could go back is back. */
static int leave(struct work *w, str_vec *strange, const char **kept, struct err *e)
{
	*kept = NULL;
	for (size_t i = 0; i < w->strange.n; i++) {
		const struct op *op = &w->journal->ops.v[w->strange.v[i]];

		*vec_add(w->pool, strange) =
			path_join(w->pool, w->store->trees.v[op->tree].path, op->path);
	}
	return w->strange.n ? rename_to(w->store, w->directory, "kept", kept, e)
			    : finish_trash(w->store, w->directory, e);
}

/* --- backwards --- */

static int revert_times(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		if (w->journal->ops.v[i].kind == OP_TIMES && revert_op(w, i, e))
			return -1;
	}
	return 0;
}

int finish_revert(struct work *w, size_t reached, str_vec *strange, const char **kept,
		  struct err *e)
{
	size_t n = w->journal->ops.n;

	w->careful = w->backing_out = true;
	for (size_t i = reached < n ? reached + 1 : n; i-- > 0;) {
		if (w->journal->ops.v[i].kind != OP_TIMES && revert_op(w, i, e))
			return -1;
	}
	if (revert_times(w, e) || records_after_revert(w, e))
		return -1;
	return leave(w, strange, kept, e);
}

int finish_undo(struct work *w, const volatile sig_atomic_t *stop, size_t *at, struct err *e)
{
	w->careful = w->undo = true;
	for (*at = w->journal->ops.n; *at > 0;) {
		--*at;
		if (stop && *stop)
			return err_set(e, "interrupted");
		if (w->journal->ops.v[*at].kind != OP_TIMES && revert_op(w, *at, e))
			return -1;
		tell(w, "undoing", w->journal->ops.n - *at);
	}
	return revert_times(w, e);
}

int finish_undone(struct work *w, str_vec *strange, const char **kept, struct err *e)
{
	return records_after_undo(w, e) ? -1 : leave(w, strange, kept, e);
}

int finish_redo(struct work *w, size_t at, struct err *e)
{
	size_t n = w->journal->ops.n;
	struct node *before = pool_alloc(w->pool, (n + 1) * sizeof(*before));

	for (size_t i = 0; i < n; i++)
		before[i] = w->journal->ops.v[i].after;
	w->careful = true;
	w->undo = false;
	for (size_t i = at; i < n; i++) {
		if (apply_op(w, i, e))
			return -1;
	}
	if (finish_done(w, e) || finish_commit(w, e) || records_after_redo(w, before, e))
		return -1;
	return unlinkat(w->slots, "undoing", 0) && errno != ENOENT ? failed(w, e) : 0;
}
