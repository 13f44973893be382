/* SPDX-License-Identifier: MIT */
/* Directories of a layer, and the marks that an overlay leaves in them: see layer.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/layer.h"
#include "store/marks.h"

static const char *const mark = ".wh."; /* a name that begins so is one of fuse-overlayfs' marks */

static bool is_opaque(int dir, bool fuse)
{
	char value[2];

	/* fuse-overlayfs heeds the kernel's mark too, and lets programs set it. */
	return (fuse && fgetxattr(dir, "user.fuseoverlayfs.opaque", value, sizeof(value)) == 1 &&
		*value == 'y') ||
	       (fgetxattr(dir, "user.overlay.opaque", value, sizeof(value)) == 1 && *value == 'y');
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct layer_entry *)a)->name, ((const struct layer_entry *)b)->name);
}

const struct layer_entry *layer_find(const layer_entry_vec *entries, const char *name)
{
	const struct layer_entry key = {.name = name};

	return entries->n ? bsearch(&key, entries->v, entries->n, sizeof(*entries->v), by_name)
			  : NULL;
}

/* 1: added; 0: it is gone again; -1 and errno. */
static int add_entry(struct pool *pool, int dir, const char *name, layer_entry_vec *entries)
{
	struct node node;
	struct layer_entry *entry;

	if (node_read(pool, dir, name, &node))
		return -1;
	if (node.type == NODE_NONE)
		return 0;
	entry = vec_add(pool, entries);
	*entry = (struct layer_entry){.name = name, .node = node};
	/* A block device 0:0 would need CAP_MKNOD, which no program of ours has. */
	if (node.type == NODE_DEVICE && node.rdev == 0) {
		entry->whiteout = true;
		entry->node.type = NODE_NONE;
	}
	return 1;
}

/*
 * `.wh.NAME` deletes NAME, unless there is a NAME beside it. Names with two marks are of directories:
 * only the two for opaque ones are in use.
 */
static int add_marks(struct pool *pool, int dir, const str_vec *marks, layer_entry_vec *entries,
		     bool *opaque)
{
	size_t n = entries->n;

	for (size_t i = 0; i < marks->n; i++) {
		const char *name = marks->v[i] + strlen(mark);
		const layer_entry_vec plain = {entries->v, n, n};
		struct node node;

		if (str_eq(name, ".opq") || str_eq(name, ".wh..opq")) {
			*opaque = true;
			continue;
		}
		if (!*name || str_eq(name, ".") || str_eq(name, "..") || layer_find(&plain, name))
			continue;
		if (node_read(pool, dir, marks->v[i], &node))
			return -1;
		node.type = NODE_NONE;
		*vec_add(pool, entries) =
			(struct layer_entry){.name = name, .whiteout = true, .node = node};
	}
	if (entries->n > n)
		qsort(entries->v, entries->n, sizeof(*entries->v), by_name);
	return 0;
}

int layer_list(struct pool *pool, int dir, bool fuse, layer_entry_vec *ret, bool *ret_opaque)
{
	node_name_vec names = {0};
	str_vec marks = {0};

	if (node_list(pool, dir, &names))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i].name;

		if (fuse && str_begins(name, mark))
			*vec_add(pool, &marks) = name;
		else if (add_entry(pool, dir, name, ret) < 0)
			return -1;
	}
	*ret_opaque = is_opaque(dir, fuse);
	return marks.n ? add_marks(pool, dir, &marks, ret, ret_opaque) : 0;
}

/* getxattr(2) has no form for a name in a directory before Linux 6.13. */
struct link_path {
	char text[sizeof("/proc/self/fd/") + 12 + NAME_MAX + 1];
};

static struct link_path path_of(int dir, const char *name)
{
	struct link_path p;

	snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d/%s", dir, name);
	return p;
}

static const char fuse_origin[] = "user.fuseoverlayfs.origin";

bool layer_is_copy(int dir, const struct layer_entry *entry, bool fuse)
{
	const struct link_path p = path_of(dir, entry->name);

	if (entry->node.type == NODE_DIRECTORY && fuse) {
		_cleanup_fd_ int fd = layer_open_below(dir, entry->name, O_RDONLY);

		return fd >= 0 && mark_is_opaque(fd, fuse) == 0;
	}
	if (entry->node.type != NODE_DIRECTORY && entry->node.type != NODE_FILE)
		return false;
	return lgetxattr(p.text, fuse ? fuse_origin : "user.overlay.origin", NULL, 0) >= 0;
}

bool layer_forget_origin(int dir, const char *name)
{
	return lremovexattr(path_of(dir, name).text, fuse_origin) == 0;
}

int layer_open_below(int root, const char *path, int flags)
{
	return fd_openat2(root, *path ? path : ".", (uint64_t)flags | O_DIRECTORY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}
