/* SPDX-License-Identifier: MIT */
/*
 * The walk over a layer. A list of directories that are still to be looked at stands in for recursion:
 * a program may have made them of any depth. Each is opened from the root by its path, so two are open
 * at a time.
 *
 *	layer and host		entries of the layer, each against the host's of that name; if it is
 *				opaque, what else the host has there is deleted
 *	layer only		all entries are added
 *	host only		it was deleted or replaced: so is all that the host has in it
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/layer.h"
#include "store/scan.h"

struct pending {
	const char *path;
	size_t entry; /* its own, in the list of all */
	bool in_layer, in_host;
};

struct scan {
	struct store *s;
	size_t tree;
	const struct base *base;
	struct compare_ids ids;
	int upper, root; /* of the layer, and on the host */
	size_t bytes;	 /* of all paths */
	vec_of(struct pending) todo;
	scan_entry_vec *all;
	struct err *e;
};

static const char *safe_path(const struct scan *x, const char *path)
{
	const struct change c = {.tree = x->tree, .path = path};

	return str_safe(x->s->pool, change_path(x->s, &c));
}

static int failed(const struct scan *x, const char *path)
{
	return err_errno(x->e, "%s: %s", x->s->name, safe_path(x, path));
}

static const char *below(const struct scan *x, const char *dir, const char *name)
{
	return *dir ? pool_printf(x->s->pool, "%s/%s", dir, name) : pool_strdup(x->s->pool, name);
}

/* Ten times as much memory is needed in all; what more there is was not meant to be looked at. */
enum { PATHS_MAX = 128 * 1024 * 1024 };

/* No program can name a longer one by an absolute path, and a list of them would have no end. */
static int check_length(struct scan *x, const char *path)
{
	x->bytes += strlen(path);
	if (x->bytes > PATHS_MAX)
		return err_set(x->e,
			       "%s: too many changes to list: their paths have more than %d MiB",
			       x->s->name, PATHS_MAX >> 20),
		       err_hint(x->e, "`sandbox discard %s` throws all of them away", x->s->name);
	if (strlen(x->s->trees.v[x->tree].path) + 1 + strlen(path) < PATH_MAX)
		return 0;
	err_set(x->e, "%s: a path of more than %d bytes: %.200s...", x->s->name, PATH_MAX - 1,
		safe_path(x, path));
	return err_hint(x->e, "`sandbox discard %s` throws all changes away", x->s->name);
}

static void later(struct scan *x, const char *path, size_t entry, bool in_layer, bool in_host)
{
	if (in_layer || in_host)
		*vec_add(x->s->pool, &x->todo) = (struct pending){path, entry, in_layer, in_host};
}

/* --- one entry --- */

static struct scan_entry *add(struct scan *x, const char *path, const struct node *before,
			      const struct node *after)
{
	struct scan_entry *entry = vec_add(x->s->pool, x->all);

	entry->change =
		(struct change){.tree = x->tree, .path = path, .before = *before, .after = *after};
	entry->ino = after->ino;
	entry->ctime = after->ctime;
	if (x->s->progress)
		x->s->progress(x->s->progress_context, "comparing", x->all->n, 0);
	return entry;
}

static void set(struct scan_entry *entry, const struct difference *d)
{
	entry->differs = d->differs;
	entry->change.kind = d->kind;
	entry->change.flags = d->flags;
}

struct here {
	const char *path; /* of the directory */
	int layer, host;  /* -1: not there */
	int64_t mtime;	  /* of the host's, or 0 */
};

/*
 * What stands in for a file or directory of the host that the caller cannot read (host/standins.c), and
 * has not been written to: the launcher made it, not the program. Elsewhere than in its own place it is
 * like others.
 */
static bool is_standin(const struct scan *x, const struct here *h, const struct layer_entry *le,
		       const char *path)
{
	const struct change c = {.tree = x->tree, .path = path};
	char link[40 + NAME_MAX + 1], value[PATH_MAX];
	ssize_t n;

	if (!x->s->trees.v[x->tree].fuse ||
	    (le->node.type == NODE_FILE ? le->node.size > 0 : le->node.type != NODE_DIRECTORY))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", h->layer, le->name);
	n = lgetxattr(link, STANDIN_MARK, value, sizeof(value) - 1);
	value[n > 0 ? n : 0] = '\0';
	return n > 0 && str_eq(value, change_path(x->s, &c));
}

/* 1: the directory is closed to the caller now, and this is how it was when the sandbox saw it. */
static int read_host(const struct scan *x, const struct here *h, const char *name, const char *path,
		     struct node *ret)
{
	const struct base_record *r;

	*ret = (struct node){.type = NODE_NONE};
	if (h->host < 0 || node_read(x->s->pool, h->host, name, ret) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	r = base_find(x->base, x->tree, path);
	if (r)
		*ret = r->host;
	ret->target = ""; /* is not recorded */
	return 1;
}

static int visit(struct scan *x, const struct here *h, const struct layer_entry *le)
{
	const char *path = below(x, h->path, le->name);
	struct scan_entry *entry;
	struct difference d;
	struct node before;
	int closed;

	if (check_length(x, path))
		return -1;
	/* What a directory of the sandbox has no more, nobody ever had. */
	if (le->whiteout && h->host < 0)
		return 0;
	if (is_standin(x, h, le, path)) {
		if (le->node.type != NODE_DIRECTORY)
			return 0;
		/* What the program has put there; what the host has was never seen. */
		add(x, path, &le->node, &le->node);
		later(x, path, x->all->n - 1, true, false);
		return 0;
	}
	closed = read_host(x, h, le->name, path, &before);
	if (closed < 0 ||
	    compare_nodes(&x->ids, h->host, &before, h->layer, &le->node, le->name, &d))
		return failed(x, path);
	if (closed)
		d.flags |= FLAG_UNREADABLE;
	entry = add(x, path, &before, &le->node);
	set(entry, &d);
	entry->above_mtime = h->mtime;
	entry->copied = before.type != le->node.type && before.type != NODE_FILE &&
			layer_is_copy(h->layer, le, x->s->trees.v[x->tree].fuse);
	later(x, path, x->all->n - 1, le->node.type == NODE_DIRECTORY,
	      before.type == NODE_DIRECTORY);
	return 0;
}

/* What the host has in a directory that is gone. */
static int visit_deleted(struct scan *x, const struct here *h, const char *name)
{
	const char *path = below(x, h->path, name);
	const struct node none = {.type = NODE_NONE};
	struct node before;
	struct scan_entry *entry;

	if (check_length(x, path))
		return -1;
	if (node_read(x->s->pool, h->host, name, &before))
		return failed(x, path);
	if (before.type == NODE_NONE)
		return 0;
	entry = add(x, path, &before, &none);
	set(entry, &(struct difference){.differs = true, .kind = CHANGE_DELETED});
	entry->implied = true;
	entry->above_mtime = h->mtime;
	later(x, path, x->all->n - 1, false, before.type == NODE_DIRECTORY);
	return 0;
}

/* --- one directory --- */

static int list_deleted(struct scan *x, const struct here *h, size_t entry,
			const layer_entry_vec *kept)
{
	node_name_vec names = {0};

	x->all->v[entry].hides = true;
	if (node_list(x->s->pool, h->host, &names)) {
		/* O_PATH: the caller may not read it, and so cannot have seen what is in it. */
		if (errno != EBADF)
			return failed(x, h->path);
		x->all->v[entry].change.flags |= FLAG_UNREADABLE;
	}
	for (size_t i = 0; i < names.n; i++) {
		if ((!kept || !layer_find(kept, names.v[i].name)) &&
		    visit_deleted(x, h, names.v[i].name))
			return -1;
	}
	return 0;
}

/*
 * A new directory is opaque in one overlay and not in the other. Where the host had none, there was
 * nothing to hide, and what it has there now it made since.
 */
static bool hides(const struct scan *x, const char *path)
{
	const struct base_record *r = base_find(x->base, x->tree, path);

	return !r || r->host.type == NODE_DIRECTORY;
}

static int look_at_layer(struct scan *x, const struct here *h, const struct pending *p)
{
	struct scan_entry *entry = &x->all->v[p->entry];
	layer_entry_vec entries = {0};
	struct difference d;
	bool opaque;

	if (h->host >= 0 && !entry->differs) {
		d = (struct difference){.flags = entry->change.flags};
		if (compare_directories(h->host, h->layer, &d))
			return failed(x, h->path);
		set(entry, &d);
	}
	if (layer_list(x->s->pool, h->layer, x->s->trees.v[x->tree].fuse, &entries, &opaque))
		return failed(x, h->path);
	x->ids.inherits_group = entry->change.after.mode & S_ISGID;
	for (size_t i = 0; i < entries.n; i++) {
		if (visit(x, h, &entries.v[i]))
			return -1;
	}
	if (opaque && h->host >= 0 && hides(x, p->path))
		return list_deleted(x, h, p->entry, &entries);
	return 0;
}

/* One of another user may be closed to the caller; what is named in it is looked at all the same. */
static int open_host(const struct scan *x, const char *path)
{
	int fd = layer_open_below(x->root, path, O_RDONLY);

	return fd < 0 && errno == EACCES ? layer_open_below(x->root, path, O_PATH) : fd;
}

static int look_at(struct scan *x, const struct pending *p)
{
	_cleanup_fd_ int layer = p->in_layer ? layer_open_below(x->upper, p->path, O_RDONLY) : -1,
			 host = p->in_host ? open_host(x, p->path) : -1;
	const struct here h = {.path = p->path,
			       .layer = layer,
			       .host = host,
			       .mtime = p->in_host ? x->all->v[p->entry].change.before.mtime : 0};

	/* The host's may be gone since it was looked at a moment ago. */
	if ((p->in_layer && layer < 0) ||
	    (p->in_host && host < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP))
		return failed(x, p->path);
	if (!p->in_layer && host < 0)
		return 0;
	return p->in_layer ? look_at_layer(x, &h, p) : list_deleted(x, &h, p->entry, NULL);
}

/* --- a tree --- */

static int by_path(const void *a, const void *b)
{
	return path_compare(((const struct scan_entry *)a)->change.path,
			    ((const struct scan_entry *)b)->change.path);
}

/* Whose the root is does not matter: that of the layer is the caller's, whatever the host's may be. */
static int begin(struct scan *x)
{
	struct node before, after;
	struct scan_entry *entry;

	if (node_read(x->s->pool, x->root, "", &before) ||
	    node_read(x->s->pool, x->upper, "", &after))
		return failed(x, "");
	entry = add(x, "", &before, &after);
	entry->differs = before.mode != after.mode;
	entry->change.kind = CHANGE_META;
	later(x, "", x->all->n - 1, true, true);
	return 0;
}

void scan_close(struct scan_roots *r)
{
	fd_closep(&r->upper);
	fd_closep(&r->host);
}

int scan_open(const struct store *s, size_t tree, struct scan_roots *ret, struct err *e)
{
	struct stat st;

	*ret = (struct scan_roots){-1, -1, 0};
	ret->upper = store_open_upper(s, tree, e);
	ret->host = ret->upper < 0 ? -1 : store_open_tree(s, tree, e);
	if (ret->host >= 0 && fstat(ret->host, &st) == 0) {
		ret->device = st.st_dev;
		return 0;
	}
	if (ret->host >= 0)
		err_errno(e, "%s", s->trees.v[tree].path);
	scan_close(ret);
	return -1;
}

int scan_tree(struct store *s, size_t tree, const struct scan_roots *roots, const struct base *base,
	      scan_entry_vec *ret, struct err *e)
{
	struct scan x = {.s = s,
			 .tree = tree,
			 .base = base,
			 .ids = compare_ids_of(s, tree),
			 .upper = roots->upper,
			 .root = roots->host,
			 .all = ret,
			 .e = e};
	size_t first = ret->n;

	if (begin(&x))
		return -1;
	while (x.todo.n) {
		const struct pending p = x.todo.v[--x.todo.n];

		if (look_at(&x, &p))
			return -1;
	}
	qsort(ret->v + first, ret->n - first, sizeof(*ret->v), by_path);
	return 0;
}
