/* SPDX-License-Identifier: MIT */
/* Places in a layer: see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/marks.h"
#include "store/place.h"

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

static int by_path(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return path_compare(x->path, y->path);
}

/* What takes the directory at this path, or one above it, out of the layer whole: none of them is in
 * another, so it is the last that does not come behind the path. -1: nothing. */
static ssize_t find_drop(const struct work *w, const struct op *op)
{
	const struct op *ops = w->journal->ops.v, *drop;
	size_t low = 0, high = w->drops.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (by_path(&ops[w->drops.v[mid]], op) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return -1;
	drop = &ops[w->drops.v[low - 1]];
	return drop->tree == op->tree && beneath_within(op->path, drop->path) ? drop - ops : -1;
}

/* It is in the layer again, as it was, with its marks. */
static bool is_given_back(struct work *w, const struct op *op)
{
	ssize_t drop = find_drop(w, op);

	return drop >= 0 && !work_exists(w->slots, journal_slot('l', (size_t)drop).text);
}

/* Whether the other form of a whiteout says that it is deleted: a file .wh.NAME. */
static bool is_marked(int layer, const char *name, bool fuse)
{
	char marked[NAME_MAX + 8];

	return fuse && snprintf(marked, sizeof(marked), ".wh.%s", name) <= NAME_MAX &&
	       faccessat(layer, marked, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The entry `name` of the directory `layer`, made like the host's if there is none. 1: opened; 0: the
 * layer has something else there. */
static int enter(struct work *w, bool fuse, int host, int layer, const char *name, int *ret)
{
	struct copy_rules rules = {.keep_group = true, .uid = w->for_host.uid};
	struct node n;

	*ret = openat(layer, name, directory_flags);
	if (*ret < 0 && errno == ENOENT) {
		if (is_marked(layer, name, fuse))
			return 0;
		if (node_read(w->pool, host, name, &n))
			return -1;
		if (n.type != NODE_DIRECTORY)
			return 0;
		n.uid = (uid_t)-1;
		if (copy_object(host, name, layer, name, &n, &rules))
			return -1;
		*ret = openat(layer, name, directory_flags);
	}
	if (*ret < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	return 1;
}

/*
 * Whether it is the very directory that has left the layer with its mark, and is back. One that stayed
 * was not opaque then, and its inode may be another's by now.
 */
static bool is_back(struct work *w, size_t tree, const char *path, int fd)
{
	const struct journal *j = w->journal;
	const struct op key = {.tree = tree, .path = path}, *then = NULL;
	struct stat st;

	if (w->times < j->ops.n)
		then = bsearch(&key, j->ops.v + w->times, j->ops.n - w->times, sizeof(key),
			       by_path);
	return then && then->layer.type == NODE_DIRECTORY && find_drop(w, &key) >= 0 &&
	       fstat(fd, &st) == 0 && st.st_ino == then->layer.ino;
}

/* All directories on the way to the last component, each made if it is missing. 1: *ret is open. */
static int walk(struct work *w, const struct op *op, int *ret)
{
	struct work_tree *t = &w->trees[op->tree];
	bool fuse = w->store->trees.v[op->tree].fuse;
	_cleanup_fd_ int host = fcntl(t->host.root, F_DUPFD_CLOEXEC, 3),
			 layer = fcntl(t->layer.root, F_DUPFD_CLOEXEC, 3);
	const char *path = op->path;

	for (size_t n; (n = strcspn(path, "/")) && path[n] && layer >= 0; path += n + 1) {
		const char *name = pool_strndup(w->pool, path, n);
		_cleanup_fd_ int above = fd_take(&layer);
		int rc = enter(w, fuse, host, above, name, &layer), next;

		if (rc <= 0)
			return rc;
		rc = mark_is_opaque(layer, fuse);
		if (rc < 0)
			return -1;
		if (rc &&
		    !is_back(w, op->tree,
			     pool_strndup(w->pool, op->path, (size_t)(path - op->path) + n), layer))
			return 0;
		next = openat(host, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_closep(&host);
		host = next;
	}
	*ret = fd_take(&layer);
	return *ret < 0 ? -1 : 1;
}

int place_in_layer(struct work *w, const struct op *op, int *dir, const char **name, struct err *e)
{
	struct beneath *b = &w->trees[op->tree].layer;
	int rc, fd;

	if (!w->undo || is_given_back(w, op)) {
		*dir = work_layer(w, op, name, e);
		return *dir < 0 ? -1 : 1;
	}
	if (work_host_root(w, op->tree, e) < 0 || work_layer_root(w, op->tree, e) < 0)
		return -1;
	rc = walk(w, op, &fd);
	if (rc <= 0)
		return rc < 0 ? work_error(w, op, e) : 0;
	*dir = beneath_keep(b, op->path, fd, name);
	return !is_marked(*dir, *name, w->store->trees.v[op->tree].fuse);
}

int place_whiteout(struct work *w, const struct op *op, struct err *e)
{
	bool fuse = w->store->trees.v[op->tree].fuse;
	_cleanup_fd_ int fd = -1;
	struct node there;
	const char *name = "";
	int dir = -1, rc;

	if (is_given_back(w, op))
		return 0;
	rc = place_in_layer(w, op, &dir, &name, e);
	if (rc <= 0)
		return rc;
	if (node_read(w->pool, dir, name, &there))
		return work_error(w, op, e);
	if (there.type == NODE_NONE)
		return mark_whiteout(dir, name, fuse) && errno != EEXIST ? work_error(w, op, e) : 0;
	/* A new directory of the program's, made where the host had one that was deleted. */
	if (there.type != NODE_DIRECTORY)
		return 0;
	fd = openat(dir, name, directory_flags);
	return fd < 0 || mark_opaque(fd, fuse) ? work_error(w, op, e) : 0;
}

int place_directory(struct work *w, const struct op *op, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	const char *name = "", *host_name;
	int dir = -1, host, rc;

	if (!*op->path || is_given_back(w, op))
		return 0;
	rc = place_in_layer(w, op, &dir, &name, e);
	if (rc <= 0)
		return rc;
	host = work_host(w, op, &host_name, e);
	if (host < 0)
		return -1;
	return enter(w, w->store->trees.v[op->tree].fuse, host, dir, name, &fd) < 0
		       ? work_error(w, op, e)
		       : 0;
}

/* --- a directory that was taken out of the layer whole --- */

/*
 * Entries that `to` does not have go there; where both have a directory, its entries in turn. What is
 * not in an opaque one the program has deleted since.
 */
static int merge(struct pool *pool, int from, int to, bool fuse)
{
	_cleanup_fd_ int list = openat(from, ".", directory_flags);
	node_name_vec names = {0};
	struct node a, b;
	int opaque = mark_is_opaque(to, fuse);

	if (opaque)
		return opaque < 0 ? -1 : 0;
	if (list < 0 || node_list(pool, list, &names))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i].name;
		_cleanup_fd_ int below = -1, other = -1;

		/* It would hide what `to` does not have. */
		if (mark_is_opaque_entry(name, fuse) ||
		    renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
			continue;
		if (errno != EEXIST || node_read(pool, from, name, &a) ||
		    node_read(pool, to, name, &b))
			return -1;
		if (a.type != NODE_DIRECTORY || b.type != NODE_DIRECTORY)
			continue;
		below = openat(from, name, directory_flags);
		other = openat(to, name, directory_flags);
		if (below < 0 || other < 0 || merge(pool, below, other, fuse))
			return -1;
	}
	return 0;
}

int place_back(struct work *w, size_t i, struct err *e)
{
	const struct op *op = &w->journal->ops.v[i];
	struct journal_word slot = journal_slot('l', i);
	_cleanup_fd_ int from = -1, to = -1;
	const char *name = "";
	int dir = -1, rc;

	if (faccessat(w->slots, slot.text, F_OK, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : work_error(w, op, e);
	rc = place_in_layer(w, op, &dir, &name, e);
	if (rc <= 0)
		return rc;
	if (renameat2(w->slots, slot.text, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST)
		return work_error(w, op, e);
	from = openat(w->slots, slot.text, directory_flags);
	to = openat(dir, name, directory_flags);
	/* One of them is no directory: the layer keeps what it has. */
	if (from < 0 || to < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : work_error(w, op, e);
	return merge(w->pool, from, to, w->store->trees.v[op->tree].fuse) ? work_error(w, op, e)
									  : 0;
}
