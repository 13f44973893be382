/* SPDX-License-Identifier: MIT */
/*
 * Operations of a journal, backwards: see apply.h. Each of them first looks where things are, so that
 * it does not matter whether the operation was done, in part, or not at all.
 *
 * Where somebody else has put something on the host meanwhile, that stays, and what was there before
 * stays in its slot: the caller is told (work->strange).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/apply.h"
#include "store/place.h"

enum { PATIENCE = 100 };

/* Where an operation's objects may be on the host. */
struct spot {
	const struct op *op;
	size_t i;
	int dir; /* the host's directory */
	const char *name;
	struct journal_word slot, temporary, back;
	struct node here, slotted; /* at the name, and in the slot; slotted NONE: nothing */
};

static int strange(struct work *w, const struct op *op)
{
	*vec_add(w->pool, &w->strange) = (size_t)(op - w->journal->ops.v);
	return 0;
}

/* The host's directory is gone, and with it the place for what was taken from it. */
static int strange_if_kept(struct work *w, const struct spot *s)
{
	return s->slotted.type == NODE_NONE ? 0 : strange(w, s->op);
}

static int unlink_if_there(struct work *w, const struct op *op, int dir, const char *name,
			   int flags, struct err *e)
{
	if (unlinkat(dir, name, flags) == 0 || errno == ENOENT)
		return 0;
	/* Where nothing can be removed, we have made nothing either. */
	if ((errno == EACCES || errno == EROFS) && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0;
	return work_error(w, op, e);
}

/* 1: looked; 0: the directory is not there any more; -1. */
static int find(struct work *w, size_t i, struct spot *s, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	const struct timespec moment = {.tv_nsec = 1000000};
	int flag = op->kind == OP_RMDIR || op->kind == OP_MKDIR ? AT_REMOVEDIR : 0;

	*s = (struct spot){.op = op,
			   .name = "",
			   .i = i,
			   .slot = journal_slot('s', i),
			   .temporary = journal_temporary(w->journal, i, false),
			   .back = journal_temporary(w->journal, i, true)};
	if (node_read(w->pool, w->slots, s->slot.text, &s->slotted))
		return work_error(w, op, e);
	/* Whoever puts links in the place of directories is waited for, a moment. */
	for (int tries = 0; (s->dir = work_host(w, op, &s->name, e)) < 0; tries++) {
		if (e->error != ELOOP || tries == PATIENCE)
			return e->error != ELOOP && work_is_gone(w, e) ? 0 : -1;
		nanosleep(&moment, NULL);
	}
	/* A copy for the way back that was cut off; it is made anew. */
	if (w->careful && unlink_if_there(w, op, s->dir, s->back.text, flag, e))
		return -1;
	if (node_read(w->pool, s->dir, s->name, &s->here) == 0)
		return 1;
	work_error(w, op, e);
	return work_is_gone(w, e) ? 0 : -1;
}

/* The slot is on another file system: a copy of what it has goes to the host, with an inode of its own. */
static int copy_back(struct work *w, const struct spot *s, struct err *e)
{
	struct op *op = &w->journal->ops.v[s->i];
	bool gone = s->here.type == NODE_NONE;
	int flag = op->host.type == NODE_DIRECTORY ? AT_REMOVEDIR : 0;
	struct node back;

	if (copy_object(w->slots, s->slot.text, s->dir, s->back.text, &op->host, &w->as_is) ||
	    node_read(w->pool, s->dir, s->back.text, &back) ||
	    renameat2(s->dir, s->back.text, s->dir, s->name,
		      gone ? RENAME_NOREPLACE : RENAME_EXCHANGE))
		return work_error(w, op, e);
	op->back = back;
	if (!gone && unlink_if_there(w, op, s->dir, s->back.text, flag, e))
		return -1;
	return unlink_if_there(w, op, w->slots, s->slot.text, flag, e);
}

static int rename_back(struct work *w, const struct spot *s, int from, const char *from_name,
		       struct err *e)
{
	return renameat2(from, from_name, s->dir, s->name, RENAME_NOREPLACE)
		       ? work_error(w, s->op, e)
		       : 0;
}

/* --- put --- */

/* A slot's object goes back into the layer, unless that has something there by now. */
static int to_layer(struct work *w, const struct op *op, int from, const char *from_name,
		    struct err *e)
{
	const char *name = "";
	int dir = -1, rc = place_in_layer(w, op, &dir, &name, e);

	if (rc <= 0)
		return rc;
	return renameat2(from, from_name, dir, name, RENAME_NOREPLACE) && errno != EEXIST
		       ? work_error(w, op, e)
		       : 0;
}

/* The owner that it had in the layer. */
static int own_as_before(struct work *w, const struct op *op, int dir, const char *name,
			 struct err *e)
{
	const struct node *n = &op->layer;

	if (n->uid == w->for_host.uid && n->gid == w->for_host.gid)
		return 0;
	return fchownat(dir, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) ? work_error(w, op, e) : 0;
}

/* Whether it is the layer's object, which only renames have moved. */
static bool is_layers(const struct op *op, const struct node *n)
{
	return !(op->flags & OP_COPY) && work_is(n, &op->layer);
}

/* A copy's temporary name: it has the copy, or, behind the exchange, the host's old object. */
static int revert_temporary(struct work *w, struct spot *s, struct err *e)
{
	struct node t;

	if (node_read(w->pool, s->dir, s->temporary.text, &t))
		return work_error(w, s->op, e);
	if (t.type == NODE_NONE)
		return 0;
	if (work_is(&t, &s->op->host)) {
		if (s->here.type == NODE_NONE) {
			if (rename_back(w, s, s->dir, s->temporary.text, e))
				return -1;
		} else if (!work_looks_like(&s->here, &s->op->layer)) {
			strange(w, s->op);
			return work_keep(w, s->i, s->dir, s->temporary.text, e);
		} else if (renameat2(s->dir, s->temporary.text, s->dir, s->name, RENAME_EXCHANGE)) {
			return work_error(w, s->op, e);
		}
		s->here = t;
		/* The copy of it that was begun, or even complete. */
		if (unlink_if_there(w, s->op, w->slots, s->slot.text, 0, e))
			return -1;
		s->slotted.type = NODE_NONE;
	}
	return unlink_if_there(w, s->op, s->dir, s->temporary.text, 0, e);
}

static int revert_slot(struct work *w, struct spot *s, struct err *e)
{
	const struct op *op = s->op;
	bool is_old = work_is_kept(w, op, &s->slotted);

	if (is_layers(op, &s->slotted))
		return 0;
	/* It is back itself; the slot has a copy of it, or one of what had been put. */
	if (!is_old && work_is(&s->here, &op->host) && work_looks_like(&s->here, &op->host))
		return unlink_if_there(w, op, w->slots, s->slot.text, 0, e);
	if (s->here.type == NODE_NONE && is_old)
		return rename_back(w, s, w->slots, s->slot.text, e);
	if (is_old && (is_layers(op, &s->here) || work_looks_like(&s->here, &op->layer))) {
		if (renameat2(w->slots, s->slot.text, s->dir, s->name, RENAME_EXCHANGE))
			return work_error(w, op, e);
		s->slotted = s->here;
		return is_layers(op, &s->here)
			       ? 0
			       : unlink_if_there(w, op, w->slots, s->slot.text, 0, e);
	}
	if (!is_old && (s->here.type == NODE_NONE || work_looks_like(&s->here, &op->layer) ||
			work_looks_like(&s->here, &op->host)))
		return copy_back(w, s, e);
	return strange(w, op);
}

/* Nothing is in the slot: the host had nothing, or it was cut off in the middle, or not even begun. */
static int revert_bare(struct work *w, struct spot *s, int layer, const char *layer_name,
		       struct err *e)
{
	const struct op *op = s->op;
	struct node there = {.type = NODE_NONE};

	if (layer >= 0 && node_read(w->pool, layer, layer_name, &there))
		return work_error(w, op, e);
	if (op->host.type != NODE_NONE) {
		if (is_layers(op, &s->here) && work_is(&there, &op->host))
			return renameat2(layer, layer_name, s->dir, s->name, RENAME_EXCHANGE)
				       ? work_error(w, op, e)
				       : 0;
		return 0;
	}
	if (is_layers(op, &s->here)) {
		if (renameat2(s->dir, s->name, w->slots, s->slot.text, RENAME_NOREPLACE))
			return work_error(w, op, e);
		s->slotted = s->here;
		return 0;
	}
	if (work_looks_like(&s->here, &op->layer))
		return unlink_if_there(w, op, s->dir, s->name, 0, e);
	return s->here.type != NODE_NONE && !work_is(&there, &op->layer) ? strange(w, op) : 0;
}

/* What is no copy goes back into the layer, or gets its owner again where it never left it. */
static int put_into_layer(struct work *w, const struct spot *s, struct err *e)
{
	const struct op *op = s->op;
	struct node there;
	const char *name;
	int layer;

	if (is_layers(op, &s->slotted)) {
		if (own_as_before(w, op, w->slots, s->slot.text, e))
			return -1;
		return to_layer(w, op, w->slots, s->slot.text, e);
	}
	if (op->flags & OP_COPY ||
	    (op->layer.uid == w->for_host.uid && op->layer.gid == w->for_host.gid))
		return 0;
	layer = work_layer(w, op, &name, e);
	if (layer < 0)
		return work_is_gone(w, e) ? 0 : -1;
	if (node_read(w->pool, layer, name, &there))
		return work_error(w, op, e);
	return work_is(&there, &op->layer) ? own_as_before(w, op, layer, name, e) : 0;
}

/* The host's directory is gone. If that was never reached, it is as it was. */
static int revert_put_gone(struct work *w, struct spot *s, struct err *e)
{
	const struct op *op = s->op;
	struct node there = {.type = NODE_NONE};
	const char *name;
	int layer;

	if (s->slotted.type != NODE_NONE && !work_is(&s->slotted, &op->layer))
		strange(w, op);
	if (s->slotted.type != NODE_NONE || op->flags & (OP_COPY | OP_MERGED))
		return op->flags & OP_MERGED ? 0 : put_into_layer(w, s, e);
	layer = work_layer(w, op, &name, e);
	if (layer < 0 && !work_is_gone(w, e))
		return -1;
	if (layer >= 0 && node_read(w->pool, layer, name, &there))
		return work_error(w, op, e);
	return work_is(&there, &op->layer) ? put_into_layer(w, s, e) : strange(w, op);
}

static int revert_put(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word merged = journal_slot('n', i);
	const char *layer_name = merged.text;
	struct spot s;
	int rc = find(w, i, &s, e), layer = w->slots;

	if (rc <= 0)
		return rc < 0 ? -1 : revert_put_gone(w, &s, e);
	if (revert_temporary(w, &s, e))
		return -1;
	if (s.slotted.type != NODE_NONE) {
		rc = revert_slot(w, &s, e);
	} else {
		if (!(op->flags & OP_MERGED))
			layer = work_layer(w, op, &layer_name, e);
		if (layer < 0 && !work_is_gone(w, e))
			return -1;
		rc = revert_bare(w, &s, layer, layer_name, e);
	}
	if (rc || op->flags & OP_MERGED)
		return rc;
	/* In its own slot it is where a rename had to become a copy. */
	return put_into_layer(w, &s, e) || place_back(w, i, e) ? -1 : 0;
}

/* --- remove --- */

static int revert_remove(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct node t;
	struct spot s;
	int rc = find(w, i, &s, e);

	if (rc <= 0)
		return rc < 0 ? -1 : strange_if_kept(w, &s);
	if (node_read(w->pool, s.dir, s.temporary.text, &t))
		return work_error(w, op, e);
	if (work_is(&t, &op->host)) {
		if (s.here.type != NODE_NONE) {
			strange(w, op);
			return work_keep(w, i, s.dir, s.temporary.text, e);
		}
		if (rename_back(w, &s, s.dir, s.temporary.text, e))
			return -1;
		s.here = t;
	}
	if (s.slotted.type == NODE_NONE)
		return 0;
	if (work_is_kept(w, op, &s.slotted))
		return s.here.type == NODE_NONE ? rename_back(w, &s, w->slots, s.slot.text, e)
						: strange(w, op);
	if (s.here.type == NODE_NONE)
		return copy_back(w, &s, e);
	/* It is there already, and only the slot was left. */
	return work_looks_like(&s.here, &op->host)
		       ? unlink_if_there(w, op, w->slots, s.slot.text, 0, e)
		       : strange(w, op);
}

static int revert_rmdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct spot s;
	int rc = find(w, i, &s, e);

	if (rc <= 0)
		return rc < 0 ? -1 : strange_if_kept(w, &s);
	if (s.slotted.type == NODE_NONE)
		return 0;
	if (work_is_kept(w, op, &s.slotted)) {
		if (fchmodat(w->slots, s.slot.text, op->host.mode, 0))
			return work_error(w, op, e);
		return s.here.type == NODE_NONE ? rename_back(w, &s, w->slots, s.slot.text, e)
						: strange(w, op);
	}
	if (s.here.type == NODE_NONE)
		return copy_back(w, &s, e);
	return s.here.type == NODE_DIRECTORY
		       ? unlink_if_there(w, op, w->slots, s.slot.text, AT_REMOVEDIR, e)
		       : strange(w, op);
}

/* --- directories --- */

static int revert_mkdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct spot s;
	int rc = find(w, i, &s, e);

	if (rc <= 0)
		return rc;
	if (unlink_if_there(w, op, s.dir, s.temporary.text, AT_REMOVEDIR, e))
		return -1;
	/* Not made yet, in the place of something else; or the host has replaced it: nothing is lost. */
	if (s.here.type != NODE_DIRECTORY)
		return 0;
	if (w->undo && place_directory(w, op, e))
		return -1;
	/* The way to the layer may have closed it. */
	rc = find(w, i, &s, e);
	if (rc <= 0)
		return rc;
	if (unlinkat(s.dir, s.name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return work_error(w, op, e);
	return w->undo ? work_conflict(w, op, "the host has put something into it", e)
		       : strange(w, op);
}

/* Of the host's directory, or of the layer's. */
static int revert_meta(struct work *w, size_t i, bool of_host, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot(of_host ? 's' : 'l', i);
	_cleanup_fd_ int kept = openat(w->slots, slot.text,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			 dir = -1;
	struct copy_rules rules = {.keep_group = true};

	if (kept < 0)
		return errno == ENOENT ? 0 : work_error(w, op, e);
	if (work_host_root(w, op->tree, e) < 0 || work_layer_root(w, op->tree, e) < 0 ||
	    (of_host && w->undo && place_directory(w, op, e)))
		return -1;
	dir = beneath_open(of_host ? &w->trees[op->tree].host : &w->trees[op->tree].layer,
			   op->path);
	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR))
		return of_host ? strange(w, op) : 0;
	if (dir < 0 || copy_metadata(kept, dir, of_host ? &op->host : &op->layer, &rules))
		return work_error(w, op, e);
	fd_closep(&kept);
	return unlink_if_there(w, op, w->slots, slot.text, AT_REMOVEDIR, e);
}

/* --- the layer --- */

/* Only of a discard, which is never undone: nothing has run since. */
static int revert_raise(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('n', i);
	struct node raised;
	const char *name;
	int dir = work_layer(w, op, &name, e);

	if (dir < 0)
		return -1;
	if (node_read(w->pool, w->slots, slot.text, &raised))
		return work_error(w, op, e);
	if (raised.type == NODE_DIRECTORY)
		return 0;
	if (raised.type != NODE_NONE)
		return renameat2(w->slots, slot.text, dir, name, RENAME_EXCHANGE)
			       ? work_error(w, op, e)
			       : 0;
	return renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE) ? work_error(w, op, e)
									   : 0;
}

/* What has the right time already is let alone, for a change of it would move the ctime. */
static int set_back(struct work *w, const struct op *op, bool on_host, const struct node *then,
		    struct err *e)
{
	const char *name;
	int dir = on_host ? work_host(w, op, &name, e) : work_layer(w, op, &name, e);
	struct node now;

	if (dir < 0)
		return work_is_gone(w, e) ? 0 : -1;
	if (node_read(w->pool, dir, name, &now))
		return work_error(w, op, e);
	if (now.type != NODE_DIRECTORY || now.mtime == then->mtime)
		return 0;
	return copy_times(dir, name, then) ? work_error(w, op, e) : 0;
}

static int revert_times(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];

	if (op->flags & OP_HOST && op->host.type == NODE_DIRECTORY &&
	    set_back(w, op, true, &op->host, e))
		return -1;
	return op->layer.type == NODE_DIRECTORY ? set_back(w, op, false, &op->layer, e) : 0;
}

static int revert(struct work *w, size_t i, struct err *e)
{
	switch (w->journal->ops.v[i].kind) {
	case OP_REMOVE:
		return revert_remove(w, i, e);
	case OP_RMDIR:
		return revert_rmdir(w, i, e);
	case OP_PUT:
		return revert_put(w, i, e);
	case OP_MKDIR:
		return revert_mkdir(w, i, e);
	case OP_META:
		return revert_meta(w, i, true, e);
	case OP_LIKE:
		return revert_meta(w, i, false, e);
	case OP_DROP:
		return place_back(w, i, e);
	case OP_RAISE:
		return revert_raise(w, i, e);
	case OP_TIMES:
		return revert_times(w, i, e);
	case OP_KINDS:
		break;
	}
	return 0;
}

int revert_op(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	int rc = revert(w, i, e);

	work_forget(w, op);
	if (rc)
		return -1;
	/* What is there again must not be seen in the sandbox, whose change takes it away. */
	if (w->undo && (op->kind == OP_REMOVE || op->kind == OP_RMDIR))
		return place_whiteout(w, op, e);
	return 0;
}
