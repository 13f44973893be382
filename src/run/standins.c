/* SPDX-License-Identifier: MIT */
/* Puts stand-ins (host/standins.c) into a layer of fuse-overlayfs, before it is mounted. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "run/server.h"

struct placing {
	int work; /* each thing is made complete here and then renamed, so that a kill leaves no half */
	const char *path;
	struct err *e;
};

static const char item[] = "standin";
/* fuse-overlayfs' marks of a directory that hides the host's. */
static const char *const opaque[] = {".wh..wh..opq", ".wh..opq"};

static int fail(const struct placing *p)
{
	return err_errno(p->e, "cannot make a stand-in for %s", p->path);
}

static int dress(int fd, mode_t mode, uid_t uid, gid_t gid, struct timespec modified)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, modified};

	/* EINVAL: an id that this user namespace does not have; then it stays root's. */
	if ((fchown(fd, uid, (gid_t)-1) && errno != EINVAL) ||
	    (fchown(fd, (uid_t)-1, gid) && errno != EINVAL))
		return -1;
	return fchmod(fd, mode) || futimens(fd, times) ? -1 : 0;
}

static int make_item(const struct placing *p, bool directory)
{
	if (unlinkat(p->work, item, 0) && errno == EISDIR) {
		for (size_t i = 0; i < sizeof(opaque) / sizeof(opaque[0]); i++) {
			char name[40];

			snprintf(name, sizeof(name), "%s/%s", item, opaque[i]);
			unlinkat(p->work, name, 0);
		}
		unlinkat(p->work, item, AT_REMOVEDIR);
	}
	if (!directory)
		return openat(p->work, item, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (mkdirat(p->work, item, 0700))
		return -1;
	return openat(p->work, item, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The directory keeps its time: it is not the program that changes it. */
static int put_item(const struct placing *p, int dir, const char *name)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	struct stat st;

	if (fstat(dir, &st) || renameat(p->work, item, dir, name))
		return -1;
	times[1] = st.st_mtim;
	return futimens(dir, times);
}

/* A directory of the layer that changes nothing: as the host's. */
static int make_parent(const struct placing *p, int host, int dir, const char *name)
{
	_cleanup_fd_ int fd = make_item(p, true);
	struct stat st;

	if (fd < 0 || fstat(host, &st) ||
	    dress(fd, st.st_mode & 07777, st.st_uid, st.st_gid, st.st_mtim) ||
	    put_item(p, dir, name))
		return -1;
	return fd_take(&fd);
}

static bool exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_deleted(int dir, const char *name)
{
	char whiteout[4 + NAME_MAX + 1];

	snprintf(whiteout, sizeof(whiteout), ".wh.%s", name);
	return exists(dir, whiteout);
}

static bool is_opaque(int dir)
{
	char value[2];

	return exists(dir, opaque[0]) || exists(dir, opaque[1]) ||
	       (fgetxattr(dir, "user.fuseoverlayfs.opaque", value, sizeof(value)) == 1 &&
		value[0] == 'y');
}

/*
 * One directory down, on the host and in the layer. 0: the program has deleted or replaced it, or the
 * host has, so that there is nothing to stand in for.
 */
static int descend(const struct placing *p, int *host, int *dir, const char *name)
{
	int next = openat(*host, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0)
		return 0;
	close(*host);
	*host = next;
	next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 && errno == ENOENT) {
		if (is_deleted(*dir, name))
			return 0;
		next = make_parent(p, *host, *dir, name);
	} else if (next < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		return 0;
	}
	if (next < 0)
		return fail(p);
	close(*dir);
	*dir = next;
	return !is_opaque(next);
}

static int place(const struct placing *p, const struct host_standin *s, int dir, const char *name)
{
	_cleanup_fd_ int fd = -1;

	if (exists(dir, name) || is_deleted(dir, name))
		return 0;
	fd = make_item(p, s->is_directory);
	if (fd < 0 || (s->is_directory && mknodat(fd, opaque[0], S_IFREG | 0600, 0)))
		return fail(p);
	/* Without extended attributes it is one more change in the list, and nothing worse. */
	if (fsetxattr(fd, STANDIN_MARK, s->path, strlen(s->path), 0) && errno != EOPNOTSUPP)
		return fail(p);
	if (dress(fd, s->mode, s->uid, s->gid, s->modified) || put_item(p, dir, name))
		return fail(p);
	return 0;
}

static int place_below(const struct placing *p, const struct host_standin *s, int tree, int upper,
		       char *path)
{
	_cleanup_fd_ int host = fcntl(tree, F_DUPFD_CLOEXEC, 0),
			 dir = fcntl(upper, F_DUPFD_CLOEXEC, 0);
	char *slash;
	int rc = 1;

	if (host < 0 || dir < 0)
		return fail(p);
	for (; rc == 1 && (slash = strchr(path, '/')); path = slash + 1) {
		*slash = '\0';
		rc = descend(p, &host, &dir, path);
	}
	return rc == 1 ? place(p, s, dir, path) : rc;
}

int standins_place(const host_standin_vec *standins, const char *path, int tree, int upper,
		   int work, struct err *e)
{
	size_t skip = strlen(path) > 1 ? strlen(path) + 1 : 1;

	for (size_t i = 0; i < standins->n; i++) {
		const struct host_standin *s = &standins->v[i];
		const struct placing p = {work, s->path, e};
		char below[PATH_MAX];

		if (!path_within(s->path, path) || strlen(s->path) <= skip ||
		    strlen(s->path) >= sizeof(below))
			continue;
		snprintf(below, sizeof(below), "%s", s->path + skip);
		if (place_below(&p, s, tree, upper, below))
			return -1;
	}
	return 0;
}
