/* SPDX-License-Identifier: MIT */
/* Roots: those of the trees on the host, and of their layers. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/node.h"
#include "store/tree.h"

static int64_t birth(const struct statx *st)
{
	int64_t ns = st->stx_btime.tv_sec * INT64_C(1000000000) + st->stx_btime.tv_nsec;

	return st->stx_mask & STATX_BTIME && ns > 0 ? ns : 0;
}

/* Descriptor of a tree's root, from which everything below is reached; tells who it is. */
static int open_root(const char *path, struct statx *st, struct err *e)
{
	int fd = fd_openat2(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);

	/* One that can be entered but not listed. */
	if (fd < 0 && errno == EACCES)
		fd = fd_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_errno(e, "%s", path);
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st) == 0)
		return fd;
	err_errno(e, "%s", path);
	fd_closep(&fd);
	return -1;
}

static dev_t device(const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor);
}

int store_open_tree(const struct store *s, size_t tree, struct err *e)
{
	const struct store_tree *t = &s->trees.v[tree];
	struct statx st = {0};
	int fd = open_root(t->path, &st, e);
	bool same = fd >= 0 && st.stx_ino == t->ino;

	/* A device may have another number after a boot; then the time of birth decides. */
	if (same && device(&st) != t->dev)
		same = t->born && birth(&st) == t->born;
	if (fd < 0 && e->error == ENOENT) {
		err_set(e, "%s: the directory that it was started on is gone: %s", s->name,
			t->path);
		return err_hint(e, "put it back, or `sandbox remove %s`", s->name);
	}
	if (fd < 0 || same)
		return fd;
	fd_closep(&fd);
	err_set(e, "%s: not the directory that %s was started on", t->path, s->name);
	return err_hint(e, "put the old one back, or `sandbox remove %s`", s->name);
}

int store_open_upper(const struct store *s, size_t tree, struct err *e)
{
	const char *name = pool_printf(s->pool, "%zu/upper", tree);
	int fd = fd_openat2(s->dir, name, O_RDONLY | O_DIRECTORY, 0,
			    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? err_errno(e, "%s: its layer of %s", s->name, s->trees.v[tree].path)
			      : fd;
	err_set(e, "%s: its layer of %s is gone: a removal was cut short", s->name,
		s->trees.v[tree].path);
	return err_hint(e, "`sandbox remove %s` goes on with it", s->name);
}

int tree_make_layer(struct store *s, size_t tree, struct err *e)
{
	struct store_tree *t = &s->trees.v[tree];
	const char *layer = pool_printf(s->pool, "%zu", tree),
		   *upper = pool_printf(s->pool, "%zu/upper", tree),
		   *work = pool_printf(s->pool, "%zu/work", tree);
	struct timespec times[2];
	struct statx st = {0};
	_cleanup_fd_ int root = open_root(t->path, &st, e), fd = -1;

	if (root < 0)
		return -1;
	t->dev = device(&st);
	t->ino = st.stx_ino;
	t->born = birth(&st);
	if ((mkdirat(s->dir, layer, 0700) && errno != EEXIST) ||
	    (mkdirat(s->dir, upper, 0700) && errno != EEXIST) ||
	    (mkdirat(s->dir, work, 0700) && errno != EEXIST))
		return err_errno(e, "%s: a layer for %s", s->name, t->path);
	fd = fd_openat2(s->dir, upper, O_RDONLY | O_DIRECTORY, 0,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	times[0] = (struct timespec){st.stx_atime.tv_sec, st.stx_atime.tv_nsec};
	times[1] = (struct timespec){st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec};
	if (fd < 0 || node_copy_xattrs(root, fd) || fchmod(fd, st.stx_mode & 07777) ||
	    futimens(fd, times))
		return err_errno(e, "%s: a layer for %s", s->name, t->path);
	return 0;
}
