/* SPDX-License-Identifier: MIT */
/*
 * A commit or a discard, from decisions to the end. Before the journal is in place nothing has changed
 * that could be seen; `done` makes it valid. In between, whatever goes wrong, or kills us, leads back.
 * One fsync(2) for each of the two: a power failure leaves one of the same states, for file systems
 * write renames in their order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/finish.h"
#include "store/operations.h"
#include "store/records.h"

static int write_journal(struct work *w, struct err *e)
{
	int fd = openat(w->slots, "journal.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "we");
	int failed;

	if (!out) {
		fd_closep(&fd);
		return err_errno(e, "%s: its journal", w->store->name);
	}
	journal_print(out, w->journal);
	/* A write that failed before is only remembered. */
	failed = fflush(out) || ferror(out) || fsync(fd);
	if (fclose(out) || failed || renameat(w->slots, "journal.new", w->slots, "journal"))
		return err_errno(e, "%s: its journal", w->store->name);
	return 0;
}

/* The records as they are: undo puts them back. */
static int keep_records(struct work *w, struct err *e)
{
	return linkat(w->store->dir, "base", w->slots, "base", 0) && errno != ENOENT
		       ? err_errno(e, "%s: its record of the host", w->store->name)
		       : 0;
}

static int check_stop(const struct commit *c, struct err *e)
{
	return c->options.stop && *c->options.stop ? err_set(e, "interrupted") : 0;
}

/* *reached: the operation that failed, or the number of all. */
static int apply_all(const struct commit *c, struct work *w, size_t *reached, struct err *e)
{
	const size_t n = w->journal->ops.n;

	for (*reached = 0; *reached < n; ++*reached) {
		if (check_stop(c, e) || apply_op(w, *reached, e))
			return -1;
		if (c->store->progress)
			c->store->progress(c->store->progress_context,
					   c->options.discard ? "discarding" : "committing",
					   *reached + 1, n);
	}
	return 0;
}

/* Behind the journal. */
static int carry_out(struct commit *c, struct work *w, struct err *e)
{
	size_t reached;
	struct err why;

	if (apply_all(c, w, &reached, e) == 0 && finish_done(w, e) == 0 &&
	    records_after_commit(w, c, e) == 0 && check_stop(c, e) == 0 && finish_commit(w, e) == 0)
		return finish_records(w, e);
	if (finish_revert(w, reached, &c->strange, &c->kept, &why)) {
		struct err what = *e;

		err_set(e, "%.400s; and it cannot all be taken back: %.400s", what.text, why.text);
		return err_hint(e, "the next command goes on with it");
	}
	return -1;
}

/* `build` fills the journal of a new directory. */
static int run(struct commit *c, struct work *w,
	       int (*build)(const struct commit *c, struct work *w, struct err *e), struct err *e)
{
	struct store *s = c->store;
	struct journal *j = pool_alloc(s->pool, sizeof(*j));
	const char *prefix = c->options.discard ? "discard" : "commit", *name;
	ssize_t last = journal_last(s, prefix);
	struct stat st;

	*j = (struct journal){.pool = s->pool,
			      .kind = c->options.discard ? JOURNAL_DISCARD : JOURNAL_COMMIT};
	*w = (struct work){.slots = -1};
	if (last < 0)
		return err_errno(e, "%s", s->name);
	name = journal_name(s, prefix, (size_t)last + 1);
	if (getrandom(&j->token, sizeof(j->token), 0) != sizeof(j->token) || fstat(s->dir, &st) ||
	    mkdirat(s->dir, name, 0700))
		return err_errno(e, "%s: %s", s->name, name);
	j->device = st.st_dev;
	if (work_begin(w, s, j, name, e) == 0 && build(c, w, e) == 0 && keep_records(w, e) == 0 &&
	    write_journal(w, e) == 0)
		return carry_out(c, w, e);
	/* Without a journal it is nothing, and the next command would remove it. */
	finish_trash(s, name, &(struct err){0});
	return -1;
}

static int build_commit(const struct commit *c, struct work *w, struct err *e)
{
	return operations_build(c, w, e) || operations_prepare(c, w, e) ? -1 : 0;
}

static void lose_attributes(struct commit *c, const struct op *op)
{
	for (size_t i = 0; i < c->changes.n; i++) {
		if (c->changes.v[i].tree == op->tree && str_eq(c->changes.v[i].path, op->path))
			c->decisions[i].losses |= COMMIT_ATTRIBUTES;
	}
}

int commit_apply(struct commit *c, struct err *e)
{
	struct work w;
	int rc;

	if (c->done + c->dropped == 0)
		return 0;
	rc = run(c, &w, build_commit, e);
	for (size_t i = 0; i < w.lost.n; i++)
		lose_attributes(c, &w.journal->ops.v[w.lost.v[i]]);
	work_done(&w);
	return rc;
}

/* --- all that is pending --- */

/* Metadata of a tree's root. Where that is gone there is nothing to be like. */
static int liken_root(struct work *w, size_t tree, int layer, struct err *e)
{
	struct node host, own;
	struct op *op;
	int root = work_host_root(w, tree, &(struct err){0});

	if (root < 0)
		return 0;
	if (node_read(w->pool, root, "", &host) || node_read(w->pool, layer, "", &own))
		return err_errno(e, "%s", w->store->name);
	op = vec_add(w->pool, &w->journal->ops);
	*op = (struct op){
		.kind = OP_LIKE, .tree = tree, .path = "", .link = -1, .host = host, .layer = own};
	return 0;
}

static int build_discard(const struct commit *c, struct work *w, struct err *e)
{
	for (size_t tree = 0; tree < c->store->trees.n; tree++) {
		_cleanup_fd_ int list = -1;
		node_name_vec names = {0};

		if (work_layer_root(w, tree, e) < 0)
			return -1;
		list = beneath_open(&w->trees[tree].layer, "");
		if (list < 0 || node_list(w->pool, list, &names))
			return err_errno(e, "%s", c->store->name);
		for (size_t i = 0; i < names.n; i++) {
			struct op *op = vec_add(w->pool, &w->journal->ops);

			*op = (struct op){
				.kind = OP_DROP, .tree = tree, .path = names.v[i].name, .link = -1};
			if (node_read(w->pool, list, op->path, &op->layer))
				return work_error(w, op, e);
		}
		if (liken_root(w, tree, list, e))
			return -1;
	}
	return 0;
}

int commit_discard_all(struct store *s, struct err *e)
{
	struct commit c = {.store = s, .options = {.discard = true}};
	struct work w;
	int rc = run(&c, &w, build_discard, e);

	work_done(&w);
	return rc;
}
