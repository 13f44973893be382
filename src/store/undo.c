/* SPDX-License-Identifier: MIT */
/* The last commit taken back; and what a killed command has left half done. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/commit.h"
#include "store/finish.h"

/* 1: there is such a file; 0; -1 and errno: it cannot be known. */
static int has(int dir, const char *name)
{
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

static int has_in(const struct store *s, const char *directory, const char *name)
{
	return has(s->dir, pool_printf(s->pool, "%s/%s", directory, name));
}

/* As journal_read. */
static int load(struct work *w, struct journal *j, struct store *s, const char *directory,
		struct err *e)
{
	struct err why = {0};
	_cleanup_fd_ int fd = fd_openat2(s->dir, directory, O_RDONLY | O_DIRECTORY, 0,
					 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	int rc;

	*j = (struct journal){.pool = s->pool};
	*w = (struct work){.pool = s->pool, .store = s, .journal = j, .slots = -1};
	if (fd < 0)
		return err_errno(e, "%s: %s", s->name, directory);
	rc = journal_read(j, fd, s->trees.n, &why);
	if (rc < 0)
		return err_set(e, "%s: %s", s->name, why.text);
	return work_begin(w, s, j, directory, e) ? -1 : rc;
}

/* --- recovery --- */

bool commit_exists(const struct store *s)
{
	ssize_t last = journal_last(s, "commit");

	return last > 0 && has_in(s, journal_name(s, "commit", (size_t)last), "done") == 1;
}

static bool is_interrupted(const struct store *s, const char *prefix)
{
	ssize_t last = journal_last(s, prefix);
	const char *name = last > 0 ? journal_name(s, prefix, (size_t)last) : NULL;

	/* What cannot be known is looked at by those who have the lock. */
	return name && has_in(s, name, "journal") &&
	       (has_in(s, name, "done") != 1 || has_in(s, name, "undoing") ||
		has_in(s, name, "after"));
}

bool commit_interrupted(const struct store *s)
{
	return is_interrupted(s, "commit") || is_interrupted(s, "discard");
}

static int recover_loaded(struct work *w, bool done, struct recovery *ret, struct err *e)
{
	bool discard = w->journal->kind == JOURNAL_DISCARD;
	int undoing = has(w->slots, "undoing");
	size_t at;

	if (undoing < 0)
		return err_errno(e, "%s: its journal", w->store->name);
	if (!done) {
		ret->what = discard ? RECOVERED_DISCARD : RECOVERED_COMMIT;
		return finish_revert(w, w->journal->ops.n, &ret->strange, &ret->kept, e);
	}
	if (!undoing)
		return finish_records(w, e);
	ret->what = RECOVERED_UNDO;
	if (finish_undo(w, NULL, &at, e))
		return -1;
	return finish_undone(w, &ret->strange, &ret->kept, e);
}

static int recover(struct store *s, const char *prefix, struct recovery *ret, struct err *e)
{
	ssize_t last = journal_last(s, prefix);
	struct journal j;
	struct work w;
	const char *name;
	int rc;

	if (last < 0)
		return err_errno(e, "%s", s->name);
	if (last == 0)
		return 0;
	name = journal_name(s, prefix, (size_t)last);
	rc = has_in(s, name, "journal");
	if (rc <= 0)
		return rc ? err_errno(e, "%s: its journal", s->name) : finish_trash(s, name, e);
	/* The usual one: a complete commit, that could be undone. */
	if (str_eq(prefix, "commit") && !is_interrupted(s, prefix))
		return 0;
	rc = load(&w, &j, s, name, e);
	if (rc >= 0)
		rc = recover_loaded(&w, rc == 1, ret, e);
	work_done(&w);
	return rc ? -1 : 0;
}

int commit_recover(struct store *s, struct recovery *ret, struct err *e)
{
	*ret = (struct recovery){.what = RECOVERED_NOTHING};
	return finish_empty_trash(s, e) || recover(s, "discard", ret, e) ||
			       recover(s, "commit", ret, e)
		       ? -1
		       : 0;
}

/* --- undo: what the host has done since --- */

struct checking {
	struct work *w;
	struct undo *ret;
	str_vec removed; /* directories that the commit has removed, each with its tree in front */
	struct err *e;
};

static void conflict(struct checking *x, const struct op *op, const char *reason)
{
	*vec_add(x->w->pool, &x->ret->conflicts) = (struct undo_conflict){
		path_join(x->w->pool, x->w->store->trees.v[op->tree].path, op->path), reason};
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *key_of(struct work *w, size_t tree, const char *path, size_t n)
{
	return pool_printf(w->pool, "%zu/%.*s", tree, (int)n, path);
}

static void list_removed(struct checking *x)
{
	for (size_t i = 0; i < x->w->journal->ops.n; i++) {
		const struct op *op = &x->w->journal->ops.v[i];

		if (op->kind == OP_RMDIR)
			*vec_add(x->w->pool, &x->removed) =
				key_of(x->w, op->tree, op->path, strlen(op->path));
	}
	if (x->removed.n)
		qsort(x->removed.v, x->removed.n, sizeof(*x->removed.v), by_text);
}

/* Whether the commit has removed the directory that the path is in. */
static bool is_in_removed(struct checking *x, const struct op *op)
{
	const char *name = path_name(op->path), *key;

	if (name == op->path || !x->removed.n)
		return false;
	key = key_of(x->w, op->tree, op->path, (size_t)(name - op->path - 1));
	return bsearch(&key, x->removed.v, x->removed.n, sizeof(*x->removed.v), by_text);
}

static const char *const changed = "the host has changed it since";

static void check_put(struct checking *x, const struct op *op, const struct node *now)
{
	if (now->type == NODE_NONE)
		conflict(x, op, "the host has deleted it since");
	else if (!work_is(now, &op->after) || now->ctime != op->after.ctime)
		conflict(x, op, changed);
}

static void check_directory(struct checking *x, const struct op *op, const struct node *now)
{
	if (now->type == NODE_NONE)
		conflict(x, op, "the host has deleted it since");
	else if (!work_is(now, &op->after) || now->mode != op->after.mode ||
		 now->uid != op->after.uid || now->gid != op->after.gid)
		conflict(x, op, changed);
}

static int check_one(struct checking *x, size_t i)
{
	struct op *op = &x->w->journal->ops.v[i];
	struct node now = {.type = NODE_NONE};
	const char *name;
	int dir;

	if (op->kind == OP_LIKE || op->kind == OP_DROP || op->kind == OP_RAISE ||
	    op->flags & OP_REPLACED)
		return 0;
	dir = work_host(x->w, op, &name, x->e);
	if (dir < 0 && !work_is_gone(x->w, x->e))
		return -1;
	if (dir >= 0 && node_read(x->w->pool, dir, name, &now))
		return work_error(x->w, op, x->e);
	if (op->kind == OP_REMOVE || op->kind == OP_RMDIR) {
		if (now.type != NODE_NONE)
			conflict(x, op, "the host has made something there since");
		else if (dir < 0 && !is_in_removed(x, op))
			conflict(x, op, "the host has deleted the directory that it was in");
	} else if (op->kind == OP_PUT) {
		check_put(x, op, &now);
	} else if (op->kind == OP_TIMES) {
		/* The host's own changes to a directory have their time. */
		if (now.type != NODE_NONE && now.mtime != op->after.mtime)
			op->flags &= ~(uint32_t)OP_HOST;
	} else {
		check_directory(x, op, &now);
	}
	return 0;
}

static int check(struct work *w, struct undo *ret, struct err *e)
{
	struct checking x = {.w = w, .ret = ret, .e = e};

	list_removed(&x);
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		if (check_one(&x, i))
			return -1;
	}
	if (ret->conflicts.n == 0)
		return 0;
	err_set(e, "%s: the host has changed since that commit: nothing was undone",
		w->store->name);
	e->code = 1;
	return -1;
}

/* --- undo --- */

static int mark(struct work *w, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(w->slots, "undoing", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && fsync(fd) == 0)
		return 0;
	err_errno(e, "%s: its journal", w->store->name);
	unlinkat(w->slots, "undoing", 0);
	return -1;
}

static int by_path(const void *a, const void *b)
{
	const struct undo_path *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : x->added - y->added;
}

static void list_paths(struct work *w, struct undo *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < w->journal->ops.n; i++) {
		const struct op *op = &w->journal->ops.v[i];

		if (op->kind == OP_LIKE || op->kind == OP_DROP || op->kind == OP_RAISE ||
		    op->kind == OP_TIMES)
			continue;
		*vec_add(w->pool, &ret->paths) = (struct undo_path){
			path_join(w->pool, w->store->trees.v[op->tree].path, op->path),
			op->host.type == NODE_NONE};
	}
	if (ret->paths.n)
		qsort(ret->paths.v, ret->paths.n, sizeof(*ret->paths.v), by_path);
	/* What was replaced has a second operation, which has found nothing there. */
	for (size_t i = 0; i < ret->paths.n; i++) {
		if (i == 0 || !str_eq(ret->paths.v[i].path, ret->paths.v[n - 1].path))
			ret->paths.v[n++] = ret->paths.v[i];
	}
	ret->paths.n = n;
}

static int undo(struct work *w, bool dry_run, const volatile sig_atomic_t *stop, struct undo *ret,
		struct err *e)
{
	struct err why;
	size_t at;

	if (check(w, ret, e))
		return -1;
	list_paths(w, ret);
	if (dry_run)
		return 0;
	if (mark(w, e))
		return -1;
	if (finish_undo(w, stop, &at, e) == 0)
		return finish_undone(w, &ret->strange, &ret->kept, e);
	if (finish_redo(w, at, &why)) {
		struct err what = *e;

		err_set(e, "%.400s; and it cannot all be put back: %.400s", what.text, why.text);
		return err_hint(e, "the next command goes on with it");
	}
	return -1;
}

int commit_undo(struct store *s, bool dry_run, const volatile sig_atomic_t *stop, struct undo *ret,
		struct err *e)
{
	ssize_t last = journal_last(s, "commit");
	struct journal j;
	struct work w;
	int rc;

	*ret = (struct undo){0};
	if (last < 0)
		return err_errno(e, "%s", s->name);
	if (last == 0) {
		err_set(e, "%s: nothing was committed that could be undone", s->name);
		e->code = 1;
		return -1;
	}
	rc = load(&w, &j, s, journal_name(s, "commit", (size_t)last), e);
	if (rc >= 0)
		rc = undo(&w, dry_run, stop, ret, e);
	work_done(&w);
	return rc ? -1 : 0;
}
