/* SPDX-License-Identifier: MIT */
/* What operations need before the first of them: see operations.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/base.h"
#include "store/marks.h"
#include "store/operations.h"

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/* --- merges --- */

static const struct decision *decision_of(const struct commit *c, const struct op *op)
{
	size_t low = 0, high = c->changes.n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct change *m = &c->changes.v[mid];

		if (m->tree < op->tree ||
		    (m->tree == op->tree && path_compare(m->path, op->path) < 0))
			low = mid + 1;
		else
			high = mid;
	}
	return &c->decisions[low];
}

/* The lines of both, with everything else as the sandbox has it. */
static int write_merged(struct work *w, size_t i, const struct decision *d, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	struct journal_word word = journal_slot('n', i);
	struct copy_rules rules = w->for_host;
	const char *name, *text = d->merged;
	int dir = work_layer(w, op, &name, e);
	_cleanup_fd_ int out = -1;

	if (dir < 0)
		return -1;
	if (copy_object(dir, name, w->slots, word.text, &op->layer, &rules))
		return work_error(w, op, e);
	out = openat(w->slots, word.text, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return work_error(w, op, e);
	for (size_t left = d->merged_length; left > 0;) {
		ssize_t n = write(out, text, left);

		if (n < 0 && errno != EINTR)
			return work_error(w, op, e);
		text += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return node_read(w->pool, w->slots, word.text, &op->layer) ? work_error(w, op, e) : 0;
}

/* --- a part of a deleted directory --- */

/* A directory that the layer gets for the host's, which is not deleted any more. */
static int raise_directory(struct work *w, const struct change *change, int to, const char *name,
			   struct err *e)
{
	const struct op at = {.tree = change->tree, .path = change->path};
	struct copy_rules rules = {.keep_group = true};
	struct node like = change->before;
	const char *host_name;
	int dir = work_host(w, &at, &host_name, e);

	if (dir < 0)
		return -1;
	like.uid = (uid_t)-1;
	return copy_object(dir, host_name, to, name, &like, &rules) ? work_error(w, &at, e) : 0;
}

/* One entry below it: what stays deleted is so by itself now, unless it is in what stays deleted. */
static int raise_entry(const struct commit *c, struct work *w, struct beneath *made, size_t k,
		       size_t skip, struct err *e)
{
	const struct change *change = &c->changes.v[k];
	const struct decision *d = &c->decisions[k];
	const struct op at = {.tree = change->tree, .path = change->path};
	const char *name;
	int dir;

	if (!c->decisions[d->above].raised || (d->verdict == VERDICT_DROP && !d->raised))
		return 0;
	dir = beneath_parent(made, change->path + skip, &name);
	if (dir < 0)
		return work_error(w, &at, e);
	if (d->raised)
		return raise_directory(w, change, dir, name, e);
	return mark_whiteout(dir, name, w->store->trees.v[at.tree].fuse) ? work_error(w, &at, e)
									 : 0;
}

/* Makes in nI what the layer is to have in the place of a whiteout. */
static int raise_part(const struct commit *c, struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	const struct decision *top = decision_of(c, op);
	struct journal_word word = journal_slot('n', i);
	struct beneath made = {-1, -1, NULL, 0};
	size_t first = (size_t)(top - c->decisions);
	int rc = raise_directory(w, &c->changes.v[first], w->slots, word.text, e);

	if (rc)
		return -1;
	made.root = openat(w->slots, word.text, directory_flags);
	if (made.root < 0)
		return work_error(w, op, e);
	for (size_t k = first + 1; rc == 0 && k < top->end; k++)
		rc = raise_entry(c, w, &made, k, strlen(op->path) + 1, e);
	beneath_forget(&made);
	fd_closep(&made.root);
	return rc;
}

/* --- opaque directories --- */

/*
 * Where the host had no directory when the sandbox made one, the mark hides nothing: what the host has
 * there, it has made since, and it is seen.
 */
static bool hides(const struct base *base, size_t tree, const char *path)
{
	const struct base_record *r = base_find(base, tree, path);

	return !r || r->host.type == NODE_DIRECTORY;
}

static int make_explicit(struct work *w, const struct base *base, const struct op *at,
			 struct err *e)
{
	bool fuse = w->store->trees.v[at->tree].fuse;
	_cleanup_fd_ int layer = -1, host = -1;
	int opaque;

	if (work_layer_root(w, at->tree, e) < 0 || work_host_root(w, at->tree, e) < 0)
		return -1;
	layer = beneath_open(&w->trees[at->tree].layer, at->path);
	if (layer < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0
									     : work_error(w, at, e);
	opaque = mark_is_opaque(layer, fuse);
	if (opaque <= 0)
		return opaque ? work_error(w, at, e) : 0;
	if (hides(base, at->tree, at->path)) {
		host = beneath_open(&w->trees[at->tree].host, at->path);
		if (host < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			return work_error(w, at, e);
	}
	return mark_explicitly(w->pool, host, layer, fuse) ? work_error(w, at, e) : 0;
}

/* All directories above `path` that stay, but for those that `before` had as well. */
static int make_above_explicit(const struct commit *c, struct work *w, const struct base *base,
			       const struct change *change, const char *before, struct err *e)
{
	for (const char *slash = strchr(change->path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - change->path);
		struct op at = {.tree = change->tree};

		if (before && strncmp(before, change->path, n + 1) == 0)
			continue;
		at.path = pool_strndup(w->pool, change->path, n);
		if (commit_pending_below(c, at.tree, at.path) == 0)
			return 0;
		if (make_explicit(w, base, &at, e))
			return -1;
	}
	return 0;
}

static int make_all_explicit(const struct commit *c, struct work *w, struct err *e)
{
	struct base base = {0};
	const struct change *before = NULL;

	if (base_read(w->store, &base, e))
		return -1;
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct change *change = &c->changes.v[i];
		enum verdict verdict = c->decisions[i].verdict;

		if (verdict != VERDICT_DO && verdict != VERDICT_DROP)
			continue;
		if (make_above_explicit(
			    c, w, &base, change,
			    before && before->tree == change->tree ? before->path : NULL, e))
			return -1;
		before = change;
	}
	return 0;
}

int operations_prepare(const struct commit *c, struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->journal->ops.n; i++) {
		const struct op *op = &w->journal->ops.v[i];

		if (op->flags & OP_MERGED && write_merged(w, i, decision_of(c, op), e))
			return -1;
		if (op->kind == OP_RAISE && raise_part(c, w, i, e))
			return -1;
	}
	return make_all_explicit(c, w, e);
}
