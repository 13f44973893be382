/* SPDX-License-Identifier: MIT */
/* Records behind a commit, a discard, an undo: see records.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/base.h"
#include "store/commit.h"
#include "store/records.h"

enum { FILE_MAX = 1024 * 1024 * 1024 };

/* --- objects whose ctime we have moved --- */

struct renewal {
	ino_t ino;
	int64_t ctime;
	ino_t new_ino;
	int64_t new_ctime;
};
typedef vec_of(struct renewal) renewal_vec;

static int by_object(const void *a, const void *b)
{
	const struct renewal *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->ctime < y->ctime ? -1 : x->ctime > y->ctime;
}

/* Of a directory that was made again: its ctime may have moved between a record and the operation. */
enum { ANY_TIME = -1 };

static void add_renewal(struct work *w, renewal_vec *v, const struct node *then,
			const struct node *now)
{
	if (then->type != NODE_NONE && then->type == now->type &&
	    (then->ino != now->ino || then->ctime != now->ctime))
		*vec_add(w->pool, v) =
			(struct renewal){then->ino, then->ctime, now->ino, now->ctime};
	if (then->type == NODE_DIRECTORY && now->type == NODE_DIRECTORY && then->ino != now->ino)
		*vec_add(w->pool, v) = (struct renewal){then->ino, ANY_TIME, now->ino, now->ctime};
}

static bool renew(const renewal_vec *v, ino_t *ino, int64_t *ctime)
{
	const struct renewal key = {.ino = *ino, .ctime = *ctime};
	const struct renewal *r = v->n ? bsearch(&key, v->v, v->n, sizeof(key), by_object) : NULL;

	if (!r)
		return false;
	*ino = r->new_ino;
	*ctime = r->new_ctime;
	return true;
}

static void sort(renewal_vec *v)
{
	if (v->n)
		qsort(v->v, v->n, sizeof(*v->v), by_object);
}

/* What stands at the path of an operation now. What cannot be reached is nothing. */
static int look(struct work *w, const struct op *op, bool on_host, struct node *ret, struct err *e)
{
	const char *name;
	int dir = on_host ? work_host(w, op, &name, e) : work_layer(w, op, &name, e);

	*ret = (struct node){.type = NODE_NONE};
	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	return node_read(w->pool, dir, name, ret) ? work_error(w, op, e) : 0;
}

static int look_at_both(struct work *w, const struct op *op, renewal_vec *v, struct err *e)
{
	struct node now;

	if (op->host.type != NODE_NONE) {
		if (look(w, op, true, &now, e))
			return -1;
		add_renewal(w, v, &op->host, &now);
	}
	if (op->layer.type == NODE_NONE)
		return 0;
	if (look(w, op, false, &now, e))
		return -1;
	if (work_is(&now, &op->layer))
		add_renewal(w, v, &op->layer, &now);
	return 0;
}

/* Everything is back where it was. */
static int renewals_back(struct work *w, renewal_vec *v, struct err *e)
{
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		if (look_at_both(w, &w->journal->ops.v[i], v, e))
			return -1;
	}
	sort(v);
	return 0;
}

/* Directories, in which entries came and went; and files that have other names still. */
static int renewals_forth(struct work *w, renewal_vec *v, struct err *e)
{
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		const struct op *op = &w->journal->ops.v[i];
		struct node now;

		if (op->kind == OP_TIMES && look_at_both(w, op, v, e))
			return -1;
		if ((op->kind != OP_PUT && op->kind != OP_REMOVE) || op->host.links < 2)
			continue;
		if (node_read(w->pool, w->slots, journal_slot('s', i).text, &now))
			return work_error(w, op, e);
		if (work_is(&now, &op->host))
			add_renewal(w, v, &op->host, &now);
	}
	sort(v);
	return 0;
}

/* --- files --- */

static int failed(const struct work *w, struct err *e)
{
	return err_errno(e, "%s: its record of the host", w->store->name);
}

/* 1 and the text; 0: there is none. */
static int read_text(struct work *w, int dir, const char *name, char **ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : failed(w, e);
	return fd_read_all(w->pool, fd, FILE_MAX, ret) < 0 ? failed(w, e) : 1;
}

static void renew_base(struct base *base, const renewal_vec *v)
{
	for (size_t i = 0; i < base->v.n; i++) {
		struct base_record *r = &base->v.v[i];

		int64_t any = ANY_TIME;

		if (r->host.type != NODE_NONE && !renew(v, &r->host.ino, &r->host.ctime) &&
		    r->host.type == NODE_DIRECTORY && renew(v, &r->host.ino, &any))
			r->host.ctime = any;
		if (r->ino)
			renew(v, &r->ino, &r->ctime);
	}
}

static int rewrite_done(struct work *w, int dir, const struct journal *j, struct err *e)
{
	static const char *const aside = "done.new";
	int fd = openat(dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "we");
	int rc;

	if (!out) {
		fd_closep(&fd);
		return failed(w, e);
	}
	journal_print_done(out, j);
	/* A write that failed before is only remembered. */
	rc = fflush(out) || ferror(out);
	return fclose(out) || rc || renameat(dir, aside, dir, "done") ? failed(w, e) : 0;
}

static int renew_done(struct work *w, const char *directory, const renewal_vec *v, struct err *e)
{
	_cleanup_fd_ int dir =
		openat(w->store->dir, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct journal j = {.pool = w->pool};
	bool any = false;
	int rc;

	if (dir < 0)
		return errno == ENOENT ? 0 : failed(w, e);
	rc = journal_read(&j, dir, w->store->trees.n, e);
	if (rc <= 0)
		return rc < 0 && e->error == ENOENT ? 0 : rc;
	for (size_t i = 0; i < j.ops.n; i++) {
		if (j.ops.v[i].after.type != NODE_NONE)
			any |= renew(v, &j.ops.v[i].after.ino, &j.ops.v[i].after.ctime);
	}
	return any ? rewrite_done(w, dir, &j, e) : 0;
}

/* What commits before this one have put, and this one has moved. */
static int renew_commits(struct work *w, const renewal_vec *v, struct err *e)
{
	ssize_t last = v->n ? journal_last(w->store, "commit") : 0;

	for (ssize_t i = 1; i <= last; i++) {
		const char *name = journal_name(w->store, "commit", (size_t)i);

		if (!str_eq(name, w->directory) && renew_done(w, name, v, e))
			return -1;
	}
	return last < 0 ? failed(w, e) : 0;
}

/* --- which records --- */

struct place {
	size_t tree;
	const char *path;
};
typedef vec_of(struct place) place_vec;

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return path_compare(x->path, y->path);
}

static bool is_in(const place_vec *v, size_t tree, const char *path)
{
	const struct place key = {tree, path};

	return v->n && bsearch(&key, v->v, v->n, sizeof(key), by_place);
}

/* Paths that the operations are about, sorted. */
static place_vec places_of(struct work *w)
{
	place_vec ret = {0};

	for (size_t i = 0; i < w->journal->ops.n; i++) {
		const struct op *op = &w->journal->ops.v[i];

		if (op->kind != OP_TIMES)
			*vec_add(w->pool, &ret) = (struct place){op->tree, op->path};
	}
	if (ret.n)
		qsort(ret.v, ret.n, sizeof(*ret.v), by_place);
	return ret;
}

/* Where something has left the layer, with all that it stood for: a directory, a whiteout. */
static place_vec left_of(struct work *w)
{
	place_vec ret = {0};

	for (size_t i = 0; i < w->journal->ops.n; i++) {
		const struct op *op = &w->journal->ops.v[i];

		if (op->kind == OP_DROP && op->layer.type != NODE_FILE)
			*vec_add(w->pool, &ret) = (struct place){op->tree, op->path};
	}
	if (ret.n)
		qsort(ret.v, ret.n, sizeof(*ret.v), by_place);
	return ret;
}

/* Whether it is one of these, or below. */
static bool has_left(struct pool *pool, const place_vec *left, size_t tree, const char *path)
{
	if (left->n == 0)
		return false;
	for (size_t n = 0; path[n]; n++) {
		n += strcspn(path + n, "/");
		if (is_in(left, tree, path[n] ? pool_strndup(pool, path, n) : path))
			return true;
		if (!path[n])
			break;
	}
	return false;
}

int records_after_commit(struct work *w, const struct commit *c, struct err *e)
{
	const place_vec places = places_of(w), left = left_of(w);
	struct base base = {0};
	renewal_vec v = {0};
	_cleanup_fd_ int fd = -1;
	const char *text;
	size_t n;

	if (base_read(w->store, &base, e) || renewals_forth(w, &v, e) || renew_commits(w, &v, e))
		return -1;
	renew_base(&base, &v);
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct change *change = &c->changes.v[i];
		struct base_record *r = base_find(&base, change->tree, change->path);

		if (r && (c->decisions[i].verdict == VERDICT_DO ||
			  c->decisions[i].verdict == VERDICT_DROP))
			r->dropped = true;
	}
	for (size_t i = 0; i < base.v.n; i++) {
		struct base_record *r = &base.v.v[i];

		if (is_in(&places, r->tree, r->path) || has_left(w->pool, &left, r->tree, r->path))
			r->dropped = true;
	}
	text = base_print(w->pool, &base);
	n = strlen(text);
	fd = openat(w->slots, "after", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 || write(fd, text, n) != (ssize_t)n ? failed(w, e) : 0;
}

int records_after_revert(struct work *w, struct err *e)
{
	struct base base = {0};
	renewal_vec v = {0};

	if (renewals_back(w, &v, e) || base_read(w->store, &base, e))
		return -1;
	renew_base(&base, &v);
	if ((v.n && base.v.n && base_write(w->store, &base, e)) || renew_commits(w, &v, e))
		return -1;
	return 0;
}

int records_after_redo(struct work *w, const struct node *before, struct err *e)
{
	struct base base = {0};
	renewal_vec v = {0};

	if (renewals_forth(w, &v, e) || base_read(w->store, &base, e))
		return -1;
	for (size_t i = 0; i < w->journal->ops.n; i++)
		add_renewal(w, &v, &before[i], &w->journal->ops.v[i].after);
	sort(&v);
	renew_base(&base, &v);
	return base.v.n && base_write(w->store, &base, e) ? -1 : renew_commits(w, &v, e);
}

/* Records of the time of the commit, where it was about them. */
static void restore(struct work *w, struct base *base, const struct base *then)
{
	const place_vec places = places_of(w), left = left_of(w);
	size_t n = base->v.n;

	for (size_t i = 0; i < then->v.n; i++) {
		const struct base_record *r = &then->v.v[i];
		const struct base now = {.v = {base->v.v, n, n}};
		struct base_record *there = base_find(&now, r->tree, r->path);

		if (!is_in(&places, r->tree, r->path) &&
		    (there || !has_left(w->pool, &left, r->tree, r->path)))
			continue;
		if (there)
			there->dropped = true;
		*vec_add(w->pool, &base->v) = *r;
	}
}

int records_after_undo(struct work *w, struct err *e)
{
	struct base base = {0}, then = {0};
	renewal_vec v = {0};
	char *text = NULL;
	int rc;

	if (base_read(w->store, &base, e) || renewals_back(w, &v, e))
		return -1;
	rc = read_text(w, w->slots, "base", &text, e);
	if (rc < 0 || (text && *text && base_parse(w->pool, text, &then, e)))
		return -1;
	restore(w, &base, &then);
	renew_base(&base, &v);
	if (base_write(w->store, &base, e) || renew_commits(w, &v, e))
		return -1;
	return 0;
}
