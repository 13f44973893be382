/* SPDX-License-Identifier: MIT */
/* Operations of a journal, forwards: see apply.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/apply.h"

/* --- remove --- */

static int remove_to_other(struct work *w, size_t i, int dir, const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word temporary = journal_temporary(w->journal, i, false);
	int same;

	if (renameat2(dir, name, dir, temporary.text, RENAME_NOREPLACE))
		return work_error(w, op, e);
	same = work_is_at(w, dir, temporary.text, work_old(op));
	if (same == 1)
		return work_keep(w, i, dir, temporary.text, e);
	if (renameat2(dir, temporary.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return work_error(w, op, e);
	return work_conflict(w, op, work_changed, e);
}

static int apply_remove(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i),
			    temporary = journal_temporary(w->journal, i, false);
	const char *name;
	int dir = work_host(w, op, &name, e), same;

	if (dir < 0)
		return -1;
	if (w->careful && work_exists(dir, temporary.text))
		return work_keep(w, i, dir, temporary.text, e);
	if (w->careful && (!work_exists(dir, name) || work_slot_is_kept(w, op, slot.text) == 1))
		return 0;
	/* A copy of what is there again. */
	if (w->careful && unlinkat(w->slots, slot.text, 0) && errno != ENOENT)
		return work_error(w, op, e);
	if (work_check(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE))
		return errno == EXDEV ? remove_to_other(w, i, dir, name, e) : work_error(w, op, e);
	same = work_is_at(w, w->slots, slot.text, work_old(op));
	if (same == 1)
		return 0;
	/* Somebody was faster, between the check and the rename. */
	if (renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return work_error(w, op, e);
	return work_conflict(w, op, work_changed, e);
}

/*
 * A directory that is closed to everybody cannot get new entries, not even from those who have it
 * open; so one that is empty then stays so.
 */
static int close_empty(struct work *w, const struct op *op, const char *slot, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(w->slots, slot, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	node_name_vec names = {0};

	if (fd < 0 || fchmod(fd, 0) || node_list(w->pool, fd, &names))
		return work_error(w, op, e);
	return names.n ? work_conflict(w, op, "something was put into it on the host meanwhile", e)
		       : 0;
}

/* From another file system: a likeness of it is kept. */
static int rmdir_other(struct work *w, size_t i, int dir, const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);

	if ((unlinkat(w->slots, slot.text, AT_REMOVEDIR) && errno != ENOENT) ||
	    copy_object(dir, name, w->slots, slot.text, &op->host, &w->as_is))
		return work_error(w, op, e);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST
		       ? work_conflict(w, op, "something was put into it on the host meanwhile", e)
		       : work_error(w, op, e);
}

static int apply_rmdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	const char *name;
	int dir = work_host(w, op, &name, e), same;

	if (dir < 0)
		return -1;
	if (w->careful && work_slot_is_kept(w, op, slot.text) == 1)
		return close_empty(w, op, slot.text, e);
	if (w->careful && !work_exists(dir, name) && errno == ENOENT)
		return 0;
	if (work_check(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE))
		return errno == EXDEV || errno == EEXIST ? rmdir_other(w, i, dir, name, e)
							 : work_error(w, op, e);
	same = work_is_at(w, w->slots, slot.text, work_old(op));
	if (same == 1)
		return close_empty(w, op, slot.text, e);
	if (renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return work_error(w, op, e);
	return work_conflict(w, op, work_changed, e);
}

/* --- directories --- */

static int apply_mkdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word temporary = journal_temporary(w->journal, i, false);
	struct copy_rules rules = w->for_host;
	const char *name, *layer_name;
	int layer = work_layer(w, op, &layer_name, e),
	    dir = layer < 0 ? -1 : work_host(w, op, &name, e);
	struct node now;

	if (dir < 0)
		return -1;
	if (w->careful) {
		if (node_read(w->pool, dir, name, &now) ||
		    (unlinkat(dir, temporary.text, AT_REMOVEDIR) && errno != ENOENT))
			return work_error(w, op, e);
		if (now.type == NODE_DIRECTORY)
			return 0;
	}
	rules.keep_group = op->flags & OP_INHERIT;
	if (copy_object(layer, layer_name, dir, temporary.text, &op->layer, &rules))
		return work_error(w, op, e);
	if (rules.lost)
		*vec_add(w->pool, &w->lost) = i;
	if (renameat2(dir, temporary.text, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EEXIST ? work_conflict(w, op, work_appeared, e) : work_error(w, op, e);
}

/* What `dir` is like now is kept in `slot`, unless it is already. */
static int keep_likeness(struct work *w, size_t i, const char *slot, int dir, const struct node *n,
			 struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word part = journal_slot('p', i);
	struct copy_rules rules = {.keep_group = true};

	if (work_exists(w->slots, slot))
		return 0;
	if ((unlinkat(w->slots, part.text, AT_REMOVEDIR) && errno != ENOENT) ||
	    copy_object(dir, ".", w->slots, part.text, n, &rules) ||
	    renameat(w->slots, part.text, w->slots, slot))
		return work_error(w, op, e);
	return 0;
}

/* Metadata of one directory of two becomes the other's: of the host's, or of the layer's. */
static int apply_meta(struct work *w, size_t i, bool to_host, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	const char *name;
	_cleanup_fd_ int host = -1, layer = -1;
	struct copy_rules rules = to_host ? w->for_host : w->as_is;
	struct node now;

	/* Opens the roots; an entry of a directory is reached through its parent. */
	if (work_host(w, op, &name, e) < 0 || work_layer(w, op, &name, e) < 0)
		return -1;
	host = beneath_open(&w->trees[op->tree].host, op->path);
	layer = host < 0 ? -1 : beneath_open(&w->trees[op->tree].layer, op->path);
	if (layer < 0)
		return work_error(w, op, e);
	if (to_host && !w->careful && work_check(w, op, host, "", e))
		return -1;
	if (keep_likeness(w, i, journal_slot(to_host ? 's' : 'l', i).text, to_host ? host : layer,
			  to_host ? &op->host : &op->layer, e))
		return -1;
	/* The host's may have become what it is by an operation before this one. */
	if (node_read(w->pool, host, "", &now) ||
	    copy_metadata(to_host ? layer : host, to_host ? host : layer,
			  to_host ? &op->layer : &now, &rules))
		return work_error(w, op, e);
	if (to_host && rules.lost)
		*vec_add(w->pool, &w->lost) = i;
	return 0;
}

/* --- the layer --- */

static int apply_drop(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('l', i);
	const char *name;
	int dir = work_layer(w, op, &name, e);

	/* Below a deleted directory, or put by renaming: the layer has nothing there. */
	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	/* What came into the layer while it could not be put back there stays. */
	if (w->careful && work_exists(w->slots, slot.text))
		return 0;
	return renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE) && errno != ENOENT
		       ? work_error(w, op, e)
		       : 0;
}

static int apply_raise(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('n', i);
	const char *name;
	int dir = work_layer(w, op, &name, e);

	if (dir < 0)
		return -1;
	if (renameat2(w->slots, slot.text, dir, name, RENAME_EXCHANGE) == 0)
		return 0;
	/* A whiteout of the other form, which the directory beside it makes void. */
	if (errno == ENOENT && renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	return work_error(w, op, e);
}

/* A directory that stays in the layer has the times that the sandbox gave it. */
static int keep_layer_times(struct work *w, const struct op *op, struct err *e)
{
	const char *name;
	int dir;

	if (op->layer.type != NODE_DIRECTORY)
		return 0;
	dir = work_layer(w, op, &name, e);
	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	return copy_times(dir, name, &op->layer) && errno != ENOENT ? work_error(w, op, e) : 0;
}

static int apply_times(struct work *w, size_t i, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	const char *name;
	int dir;

	if (keep_layer_times(w, op, e))
		return -1;
	if (!(op->flags & OP_HOST))
		return 0;
	dir = work_host(w, op, &name, e);
	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	if (op->flags & OP_SETTLE && copy_times(dir, name, &op->layer))
		return work_error(w, op, e);
	return work_look_after(w, op, dir, name, e);
}

/* A copy for the way back that was cut off. */
static int clear_way(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word back = journal_temporary(w->journal, i, true);
	const char *name;
	int dir;

	if (op->kind != OP_REMOVE && op->kind != OP_RMDIR && op->kind != OP_PUT)
		return 0;
	dir = work_host(w, op, &name, e);
	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	return unlinkat(dir, back.text, op->kind == OP_RMDIR ? AT_REMOVEDIR : 0) && errno != ENOENT
		       ? work_error(w, op, e)
		       : 0;
}

static int apply(struct work *w, size_t i, struct err *e)
{
	switch (w->journal->ops.v[i].kind) {
	case OP_REMOVE:
		return apply_remove(w, i, e);
	case OP_RMDIR:
		return apply_rmdir(w, i, e);
	case OP_PUT:
		return put_op(w, i, e);
	case OP_MKDIR:
		return apply_mkdir(w, i, e);
	case OP_META:
		return apply_meta(w, i, true, e);
	case OP_LIKE:
		return apply_meta(w, i, false, e);
	case OP_DROP:
		return apply_drop(w, i, e);
	case OP_RAISE:
		return apply_raise(w, i, e);
	case OP_TIMES:
		return apply_times(w, i, e);
	case OP_KINDS:
		break;
	}
	return 0;
}

int apply_op(struct work *w, size_t i, struct err *e)
{
	int rc = (w->careful && clear_way(w, i, e)) || apply(w, i, e) ? -1 : 0;

	work_forget(w, &w->journal->ops.v[i]);
	return rc;
}
