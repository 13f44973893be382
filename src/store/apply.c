/* SPDX-License-Identifier: MIT */
/* Operations of a journal, forwards: see apply.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/apply.h"
#include "store/marks.h"

/* --- the common part --- */

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

int op_error(struct work *w, const struct op *op, struct err *e)
{
	/* What openat2(2) says of a link on the way. */
	if (errno != ELOOP)
		return err_errno(e, "%s", path_of(w, op));
	op_conflict(w, op, "a link stands where a directory was", e);
	e->error = ELOOP;
	return -1;
}

bool op_is_gone(const struct err *e)
{
	/* EACCES: a directory that we cannot enter is none in which we have done anything. */
	return e->error == ENOENT || e->error == ENOTDIR || e->error == ELOOP || e->error == EACCES;
}

int op_conflict(struct work *w, const struct op *op, const char *why, struct err *e)
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

int op_host(struct work *w, const struct op *op, const char **name, struct err *e)
{
	int fd;

	if (work_host_root(w, op->tree, e) < 0)
		return -1;
	fd = beneath_parent(&w->trees[op->tree].host, op->path, name);
	return fd < 0 ? op_error(w, op, e) : fd;
}

int op_layer(struct work *w, const struct op *op, const char **name, struct err *e)
{
	int fd;

	if (work_layer_root(w, op->tree, e) < 0)
		return -1;
	fd = beneath_parent(&w->trees[op->tree].layer, op->path, name);
	return fd < 0 ? op_error(w, op, e) : fd;
}

bool op_is(const struct node *now, const struct node *then)
{
	return then->type != NODE_NONE && now->type == then->type && now->ino == then->ino;
}

/* On another file system the same number says nothing. */
bool op_is_kept(const struct work *w, const struct op *op, const struct node *slotted)
{
	return op->host.dev == w->journal->device && op_is(slotted, &op->host);
}

bool op_looks_like(const struct node *now, const struct node *then)
{
	return then->type != NODE_NONE && now->type == then->type &&
	       (now->type == NODE_DIRECTORY || (now->size == then->size && now->mtime == then->mtime));
}

/* --- checks --- */

static const char *const changed = "it was changed on the host at the same moment";
static const char *const appeared = "something was put there on the host at the same moment";

/* The host's object, which was put back as a copy if this is done for the second time. */
static const struct node *old_of(const struct op *op)
{
	return op->back.type != NODE_NONE ? &op->back : &op->host;
}

/* That the host still has what the comparison saw. */
static int check_host(struct work *w, const struct op *op, int dir, const char *name, struct err *e)
{
	const struct node *then = old_of(op);
	struct node now;

	if (node_read(w->pool, dir, name, &now))
		return op_error(w, op, e);
	if (!op_is(&now, then) || now.dev != then->dev)
		return op_conflict(w, op, changed, e);
	if (then->type == NODE_DIRECTORY
		    ? now.mode != then->mode || now.uid != then->uid || now.gid != then->gid
		    : now.size != then->size || now.mtime != then->mtime)
		return op_conflict(w, op, changed, e);
	/* Other names of it that were renamed before have moved its ctime; and it itself on its way back. */
	if (then->type != NODE_DIRECTORY && now.ctime != then->ctime &&
	    !(op->flags & OP_SHARED || w->careful))
		return op_conflict(w, op, changed, e);
	return 0;
}

/* 1: `name` is this object; 0; -1 and errno. */
static int is_at(struct work *w, int dir, const char *name, const struct node *then)
{
	struct node now;

	if (node_read(w->pool, dir, name, &now))
		return -1;
	return op_is(&now, then);
}

/* Likewise, in a slot. */
static int is_kept(struct work *w, const struct op *op, const char *slot)
{
	struct node now;

	if (node_read(w->pool, w->slots, slot, &now))
		return -1;
	return op_is_kept(w, op, &now);
}

static int exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- remove --- */

int op_keep(struct work *w, size_t i, int dir, const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i), part = journal_slot('p', i);

	if (renameat(dir, temporary, w->slots, slot.text) == 0)
		return 0;
	if (errno != EXDEV || (unlinkat(w->slots, part.text, 0) && errno != ENOENT) ||
	    copy_object(dir, temporary, w->slots, part.text, &op->host, &w->as_is) ||
	    renameat(w->slots, part.text, w->slots, slot.text) || unlinkat(dir, temporary, 0))
		return op_error(w, op, e);
	return 0;
}

static int remove_to_other(struct work *w, size_t i, int dir, const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word temporary = journal_temporary(w->journal, i, false);
	int same;

	if (renameat2(dir, name, dir, temporary.text, RENAME_NOREPLACE))
		return op_error(w, op, e);
	same = is_at(w, dir, temporary.text, old_of(op));
	if (same == 1)
		return op_keep(w, i, dir, temporary.text, e);
	if (renameat2(dir, temporary.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return op_error(w, op, e);
	return op_conflict(w, op, changed, e);
}

static int apply_remove(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i),
			    temporary = journal_temporary(w->journal, i, false);
	const char *name;
	int dir = op_host(w, op, &name, e), same;

	if (dir < 0)
		return -1;
	if (w->careful && exists(dir, temporary.text))
		return op_keep(w, i, dir, temporary.text, e);
	if (w->careful && (!exists(dir, name) || is_kept(w, op, slot.text) == 1))
		return 0;
	/* A copy of what is there again. */
	if (w->careful && unlinkat(w->slots, slot.text, 0) && errno != ENOENT)
		return op_error(w, op, e);
	if (check_host(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE))
		return errno == EXDEV ? remove_to_other(w, i, dir, name, e) : op_error(w, op, e);
	same = is_at(w, w->slots, slot.text, old_of(op));
	if (same == 1)
		return 0;
	/* Somebody was faster, between the check and the rename. */
	if (renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return op_error(w, op, e);
	return op_conflict(w, op, changed, e);
}

/*
 * A directory that is closed to everybody cannot get new entries, not even from those who have it
 * open; so one that is empty then stays so.
 */
static int close_empty(struct work *w, const struct op *op, const char *slot, struct err *e)
{
	_cleanup_fd_ int fd = openat(w->slots, slot, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	node_name_vec names = {0};

	if (fd < 0 || fchmod(fd, 0) || node_list(w->pool, fd, &names))
		return op_error(w, op, e);
	return names.n ? op_conflict(w, op, "something was put into it on the host meanwhile", e) : 0;
}

/* From another file system: a likeness of it is kept. */
static int rmdir_other(struct work *w, size_t i, int dir, const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);

	if ((unlinkat(w->slots, slot.text, AT_REMOVEDIR) && errno != ENOENT) ||
	    copy_object(dir, name, w->slots, slot.text, &op->host, &w->as_is))
		return op_error(w, op, e);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST
		       ? op_conflict(w, op, "something was put into it on the host meanwhile", e)
		       : op_error(w, op, e);
}

static int apply_rmdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	const char *name;
	int dir = op_host(w, op, &name, e), same;

	if (dir < 0)
		return -1;
	if (w->careful && is_kept(w, op, slot.text) == 1)
		return close_empty(w, op, slot.text, e);
	if (w->careful && !exists(dir, name) && errno == ENOENT)
		return 0;
	if (check_host(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE))
		return errno == EXDEV || errno == EEXIST ? rmdir_other(w, i, dir, name, e)
							 : op_error(w, op, e);
	same = is_at(w, w->slots, slot.text, old_of(op));
	if (same == 1)
		return close_empty(w, op, slot.text, e);
	if (renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) || same < 0)
		return op_error(w, op, e);
	return op_conflict(w, op, changed, e);
}

/* --- put --- */

/* Where the object that is put comes from. */
static int source(struct work *w, size_t i, const char **name, struct journal_word *word,
		  struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];

	if (!(op->flags & OP_MERGED))
		return op_layer(w, op, name, e);
	*word = journal_slot('n', i);
	*name = word->text;
	return w->slots;
}

static int look_after(struct work *w, struct op *op, int dir, const char *name, struct err *e)
{
	return node_read(w->pool, dir, name, &op->after) ? op_error(w, op, e) : 0;
}

/* Out of the layer, but for the name as the host is to have it. */
static int prepare_object(struct work *w, const struct op *op, int from, const char *from_name,
			  struct err *e)
{
	const struct node *n = &op->layer;

	if (n->type != NODE_SYMLINK && mark_strip(from, from_name))
		return op_error(w, op, e);
	if ((n->uid != w->for_host.uid || n->gid != w->for_host.gid) &&
	    fchownat(from, from_name, w->for_host.uid, w->for_host.gid, AT_SYMLINK_NOFOLLOW))
		return op_error(w, op, e);
	return 0;
}

/* The host's object is at `from` now, where the layer's was: it goes into its slot. */
static int slot_old(struct work *w, size_t i, int from, const char *from_name, int dir,
		    const char *name, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	int same = is_at(w, from, from_name, old_of(op));

	if (same == 1)
		return renameat(from, from_name, w->slots, journal_slot('s', i).text)
			       ? op_error(w, op, e)
			       : 0;
	if (renameat2(from, from_name, dir, name, RENAME_EXCHANGE) || same < 0)
		return op_error(w, op, e);
	return op_conflict(w, op, changed, e);
}

/* What was cut off on its way back: 1 if it is in place again, 0 if it has to be put. */
static int put_again(struct work *w, size_t i, int from, const char *from_name, int dir,
		     const char *name, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	bool had = op->host.type != NODE_NONE;
	int here = is_at(w, dir, name, &op->layer), there = is_at(w, w->slots, slot.text, &op->layer);

	if (here < 0 || there < 0)
		return op_error(w, op, e);
	if (there == 1 && renameat2(w->slots, slot.text, dir, name,
				    had ? RENAME_EXCHANGE : RENAME_NOREPLACE))
		return op_error(w, op, e);
	if (here == 1 && had && is_at(w, from, from_name, old_of(op)) == 1 &&
	    slot_old(w, i, from, from_name, dir, name, e))
		return -1;
	if (!here && !there)
		return 0;
	return look_after(w, op, dir, name, e) ? -1 : 1;
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
			return op_error(w, op, e);
	}
	rules.keep_group = op->flags & OP_INHERIT;
	if (copy_object(from, from_name, dir, temporary, &op->layer, &rules))
		return op_error(w, op, e);
	if (rules.lost)
		*vec_add(w->pool, &w->lost) = i;
	return 0;
}

static int exchange_copy(struct work *w, size_t i, int dir, const char *name,
			 const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	int same;

	if (op->host.type == NODE_NONE) {
		if (renameat2(dir, temporary, dir, name, RENAME_NOREPLACE) == 0)
			return 0;
		return errno == EEXIST ? op_conflict(w, op, appeared, e) : op_error(w, op, e);
	}
	if (check_host(w, op, dir, name, e))
		return -1;
	if (renameat2(dir, temporary, dir, name, RENAME_EXCHANGE))
		return op_error(w, op, e);
	same = is_at(w, dir, temporary, old_of(op));
	if (same == 1)
		return op_keep(w, i, dir, temporary, e);
	if (renameat2(dir, temporary, dir, name, RENAME_EXCHANGE) || same < 0)
		return op_error(w, op, e);
	return op_conflict(w, op, changed, e);
}

/* What was cut off on its way back: 1 if it is in place; 0 if it has to be put. */
static int put_copy_again(struct work *w, size_t i, int dir, const char *name,
			  const char *temporary, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('s', i);
	int put = is_at(w, dir, name, &op->after), aside = is_at(w, dir, temporary, old_of(op));

	if (put < 0 || aside < 0)
		return op_error(w, op, e);
	if (put)
		return aside && op_keep(w, i, dir, temporary, e) ? -1 : 1;
	if (is_kept(w, op, slot.text) != 0)
		return op_conflict(w, op, changed, e);
	/* The slot has no more than a copy of what is there again. */
	if ((unlinkat(dir, temporary, 0) && errno != ENOENT) ||
	    (unlinkat(w->slots, slot.text, 0) && errno != ENOENT))
		return op_error(w, op, e);
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
			return rc < 0 ? -1 : look_after(w, op, dir, name, e);
	}
	if (make_temporary(w, i, from, from_name, dir, temporary.text, e) ||
	    exchange_copy(w, i, dir, name, temporary.text, e))
		return -1;
	return look_after(w, op, dir, name, e);
}

static int put_rename(struct work *w, size_t i, int from, const char *from_name, int dir,
		      const char *name, struct err *e)
{
	struct op *op = &w->journal->ops.v[i];
	bool had = op->host.type != NODE_NONE;

	if (prepare_object(w, op, from, from_name, e) || (had && check_host(w, op, dir, name, e)))
		return -1;
	if (renameat2(from, from_name, dir, name, had ? RENAME_EXCHANGE : RENAME_NOREPLACE)) {
		if (errno != EXDEV)
			return errno == EEXIST ? op_conflict(w, op, appeared, e)
					       : op_error(w, op, e);
		/* Bind mounts, quotas by project: the same device, and no way between. */
		if (put_copy(w, i, from, from_name, dir, name, e))
			return -1;
		return renameat(from, from_name, w->slots, journal_slot('l', i).text)
			       ? op_error(w, op, e)
			       : 0;
	}
	if (had && slot_old(w, i, from, from_name, dir, name, e))
		return -1;
	if (look_after(w, op, dir, name, e))
		return -1;
	return op_is(&op->after, &op->layer) ? 0 : op_conflict(w, op, changed, e);
}

static int apply_put(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word word;
	const char *name, *from_name;
	int from = source(w, i, &from_name, &word, e),
	    dir = from < 0 ? -1 : op_host(w, op, &name, e), rc;

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

/* --- directories --- */

static int apply_mkdir(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word temporary = journal_temporary(w->journal, i, false);
	struct copy_rules rules = w->for_host;
	const char *name, *layer_name;
	int layer = op_layer(w, op, &layer_name, e),
	    dir = layer < 0 ? -1 : op_host(w, op, &name, e);
	struct node now;

	if (dir < 0)
		return -1;
	if (w->careful) {
		if (node_read(w->pool, dir, name, &now) ||
		    (unlinkat(dir, temporary.text, AT_REMOVEDIR) && errno != ENOENT))
			return op_error(w, op, e);
		if (now.type == NODE_DIRECTORY)
			return 0;
	}
	rules.keep_group = op->flags & OP_INHERIT;
	if (copy_object(layer, layer_name, dir, temporary.text, &op->layer, &rules))
		return op_error(w, op, e);
	if (rules.lost)
		*vec_add(w->pool, &w->lost) = i;
	if (renameat2(dir, temporary.text, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EEXIST ? op_conflict(w, op, appeared, e) : op_error(w, op, e);
}

/* What `dir` is like now is kept in `slot`, unless it is already. */
static int keep_likeness(struct work *w, size_t i, const char *slot, int dir, const struct node *n,
			 struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word part = journal_slot('p', i);
	struct copy_rules rules = {.keep_group = true};

	if (exists(w->slots, slot))
		return 0;
	if ((unlinkat(w->slots, part.text, AT_REMOVEDIR) && errno != ENOENT) ||
	    copy_object(dir, ".", w->slots, part.text, n, &rules) ||
	    renameat(w->slots, part.text, w->slots, slot))
		return op_error(w, op, e);
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
	if (op_host(w, op, &name, e) < 0 || op_layer(w, op, &name, e) < 0)
		return -1;
	host = beneath_open(&w->trees[op->tree].host, op->path);
	layer = host < 0 ? -1 : beneath_open(&w->trees[op->tree].layer, op->path);
	if (layer < 0)
		return op_error(w, op, e);
	if (to_host && !w->careful && check_host(w, op, host, "", e))
		return -1;
	if (keep_likeness(w, i, journal_slot(to_host ? 's' : 'l', i).text, to_host ? host : layer,
			  to_host ? &op->host : &op->layer, e))
		return -1;
	/* The host's may have become what it is by an operation before this one. */
	if (node_read(w->pool, host, "", &now) ||
	    copy_metadata(to_host ? layer : host, to_host ? host : layer,
			  to_host ? &op->layer : &now, &rules))
		return op_error(w, op, e);
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
	int dir = op_layer(w, op, &name, e);

	/* Below a deleted directory, or put by renaming: the layer has nothing there. */
	if (dir < 0)
		return op_is_gone(e) ? 0 : -1;
	/* What came into the layer while it could not be put back there stays. */
	if (w->careful && exists(w->slots, slot.text))
		return 0;
	return renameat2(dir, name, w->slots, slot.text, RENAME_NOREPLACE) && errno != ENOENT
		       ? op_error(w, op, e)
		       : 0;
}

static int apply_raise(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('n', i);
	const char *name;
	int dir = op_layer(w, op, &name, e);

	if (dir < 0)
		return -1;
	if (renameat2(w->slots, slot.text, dir, name, RENAME_EXCHANGE) == 0)
		return 0;
	/* A whiteout of the other form, which the directory beside it makes void. */
	if (errno == ENOENT && renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	return op_error(w, op, e);
}

/* A directory that stays in the layer has the times that the sandbox gave it. */
static int keep_layer_times(struct work *w, const struct op *op, struct err *e)
{
	const char *name;
	int dir;

	if (op->layer.type != NODE_DIRECTORY)
		return 0;
	dir = op_layer(w, op, &name, e);
	if (dir < 0)
		return op_is_gone(e) ? 0 : -1;
	return copy_times(dir, name, &op->layer) && errno != ENOENT ? op_error(w, op, e) : 0;
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
	dir = op_host(w, op, &name, e);
	if (dir < 0)
		return op_is_gone(e) ? 0 : -1;
	if (op->flags & OP_SETTLE && copy_times(dir, name, &op->layer))
		return op_error(w, op, e);
	return look_after(w, op, dir, name, e);
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
	dir = op_host(w, op, &name, e);
	if (dir < 0)
		return op_is_gone(e) ? 0 : -1;
	return unlinkat(dir, back.text, op->kind == OP_RMDIR ? AT_REMOVEDIR : 0) && errno != ENOENT
		       ? op_error(w, op, e)
		       : 0;
}

void op_forget(struct work *w, const struct op *op)
{
	if (op->kind == OP_PUT || op->kind == OP_REMOVE || op->kind == OP_TIMES)
		return;
	beneath_forget(&w->trees[op->tree].host);
	beneath_forget(&w->trees[op->tree].layer);
}

static int apply(struct work *w, size_t i, struct err *e)
{
	switch (w->journal->ops.v[i].kind) {
	case OP_REMOVE:
		return apply_remove(w, i, e);
	case OP_RMDIR:
		return apply_rmdir(w, i, e);
	case OP_PUT:
		return apply_put(w, i, e);
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

int op_apply(struct work *w, size_t i, struct err *e)
{
	int rc = (w->careful && clear_way(w, i, e)) || apply(w, i, e) ? -1 : 0;

	op_forget(w, &w->journal->ops.v[i]);
	return rc;
}
