/* SPDX-License-Identifier: MIT */
/* One thing that stands at a path: see node.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/node.h"

static enum node_type type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return NODE_FILE;
	case S_IFDIR:
		return NODE_DIRECTORY;
	case S_IFLNK:
		return NODE_SYMLINK;
	case S_IFIFO:
		return NODE_FIFO;
	case S_IFSOCK:
		return NODE_SOCKET;
	default:
		return NODE_DEVICE;
	}
}

static int64_t nanoseconds(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int read_target(struct pool *pool, int dir, const char *name, struct node *ret)
{
	char target[4097];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -1;
	ret->target = pool_strndup(pool, target, (size_t)n);
	return 0;
}

int node_read(struct pool *pool, int dir, const char *name, struct node *ret)
{
	struct stat st;

	*ret = (struct node){.type = NODE_NONE};
	if (fstatat(dir, name, &st, *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH))
		return errno == ENOENT ? 0 : -1;
	*ret = (struct node){.type = type_of(st.st_mode),
			     .mode = st.st_mode & 07777,
			     .uid = st.st_uid,
			     .gid = st.st_gid,
			     .size = st.st_size,
			     .links = st.st_nlink,
			     .dev = st.st_dev,
			     .ino = st.st_ino,
			     .rdev = st.st_rdev,
			     .mtime = nanoseconds(st.st_mtim),
			     .ctime = nanoseconds(st.st_ctim)};
	return ret->type == NODE_SYMLINK ? read_target(pool, dir, name, ret) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct node_name *)a)->name, ((const struct node_name *)b)->name);
}

int node_list(struct pool *pool, int dir, node_name_vec *ret)
{
	_Alignas(struct dirent64) char buffer[32768];
	ssize_t n;

	while ((n = getdents64(dir, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buffer + at);

			at += d->d_reclen;
			if (str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
				continue;
			*vec_add(pool, ret) =
				(struct node_name){pool_strdup(pool, d->d_name), d->d_type};
		}
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return n < 0 ? -1 : 0;
}

/* --- extended attributes --- */

enum { XATTR_MAX = 65536, XATTR_USUAL = 1024 };

static const char *const capability = "security.capability";

bool node_xattr_counts(const char *name)
{
	if (str_begins(name, "user."))
		return !str_begins(name, "user.overlay.") &&
		       !str_begins(name, "user.fuseoverlayfs.");
	return str_begins(name, "system.posix_acl_") || str_eq(name, capability);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of those that count, sorted. A file system without them has none. */
static int list_xattrs(struct pool *pool, int fd, str_vec *ret)
{
	char few[XATTR_USUAL], *names = few;
	ssize_t n = flistxattr(fd, names, sizeof(few));

	if (n < 0 && errno == ERANGE) {
		names = pool_alloc(pool, XATTR_MAX);
		n = flistxattr(fd, names, XATTR_MAX);
	}
	/* EBADF: O_PATH, because it may not be read. */
	if (n < 0)
		return errno == EOPNOTSUPP || errno == EBADF ? 0 : -1;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		if (node_xattr_counts(name))
			*vec_add(pool, ret) = pool_strdup(pool, name);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_text);
	return 0;
}

static int copy_xattrs(struct pool *pool, int from, int to)
{
	str_vec names = {0};

	if (list_xattrs(pool, from, &names))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		char *value = pool_alloc(pool, XATTR_MAX);
		ssize_t n = fgetxattr(from, names.v[i], value, XATTR_MAX);

		if (n < 0 && errno == ENODATA)
			continue;
		if (n < 0 || (fsetxattr(to, names.v[i], value, (size_t)n, 0) &&
			      errno != EOPNOTSUPP && errno != EPERM))
			return -1;
	}
	return 0;
}

int node_copy_xattrs(int from, int to)
{
	struct pool pool = {0};
	int rc = copy_xattrs(&pool, from, to);

	pool_done(&pool);
	return rc;
}

static int same_value(struct pool *pool, int a, int b, const char *name)
{
	char *values[2] = {pool_alloc(pool, XATTR_MAX), pool_alloc(pool, XATTR_MAX)};
	ssize_t n[2] = {fgetxattr(a, name, values[0], XATTR_MAX),
			fgetxattr(b, name, values[1], XATTR_MAX)};

	if (n[0] < 0 || n[1] < 0)
		return errno == ENODATA ? 0 : -1;
	return n[0] == n[1] && memcmp(values[0], values[1], (size_t)n[0]) == 0;
}

static int same_xattrs(struct pool *pool, int a, int b)
{
	str_vec names[2] = {0};

	if (list_xattrs(pool, a, &names[0]) || list_xattrs(pool, b, &names[1]))
		return -1;
	if (names[0].n != names[1].n)
		return 0;
	for (size_t i = 0; i < names[0].n; i++) {
		int same = str_eq(names[0].v[i], names[1].v[i])
				   ? same_value(pool, a, b, names[0].v[i])
				   : 0;

		if (same != 1)
			return same;
	}
	return 1;
}

int node_same_xattrs(int a, int b)
{
	struct pool pool = {0};
	int rc = same_xattrs(&pool, a, b);

	pool_done(&pool);
	return rc;
}

bool node_has_xattrs(int fd)
{
	struct pool pool = {0};
	str_vec names = {0};
	int rc = list_xattrs(&pool, fd, &names);

	pool_done(&pool);
	return rc || names.n;
}

/* getxattr(2) has no form for a name in a directory before Linux 6.13. */
bool node_has_capability(int dir, const char *name)
{
	char path[sizeof("/proc/self/fd/") + 12 + 256];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	return lgetxattr(path, capability, NULL, 0) > 0;
}

/* --- content --- */

enum { SMALL = 128 * 1024 };

int node_open_file(int dir, const char *name)
{
	/* A fifo in its place would block, a terminal would become ours. */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	errno = EINVAL;
	fd_closep(&fd);
	return -1;
}

ssize_t node_read_at(int fd, char *buffer, size_t size, off_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buffer + done, size - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Where the next data is, at or behind `at`; a file system without lseek(2)'s SEEK_DATA has it at once. */
static off_t next_data(int fd, off_t at, off_t size)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : at;
	return data;
}

int node_same_content(int a, int b, off_t size)
{
	static char buffers[2][SMALL];

	for (off_t at = 0; at < size; at += SMALL) {
		ssize_t n[2];

		if (size > SMALL) {
			off_t data[2] = {next_data(a, at, size), next_data(b, at, size)};

			at = data[0] < data[1] ? data[0] : data[1];
			if (at >= size)
				break;
		}
		n[0] = node_read_at(a, buffers[0], SMALL, at);
		n[1] = node_read_at(b, buffers[1], SMALL, at);
		if (n[0] < 0 || n[1] < 0)
			return -1;
		if (n[0] != n[1] || memcmp(buffers[0], buffers[1], (size_t)n[0]) != 0)
			return 0;
	}
	return 1;
}
