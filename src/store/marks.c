/* SPDX-License-Identifier: MIT */
/* Marks in a layer: see marks.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/marks.h"

static const char *const files[] = {".wh..wh..opq", ".wh..opq"};
enum { FILES = 2, LIST_MAX = 65536 };

static const char *attribute(bool fuse)
{
	return fuse ? "user.fuseoverlayfs.opaque" : "user.overlay.opaque";
}

/* A device 0:0 needs no privilege since Linux 5.8; fuse-overlayfs knows the other form where a file
 * system refuses it all the same. */
int mark_whiteout(int dir, const char *name, bool fuse)
{
	char marked[NAME_MAX + 8];
	int fd;

	if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (!fuse || errno != EPERM)
		return -1;
	if (snprintf(marked, sizeof(marked), ".wh.%s", name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(dir, marked, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	fd_closep(&fd);
	return faccessat(dir, marked, F_OK, AT_SYMLINK_NOFOLLOW);
}

int mark_opaque(int dir, bool fuse)
{
	return fsetxattr(dir, attribute(fuse), "y", 1, 0);
}

int mark_is_opaque(int dir, bool fuse)
{
	char value[2];
	ssize_t n = fgetxattr(dir, attribute(fuse), value, sizeof(value));

	if (n == 1 && *value == 'y')
		return 1;
	if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP && errno != ERANGE)
		return -1;
	for (size_t i = 0; fuse && i < FILES; i++) {
		if (faccessat(dir, files[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 1;
		if (errno != ENOENT)
			return -1;
	}
	return 0;
}

bool mark_is_opaque_entry(const char *name, bool fuse)
{
	return fuse && (str_eq(name, files[0]) || str_eq(name, files[1]));
}

/* What the host has there too must stay hidden once the directory above does not hide it any more. */
static int hide(int host, int layer, const struct layer_entry *entry, const char *name, bool fuse)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (!entry)
		return mark_whiteout(layer, name, fuse) && errno != EEXIST ? -1 : 0;
	if (entry->whiteout || entry->node.type != NODE_DIRECTORY)
		return 0;
	if (fstatat(host, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(layer, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -1 : mark_opaque(fd, fuse);
}

int mark_explicitly(struct pool *pool, int host, int layer, bool fuse)
{
	_cleanup_fd_ int list = openat(layer, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layer_entry_vec entries = {0};
	node_name_vec names = {0};
	bool opaque = false;

	if (list < 0 || layer_list(pool, list, fuse, &entries, &opaque))
		return -1;
	if (!opaque)
		return 0;
	if (host >= 0 && node_list(pool, host, &names))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i].name;

		/* There such names are marks, and nobody sees the host's. */
		if (fuse && str_begins(name, ".wh."))
			continue;
		if (hide(host, layer, layer_find(&entries, name), name, fuse))
			return -1;
	}
	for (size_t i = 0; fuse && i < FILES; i++) {
		if (unlinkat(layer, files[i], 0) && errno != ENOENT)
			return -1;
	}
	return fremovexattr(layer, attribute(fuse)) && errno != ENODATA && errno != EOPNOTSUPP ? -1
											       : 0;
}

static bool is_own(const char *name)
{
	return str_begins(name, "user.overlay.") || str_begins(name, "user.fuseoverlayfs.");
}

/* listxattr(2) has no form for a name in a directory before Linux 6.13. */
int mark_strip(int dir, const char *name)
{
	char path[sizeof("/proc/self/fd/") + 12 + NAME_MAX + 1], few[1024], *names = few;
	ssize_t n;
	struct pool pool = {0};
	int rc = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	n = llistxattr(path, names, sizeof(few));
	if (n < 0 && errno == ERANGE) {
		names = pool_alloc(&pool, LIST_MAX);
		n = llistxattr(path, names, LIST_MAX);
	}
	if (n < 0 && errno != EOPNOTSUPP)
		rc = -1;
	for (const char *c = names; rc == 0 && c < names + n; c += strlen(c) + 1) {
		if (is_own(c) && lremovexattr(path, c) && errno != ENODATA)
			rc = -1;
	}
	pool_done(&pool);
	return rc;
}
