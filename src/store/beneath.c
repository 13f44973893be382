/* SPDX-License-Identifier: MIT */
/* Directories below a root: see beneath.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/beneath.h"

bool beneath_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return n == 0 || (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* Whoever may write to the tree could put a link in the place of a directory, at any moment. */
static const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

int beneath_parent(struct beneath *b, const char *path, const char **name)
{
	char parent[PATH_MAX];
	size_t n;

	*name = path_name(path);
	n = (size_t)(*name - path);
	if (n == 0)
		return b->root;
	if (b->fd >= 0 && n == b->length && memcmp(b->path, path, n) == 0)
		return b->fd;
	beneath_forget(b);
	if (n >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, path, n - 1);
	parent[n - 1] = '\0';
	b->fd = fd_openat2(b->root, parent, O_PATH | O_DIRECTORY, 0, resolve);
	b->path = path;
	b->length = n;
	return b->fd;
}

int beneath_keep(struct beneath *b, const char *path, int fd, const char **name)
{
	beneath_forget(b);
	*name = path_name(path);
	b->fd = fd;
	b->path = path;
	b->length = (size_t)(*name - path);
	return fd;
}

int beneath_open(const struct beneath *b, const char *path)
{
	return fd_openat2(b->root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, resolve);
}

void beneath_forget(struct beneath *b)
{
	fd_closep(&b->fd);
}
