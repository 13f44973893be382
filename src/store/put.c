/* SPDX-License-Identifier: MIT */
/*
 * Objects of a layer put to the host: see apply.h. This is where nearly all of a commit's time goes, so
 * the usual way takes as few system calls as can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/apply.h"
#include "store/marks.h"

/* Where the object that is put comes from. */
static int source(struct work *w, size_t i, const char **name, struct journal_word *word,
		  struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];

	if (!(op->flags & OP_MERGED))
		return work_layer(w, op, name, e);
	*word = journal_slot('n', i);
	*name = word->text;
	return w->slots;
}

/* Out of the layer, but for the name as the host is to have it. */
static int prepare_object(struct work *w, const struct op *op, int from, const char *from_name,
			  struct err *e)
{
	const struct node *n = &op->layer;

	if (n->type != NODE_SYMLINK && mark_strip(from, from_name))
		return work_error(w, op, e);
	if ((n->uid != w->for_host.uid || n->gid != w->for_host.gid) &&
	    fchownat(from, from_name, w->for_host.uid, w->for_host.gid, AT_SYMLINK_NOFOLLOW))
		return work_error(w, op, e);
	return 0;
}

/* The host's object is at `from` now, where the layer's was: it goes into its slot. */
static int slot_old(struct work *w, size_t i, int from, const char *from_name, int dir,
		    const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	int same = work_is_at(w, from, from_name, work_old(op));

	if (same == 1)
		return renameat(from, from_name, w->slots, journal_slot('s', i).text)
			       ? work_error(w, op, e)
			       : 0;
	if (renameat2(from, from_name, dir, name, RENAME_EXCHANGE) || same < 0)
		return work_error(w, op, e);
	return work_conflict(w, op, work_changed, e);
}

/* What was cut off on its way back: 1 if it is in place again, 0 if it has to be put. */
static int put_again(struct work *w, size_t i, int from, const char *from_name, int dir,
		     const char *name, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	bool had = op->host.type != NODE_NONE;
	int here = work_is_at(w, dir, name, &op->layer),
	    there = work_is_at(w, w->slots, slot.text, &op->layer);

	if (here < 0 || there < 0)
		return work_error(w, op, e);
	if (there == 1 &&
	    renameat2(w->slots, slot.text, dir, name, had ? RENAME_EXCHANGE : RENAME_NOREPLACE))
		return work_error(w, op, e);
	if (here == 1 && had && work_is_at(w, from, from_name, work_old(op)) == 1 &&
	    slot_old(w, i, from, from_name, dir, name, e))
		return -1;
	if (!here && !there)
		return 0;
	return work_look_after(w, op, dir, name, e) ? -1 : 1;
}

static int make_temporary(struct work *w, size_t i, int from, const char *from_name, int dir,
			  const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct copy_rules rules = w->for_host;
	const struct op *leader = op->link < 0 ? NULL : &w->journal->ops.v[op->link];
	_cleanup_fd_ int other = -1;
	struct beneath b;
	const char *name;

	if (leader) {
		b = (struct beneath){w->trees[leader->tree].host.root, -1, NULL, 0};
		other = beneath_parent(&b, leader->path, &name);
		other = other == b.root ? fcntl(other, F_DUPFD_CLOEXEC, 3) : other;
		if (other >= 0 && linkat(other, name, dir, temporary, 0) == 0)
			return 0;
		/* Too many names for that file system, or a mount between them: a file of its own. */
		if (other < 0 || (errno != EXDEV && errno != EMLINK))
			return work_error(w, op, e);
	}
	rules.keep_group = op->flags & OP_INHERIT;
	if (copy_object(from, from_name, dir, temporary, &op->layer, &rules))
		return work_error(w, op, e);
	if (rules.lost)
		*vec_add(w->pool, &w->lost) = i;
	return 0;
}

static int exchange_copy(struct work *w, size_t i, int dir, const char *name, const char *temporary,
			 struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	int same;

	if (op->host.type == NODE_NONE) {
		if (renameat2(dir, temporary, dir, name, RENAME_NOREPLACE) == 0)
			return 0;
		return errno == EEXIST ? work_conflict(w, op, work_appeared, e)
				       : work_error(w, op, e);
	}
	if (work_check(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, temporary, dir, name, RENAME_EXCHANGE))
		return work_error(w, op, e);
	same = work_is_at(w, dir, temporary, work_old(op));
	if (same == 1)
		return work_keep(w, i, dir, temporary, e);
	if (renameat2(dir, temporary, dir, name, RENAME_EXCHANGE) || same < 0)
		return work_error(w, op, e);
	return work_conflict(w, op, work_changed, e);
}

/* What was cut off on its way back: 1 if it is in place; 0 if it has to be put. */
static int put_copy_again(struct work *w, size_t i, int dir, const char *name,
			  const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	int put = work_is_at(w, dir, name, &op->after),
	    aside = work_is_at(w, dir, temporary, work_old(op));

	if (put < 0 || aside < 0)
		return work_error(w, op, e);
	if (put)
		return aside && work_keep(w, i, dir, temporary, e) ? -1 : 1;
	if (work_slot_is_kept(w, op, slot.text) != 0)
		return work_conflict(w, op, work_changed, e);
	/* The slot has no more than a copy of what is there again. */
	if ((unlinkat(dir, temporary, 0) && errno != ENOENT) ||
	    (unlinkat(w->slots, slot.text, 0) && errno != ENOENT))
		return work_error(w, op, e);
	return 0;
}

static int put_copy(struct work *w, size_t i, int from, const char *from_name, int dir,
		    const char *name, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	struct journal_word temporary = journal_temporary(w->journal, i, false);

	if (w->careful) {
		int rc = put_copy_again(w, i, dir, name, temporary.text, e);

		if (rc)
			return rc < 0 ? -1 : work_look_after(w, op, dir, name, e);
	}
	if (make_temporary(w, i, from, from_name, dir, temporary.text, e) ||
	    exchange_copy(w, i, dir, name, temporary.text, e))
		return -1;
	return work_look_after(w, op, dir, name, e);
}

static int put_rename(struct work *w, size_t i, int from, const char *from_name, int dir,
		      const char *name, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	bool had = op->host.type != NODE_NONE;

	if (prepare_object(w, op, from, from_name, e) || (had && work_check(w, op, dir, name, e)))
		return -1;
	if (renameat2(from, from_name, dir, name, had ? RENAME_EXCHANGE : RENAME_NOREPLACE)) {
		if (errno != EXDEV)
			return errno == EEXIST ? work_conflict(w, op, work_appeared, e)
					       : work_error(w, op, e);
		/* Bind mounts, quotas by project: the same device, and no way between. */
		if (put_copy(w, i, from, from_name, dir, name, e))
			return -1;
		return renameat(from, from_name, w->slots, journal_slot('l', i).text)
			       ? work_error(w, op, e)
			       : 0;
	}
	if (had && slot_old(w, i, from, from_name, dir, name, e))
		return -1;
	if (work_look_after(w, op, dir, name, e))
		return -1;
	return work_is(&op->after, &op->layer) ? 0 : work_conflict(w, op, work_changed, e);
}

int put_op(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word word;
	const char *name, *from_name;
	int from = source(w, i, &from_name, &word, e),
	    dir = from < 0 ? -1 : work_host(w, op, &name, e), rc;

	if (dir < 0)
		return -1;
	if (op->flags & OP_COPY)
		return put_copy(w, i, from, from_name, dir, name, e);
	if (w->careful) {
		rc = put_again(w, i, from, from_name, dir, name, e);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	return put_rename(w, i, from, from_name, dir, name, e);
}
