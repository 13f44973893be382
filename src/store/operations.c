/* SPDX-License-Identifier: MIT */
/* The operations of a commit: see operations.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/operations.h"

enum { TOUCH_HOST = 1, TOUCH_LAYER = 2, TOUCH_MADE = 4 };

/* A directory whose entries change. */
struct touched {
	size_t tree;
	const char *path;
	unsigned how;
	bool group; /* new entries get its group, which is not the caller's */
	struct node host, layer;
};

struct builder {
	const struct commit *c;
	struct work *w;
	vec_of(struct touched) dirs;
	const char **tops; /* by change: what leaves the layer for it; NULL: nothing */
	ssize_t *puts;	   /* by change: its OP_PUT; -1 */
	bool *other;	   /* by tree: not renamed, but copied */
	struct err *e;
};

static const char *parent_of(struct builder *b, const char *path)
{
	const char *name = path_name(path);

	return name > path ? pool_strndup(b->w->pool, path, (size_t)(name - path - 1)) : "";
}

static bool is_dir(const struct node *n)
{
	return n->type == NODE_DIRECTORY;
}

/* A directory on the way that is not there: nothing stands at the path. */
static int look(struct builder *b, size_t tree, const char *path, bool on_host, struct node *ret)
{
	const struct op op = {.tree = tree, .path = path};
	const char *name;
	int dir = on_host ? work_host(b->w, &op, &name, b->e) : work_layer(b->w, &op, &name, b->e);

	*ret = (struct node){.type = NODE_NONE};
	if (dir < 0)
		return work_is_gone(b->w, b->e) ? 0 : -1;
	return node_read(b->w->pool, dir, name, ret) ? work_error(b->w, &op, b->e) : 0;
}

/* --- directories --- */

static void touch(struct builder *b, size_t tree, const char *path, unsigned how)
{
	struct touched *last = b->dirs.n ? &b->dirs.v[b->dirs.n - 1] : NULL;

	if (last && last->tree == tree && str_eq(last->path, path))
		last->how |= how;
	else
		*vec_add(b->w->pool, &b->dirs) = (struct touched){tree, path, how, false, {0}, {0}};
}

static int by_path(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return path_compare(x->path, y->path);
}

static struct touched *find_dir(const struct builder *b, size_t tree, const char *path)
{
	const struct touched key = {.tree = tree, .path = path};

	return b->dirs.n ? bsearch(&key, b->dirs.v, b->dirs.n, sizeof(key), by_path) : NULL;
}

static void sort_dirs(struct builder *b)
{
	size_t n = 0;

	if (b->dirs.n)
		qsort(b->dirs.v, b->dirs.n, sizeof(*b->dirs.v), by_path);
	for (size_t i = 0; i < b->dirs.n; i++) {
		if (n && by_path(&b->dirs.v[n - 1], &b->dirs.v[i]) == 0)
			b->dirs.v[n - 1].how |= b->dirs.v[i].how;
		else
			b->dirs.v[n++] = b->dirs.v[i];
	}
	b->dirs.n = n;
}

/* Those above come first, so that a new one knows what it will inherit (inode(7), S_ISGID). */
static int look_at_dirs(struct builder *b)
{
	for (size_t i = 0; i < b->dirs.n; i++) {
		struct touched *d = &b->dirs.v[i];
		const struct touched *above;

		if (look(b, d->tree, d->path, true, &d->host) ||
		    look(b, d->tree, d->path, false, &d->layer))
			return -1;
		if (is_dir(&d->host)) {
			d->group = d->host.mode & S_ISGID && d->host.gid != b->w->for_host.gid;
		} else if (d->how & TOUCH_MADE) {
			above = find_dir(b, d->tree, parent_of(b, d->path));
			d->group = above && above->group && d->layer.mode & S_ISGID;
		}
	}
	return 0;
}

static void touch_for(struct builder *b, const struct change *c, enum verdict verdict)
{
	if (verdict == VERDICT_DROP && *c->path)
		touch(b, c->tree, parent_of(b, c->path), TOUCH_LAYER);
	if (verdict != VERDICT_DO)
		return;
	if (*c->path)
		touch(b, c->tree, parent_of(b, c->path), TOUCH_HOST | TOUCH_LAYER);
	if (is_dir(&c->after))
		touch(b, c->tree, c->path,
		      TOUCH_HOST | TOUCH_LAYER | (is_dir(&c->before) ? 0 : TOUCH_MADE));
	else if (is_dir(&c->before))
		touch(b, c->tree, c->path, TOUCH_HOST);
}

/* The highest directory on the way, or the path itself, below which nothing stays pending; or NULL. */
static const char *top_of(const struct builder *b, const struct change *c)
{
	for (const char *end = c->path; *end;) {
		const char *path;

		end = strchrnul(end + 1, '/');
		path = *end ? pool_strndup(b->w->pool, c->path, (size_t)(end - c->path)) : c->path;
		if (commit_pending_below(b->c, c->tree, path) == 0)
			return path;
	}
	return NULL;
}

/*
 * What goes with one change takes along what is below it. Below what is deleted or replaced the layer
 * has nothing.
 */
static void choose_tops(struct builder *b)
{
	const char *last = NULL;
	size_t tree = 0;

	for (size_t i = 0; i < b->c->changes.n; i++) {
		const struct change *c = &b->c->changes.v[i];
		const struct decision *d = &b->c->decisions[i];
		bool hidden = d->above >= 0 && !is_dir(&b->c->changes.v[d->above].after);

		if (d->verdict != VERDICT_DO && d->verdict != VERDICT_DROP)
			continue;
		touch_for(b, c, d->verdict);
		if (hidden || d->raised ||
		    (last && tree == c->tree && beneath_within(c->path, last)))
			continue;
		b->tops[i] = top_of(b, c);
		if (!b->tops[i])
			continue;
		last = b->tops[i];
		tree = c->tree;
		touch(b, tree, parent_of(b, last), TOUCH_LAYER);
	}
}

/* --- the host --- */

static struct op *add(struct builder *b, enum op_kind kind, const struct change *c)
{
	struct op *op = vec_add(b->w->pool, &b->w->journal->ops);

	*op = (struct op){.kind = kind, .tree = c->tree, .path = c->path, .link = -1};
	return op;
}

static void remove_one(struct builder *b, const struct change *c)
{
	bool is_replaced = !is_dir(&c->before) && c->after.type != NODE_NONE && !is_dir(&c->after);
	struct op *op;

	if (c->before.type == NODE_NONE || is_replaced || (is_dir(&c->before) && is_dir(&c->after)))
		return;
	op = add(b, is_dir(&c->before) ? OP_RMDIR : OP_REMOVE, c);
	op->host = c->before;
	if (c->after.type != NODE_NONE)
		op->flags |= OP_REPLACED;
}

static bool needs_copy(const struct builder *b, const struct change *c)
{
	return b->other[c->tree] || c->flags & (FLAG_SETID | FLAG_CAPABILITY) ||
	       (c->before.type != NODE_NONE && c->before.dev != c->after.dev);
}

static void put_one(struct builder *b, size_t i)
{
	const struct change *c = &b->c->changes.v[i];
	const struct decision *d = &b->c->decisions[i];
	const struct touched *above = find_dir(b, c->tree, parent_of(b, c->path));
	bool inherits = *c->path && above && above->group;
	struct op *op;

	if (c->after.type == NODE_NONE)
		return;
	if (is_dir(&c->after)) {
		op = add(b, is_dir(&c->before) ? OP_META : OP_MKDIR, c);
		op->host = is_dir(&c->before) ? c->before : op->host;
	} else {
		b->puts[i] = (ssize_t)b->w->journal->ops.n;
		op = add(b, OP_PUT, c);
		op->host = is_dir(&c->before) ? op->host : c->before;
		if (d->merged)
			op->flags |= OP_MERGED;
		if (needs_copy(b, c) || inherits)
			op->flags |= OP_COPY;
	}
	op->layer = c->after;
	if (inherits)
		op->flags |= OP_INHERIT;
}

/* --- inodes with several names --- */

struct name_of {
	dev_t dev;
	ino_t ino;
	size_t op;
};
typedef vec_of(struct name_of) name_of_vec;

static int by_inode(const void *a, const void *b)
{
	const struct name_of *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->op < y->op ? -1 : 1;
}

static name_of_vec names_of(struct builder *b, bool on_host)
{
	name_of_vec ret = {0};

	for (size_t i = 0; i < b->w->journal->ops.n; i++) {
		const struct op *op = &b->w->journal->ops.v[i];
		const struct node *n = on_host ? &op->host : &op->layer;

		if ((op->kind == OP_PUT || (on_host && op->kind == OP_REMOVE)) && n->links > 1 &&
		    (on_host || !(op->flags & OP_MERGED)))
			*vec_add(b->w->pool, &ret) = (struct name_of){n->dev, n->ino, i};
	}
	if (ret.n)
		qsort(ret.v, ret.n, sizeof(*ret.v), by_inode);
	return ret;
}

static size_t end_of(const name_of_vec *names, size_t i)
{
	size_t end = i + 1;

	while (end < names->n && names->v[end].ino == names->v[i].ino &&
	       names->v[end].dev == names->v[i].dev)
		end++;
	return end;
}

/* A rename of one name moves the ctime that the next one would be checked by. */
static void mark_shared(struct builder *b)
{
	const name_of_vec names = names_of(b, true);

	for (size_t i = 0, end; i < names.n; i = end) {
		end = end_of(&names, i);
		for (size_t k = i + 1; k < end; k++)
			b->w->journal->ops.v[names.v[k].op].flags |= OP_SHARED;
	}
}

/*
 * Names of one new file stay names of one file. If one of them stays in the layer they are copied: the
 * sandbox would write to the host's file through it.
 */
static void mark_links(struct builder *b)
{
	const name_of_vec names = names_of(b, false);
	struct op *ops = b->w->journal->ops.v;

	for (size_t i = 0, end; i < names.n; i = end) {
		bool copy;

		end = end_of(&names, i);
		copy = end - i < ops[names.v[i].op].layer.links;
		for (size_t k = i; k < end; k++)
			copy |= ops[names.v[k].op].flags & OP_COPY;
		for (size_t k = i; copy && k < end; k++) {
			ops[names.v[k].op].flags |= OP_COPY;
			ops[names.v[k].op].link = k > i ? (ssize_t)names.v[i].op : -1;
		}
	}
}

/* --- the layer --- */

static int drop(struct builder *b, size_t tree, const char *path)
{
	const struct change c = {.tree = tree, .path = path};
	const char *marked;
	struct node there;

	/* Nothing, where an opaque directory hides it, which will have a whiteout instead. */
	if (look(b, tree, path, false, &there))
		return -1;
	add(b, OP_DROP, &c)->layer = there;
	if (!b->w->store->trees.v[tree].fuse)
		return 0;
	marked = pool_printf(b->w->pool, "%.*s.wh.%s", (int)(path_name(path) - path), path,
			     path_name(path));
	if (look(b, tree, marked, false, &there))
		return b->e->error == ENAMETOOLONG ? 0 : -1;
	if (there.type != NODE_NONE)
		add(b, OP_DROP, &(struct change){.tree = tree, .path = marked})->layer = there;
	return 0;
}

/* Whether it is still there by itself, when the host has what it is to have. */
static bool has_entry(const struct builder *b, size_t i)
{
	const struct op *put = b->puts[i] < 0 ? NULL : &b->w->journal->ops.v[b->puts[i]];

	return !put || put->flags & (OP_COPY | OP_MERGED) || b->tops[i] != b->c->changes.v[i].path;
}

/* A directory that stays in the layer, and is to look as it does on the host. */
static bool is_likened(const struct change *c, const struct decision *d)
{
	if (!is_dir(&c->after))
		return false;
	return d->verdict == VERDICT_DROP ? is_dir(&c->before)
					  : d->losses & (COMMIT_SETID | COMMIT_OWNER);
}

static int clean_one(struct builder *b, size_t i)
{
	const struct change *c = &b->c->changes.v[i];
	const struct decision *d = &b->c->decisions[i];
	struct op *op;

	if (d->verdict != VERDICT_DO && d->verdict != VERDICT_DROP)
		return 0;
	if (b->tops[i])
		return has_entry(b, i) ? drop(b, c->tree, b->tops[i]) : 0;
	if (d->raised && (d->above < 0 || !b->c->decisions[d->above].raised)) {
		add(b, OP_RAISE, c)->host = c->before;
	} else if (is_likened(c, d) && commit_pending_below(b->c, c->tree, c->path) + !*c->path) {
		op = add(b, OP_LIKE, c);
		op->layer = c->after;
		op->host = c->before;
	}
	return 0;
}

static void add_times(struct builder *b)
{
	for (size_t i = 0; i < b->dirs.n; i++) {
		const struct touched *d = &b->dirs.v[i];
		struct op *op =
			add(b, OP_TIMES, &(struct change){.tree = d->tree, .path = d->path});
		bool since = d->host.mtime > b->w->store->started && d->host.mtime > d->layer.mtime;

		op->host = d->host;
		op->layer = d->layer;
		if (d->how & TOUCH_HOST)
			op->flags |= OP_HOST;
		if (d->how & TOUCH_HOST && is_dir(&d->layer) &&
		    (d->how & TOUCH_MADE ||
		     (!since && commit_pending_below(b->c, d->tree, d->path) == 0)))
			op->flags |= OP_SETTLE;
	}
}

/* --- all of it --- */

/* Between mounts nothing can be renamed, even of one file system. */
static int look_at_mounts(struct builder *b)
{
	struct statx ours, theirs;

	b->other = pool_alloc(b->w->pool, b->w->store->trees.n * sizeof(*b->other) + 1);
	if (statx(b->w->slots, "", AT_EMPTY_PATH, STATX_MNT_ID, &ours))
		return err_errno(b->e, "%s", b->w->store->name);
	for (size_t i = 0; i < b->w->store->trees.n; i++) {
		int root = work_host_root(b->w, i, b->e);

		if (root < 0)
			return -1;
		if (statx(root, "", AT_EMPTY_PATH, STATX_MNT_ID, &theirs))
			return err_errno(b->e, "%s", b->w->store->trees.v[i].path);
		b->other[i] = ours.stx_mnt_id != theirs.stx_mnt_id ||
			      ours.stx_dev_major != theirs.stx_dev_major ||
			      ours.stx_dev_minor != theirs.stx_dev_minor;
	}
	return 0;
}

int operations_build(const struct commit *c, struct work *w, struct err *e)
{
	struct builder b = {.c = c, .w = w, .e = e};
	size_t n = c->changes.n;

	b.tops = pool_alloc(w->pool, (n + 1) * sizeof(*b.tops));
	b.puts = pool_alloc(w->pool, (n + 1) * sizeof(*b.puts));
	for (size_t i = 0; i < n; i++)
		b.puts[i] = -1;
	if (look_at_mounts(&b))
		return -1;
	choose_tops(&b);
	sort_dirs(&b);
	if (look_at_dirs(&b))
		return -1;
	for (size_t i = n; i-- > 0;) {
		if (c->decisions[i].verdict == VERDICT_DO)
			remove_one(&b, &c->changes.v[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (c->decisions[i].verdict == VERDICT_DO)
			put_one(&b, i);
	}
	mark_shared(&b);
	mark_links(&b);
	for (size_t i = 0; i < n; i++) {
		if (clean_one(&b, i))
			return -1;
	}
	add_times(&b);
	return 0;
}
