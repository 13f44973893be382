/* SPDX-License-Identifier: MIT */
/* What the operations of a journal have in common: see work.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/work.h"

int work_begin(struct work *w, struct store *s, struct journal *j, const char *directory,
	       struct err *e)
{
	const uint64_t flags = O_RDONLY | O_DIRECTORY;

	w->store = s;
	w->pool = s->pool;
	w->journal = j;
	w->directory = directory;
	w->for_host = (struct copy_rules){.for_host = true, .uid = geteuid(), .gid = getegid()};
	w->trees = pool_alloc(s->pool, s->trees.n * sizeof(*w->trees));
	for (size_t i = 0; i < s->trees.n; i++)
		w->trees[i] = (struct work_tree){{-1, -1, NULL, 0}, {-1, -1, NULL, 0}};
	for (size_t i = 0; i < j->ops.n; i++) {
		if (j->ops.v[i].kind == OP_DROP && j->ops.v[i].layer.type == NODE_DIRECTORY)
			*vec_add(s->pool, &w->drops) = i;
		w->times += j->ops.v[i].kind != OP_TIMES;
	}
	w->slots = fd_openat2(s->dir, directory, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	return w->slots < 0 ? err_errno(e, "%s: %s", s->name, directory) : 0;
}

void work_done(struct work *w)
{
	for (size_t i = 0; w->trees && i < w->store->trees.n; i++) {
		beneath_forget(&w->trees[i].host);
		beneath_forget(&w->trees[i].layer);
		fd_closep(&w->trees[i].host.root);
		fd_closep(&w->trees[i].layer.root);
	}
	w->trees = NULL;
	if (w->slots > STDERR_FILENO)
		fd_closep(&w->slots);
}

static const char *path_of(struct work *w, const struct op *op)
{
	return str_safe(w->pool, path_join(w->pool, w->store->trees.v[op->tree].path, op->path));
}

int work_error(struct work *w, const struct op *op, struct err *e)
{
	/* What openat2(2) says of a link on the way. */
	if (errno != ELOOP)
		return err_errno(e, "%s", path_of(w, op));
	work_conflict(w, op, "a link stands where a directory was", e);
	e->error = ELOOP;
	return -1;
}

bool work_is_gone(const struct work *w, const struct err *e)
{
	return e->error == ENOENT || e->error == ENOTDIR || e->error == ELOOP ||
	       (e->error == EACCES && w->backing_out);
}

int work_conflict(struct work *w, const struct op *op, const char *why, struct err *e)
{
	err_set(e, "%s: %s", path_of(w, op), why);
	e->code = 1;
	return -1;
}

int work_host_root(struct work *w, size_t tree, struct err *e)
{
	struct beneath *b = &w->trees[tree].host;

	if (b->root < 0)
		b->root = store_open_tree(w->store, tree, e);
	return b->root;
}

int work_layer_root(struct work *w, size_t tree, struct err *e)
{
	struct beneath *b = &w->trees[tree].layer;

	if (b->root < 0)
		b->root = store_open_upper(w->store, tree, e);
	return b->root;
}

int work_host(struct work *w, const struct op *op, const char **name, struct err *e)
{
	int fd;

	if (work_host_root(w, op->tree, e) < 0)
		return -1;
	fd = beneath_parent(&w->trees[op->tree].host, op->path, name);
	return fd < 0 ? work_error(w, op, e) : fd;
}

int work_layer(struct work *w, const struct op *op, const char **name, struct err *e)
{
	int fd;

	if (work_layer_root(w, op->tree, e) < 0)
		return -1;
	fd = beneath_parent(&w->trees[op->tree].layer, op->path, name);
	return fd < 0 ? work_error(w, op, e) : fd;
}

void work_forget(struct work *w, const struct op *op)
{
	if (op->kind == OP_PUT || op->kind == OP_REMOVE || op->kind == OP_TIMES)
		return;
	beneath_forget(&w->trees[op->tree].host);
	beneath_forget(&w->trees[op->tree].layer);
}

bool work_is(const struct node *now, const struct node *then)
{
	return then->type != NODE_NONE && now->type == then->type && now->ino == then->ino;
}

/* On another file system the same number says nothing. */
bool work_is_kept(const struct work *w, const struct op *op, const struct node *slotted)
{
	return op->host.dev == w->journal->device && work_is(slotted, &op->host);
}

bool work_looks_like(const struct node *now, const struct node *then)
{
	return then->type != NODE_NONE && now->type == then->type &&
	       (now->type == NODE_DIRECTORY ||
		(now->size == then->size && now->mtime == then->mtime));
}

/* --- checks --- */

const char work_changed[] = "it was changed on the host at the same moment";
const char work_appeared[] = "something was put there on the host at the same moment";

const struct node *work_old(const struct op *op)
{
	return op->back.type != NODE_NONE ? &op->back : &op->host;
}

/* That the host still has what the comparison saw. */
int work_check(struct work *w, const struct op *op, int dir, const char *name, struct err *e)
{
	const struct node *then = work_old(op);
	struct node now;

	if (node_read(w->pool, dir, name, &now))
		return work_error(w, op, e);
	if (!work_is(&now, then) || now.dev != then->dev)
		return work_conflict(w, op, work_changed, e);
	if (then->type == NODE_DIRECTORY
		    ? now.mode != then->mode || now.uid != then->uid || now.gid != then->gid
		    : now.size != then->size || now.mtime != then->mtime)
		return work_conflict(w, op, work_changed, e);
	/* Other names of it that were renamed before have moved its ctime; and it itself on its way back. */
	if (then->type != NODE_DIRECTORY && now.ctime != then->ctime &&
	    !(op->flags & OP_SHARED || w->careful))
		return work_conflict(w, op, work_changed, e);
	return 0;
}

/* 1: `name` is this object; 0; -1 and errno. */
int work_is_at(struct work *w, int dir, const char *name, const struct node *then)
{
	struct node now;

	if (node_read(w->pool, dir, name, &now))
		return -1;
	return work_is(&now, then);
}

/* Likewise, in a slot. */
int work_slot_is_kept(struct work *w, const struct op *op, const char *slot)
{
	struct node now;

	if (node_read(w->pool, w->slots, slot, &now))
		return -1;
	return work_is_kept(w, op, &now);
}

int work_exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int work_keep(struct work *w, size_t i, int dir, const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i), part = journal_slot('p', i);

	if (renameat(dir, temporary, w->slots, slot.text) == 0)
		return 0;
	if (errno != EXDEV || (unlinkat(w->slots, part.text, 0) && errno != ENOENT) ||
	    copy_object(dir, temporary, w->slots, part.text, &op->host, &w->as_is) ||
	    renameat(w->slots, part.text, w->slots, slot.text) || unlinkat(dir, temporary, 0))
		return work_error(w, op, e);
	return 0;
}

int work_look_after(struct work *w, struct op *op, int dir, const char *name, struct err *e)
{
	return node_read(w->pool, dir, name, &op->after) ? work_error(w, op, e) : 0;
}
