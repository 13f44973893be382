/* SPDX-License-Identifier: MIT */
/* Copies of single objects: see copy.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/copy.h"

enum { BUFFER = 128 * 1024, XATTRS_MAX = 65536 };

static const char *const capability = "security.capability";

mode_t copy_mode(const struct copy_rules *r, const struct node *n)
{
	/* On a directory S_ISGID only says which group new entries get. */
	const mode_t dangerous = n->type == NODE_DIRECTORY ? S_ISUID : S_ISUID | S_ISGID;

	return r->for_host ? n->mode & ~dangerous : n->mode;
}

static void times_of(const struct node *n, struct timespec times[2])
{
	const int64_t second = 1000000000;

	times[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
	times[1] = (struct timespec){n->mtime / second, n->mtime % second};
	/* Before 1970 the nanoseconds still count forwards. */
	if (times[1].tv_nsec < 0) {
		times[1].tv_sec--;
		times[1].tv_nsec += second;
	}
}

int copy_times(int dir, const char *name, const struct node *n)
{
	struct timespec times[2];

	times_of(n, times);
	return utimensat(dir, *name ? name : ".", times, AT_SYMLINK_NOFOLLOW);
}

/* --- content --- */

static int copy_by_hand(int from, int to, off_t at, off_t end)
{
	static char buffer[BUFFER];

	while (at < end) {
		off_t left = end - at;
		ssize_t n = pread(from, buffer, left < BUFFER ? (size_t)left : BUFFER, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		for (ssize_t done = 0; done < n;) {
			ssize_t written = pwrite(to, buffer + done, (size_t)(n - done), at + done);

			if (written < 0 && errno != EINTR)
				return -1;
			done += written > 0 ? written : 0;
		}
		at += n;
	}
	return 0;
}

/* Between file systems of different kinds copy_file_range(2) gives EXDEV since Linux 5.19. */
static int copy_range(int from, int to, off_t at, off_t end)
{
	while (at < end) {
		off_t in = at, out = at;
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			return copy_by_hand(from, to, at, end);
		if (n < 0)
			return -1;
		/* Some file systems say 0 where there is data; a file that was cut off has none. */
		if (n == 0)
			return copy_by_hand(from, to, at, end);
		at += n;
	}
	return 0;
}

static int copy_content(int from, int to)
{
	struct stat st;
	off_t hole;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	if (fstat(from, &st) || ftruncate(to, st.st_size))
		return -1;
	for (off_t at = 0; at < st.st_size; at = hole) {
		off_t data = lseek(from, at, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		if (data >= 0)
			at = data;
		hole = data < 0 ? -1 : lseek(from, at, SEEK_HOLE);
		if (hole <= at || hole > st.st_size)
			hole = st.st_size;
		if (copy_range(from, to, at, hole))
			return -1;
	}
	return 0;
}

/* --- metadata --- */

static bool has_xattr(int fd, const char *name)
{
	return fgetxattr(fd, name, NULL, 0) >= 0 || errno != ENODATA;
}

static int remove_others(struct pool *pool, int from, int to)
{
	char *names = pool_alloc(pool, XATTRS_MAX);
	ssize_t n = flistxattr(to, names, XATTRS_MAX);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		if (node_xattr_counts(name) && !has_xattr(from, name) && fremovexattr(to, name) &&
		    errno != ENODATA)
			return -1;
	}
	return 0;
}

static int copy_xattrs(int from, int to, struct copy_rules *r)
{
	if (node_copy_xattrs(from, to))
		return -1;
	if (node_same_xattrs(from, to) != 1)
		r->lost = true;
	return r->for_host && fgetxattr(to, capability, NULL, 0) >= 0 ? fremovexattr(to, capability)
								      : 0;
}

/* chown(2) takes the set-ID bits away and chmod(2) moves an access list's mask, so in this order. */
static int finish(int from, int to, const struct node *n, struct copy_rules *r, bool owner)
{
	gid_t gid = r->keep_group ? (gid_t)-1 : r->for_host ? r->gid : n->gid;
	struct timespec times[2];

	times_of(n, times);
	if (copy_xattrs(from, to, r) || (owner && fchown(to, r->for_host ? r->uid : n->uid, gid)))
		return -1;
	return fchmod(to, copy_mode(r, n)) || futimens(to, times) ? -1 : 0;
}

int copy_metadata(int from, int to, const struct node *n, struct copy_rules *r)
{
	struct pool pool = {0};
	int rc = remove_others(&pool, from, to);

	pool_done(&pool);
	return rc ? -1 : finish(from, to, n, r, false);
}

/* --- objects --- */

static int copy_file(int from, const char *from_name, int to, const char *to_name,
		     const struct node *n, struct copy_rules *r)
{
	_cleanup_fd_ int in = node_open_file(from, from_name), out = -1;

	if (in < 0)
		return -1;
	out = openat(to, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0 || copy_content(in, out))
		return -1;
	return finish(in, out, n, r, true);
}

static int copy_directory(int from, const char *from_name, int to, const char *to_name,
			  const struct node *n, struct copy_rules *r)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd_ int in = openat(from, from_name, flags), out = -1;

	if (in < 0 || mkdirat(to, to_name, 0700))
		return -1;
	out = openat(to, to_name, flags);
	return out < 0 ? -1 : finish(in, out, n, r, true);
}

static int copy_link(int from, const char *from_name, int to, const char *to_name)
{
	char target[4097];
	ssize_t n = readlinkat(from, from_name, target, sizeof(target) - 1);

	if (n < 0)
		return -1;
	target[n] = '\0';
	return symlinkat(target, to, to_name);
}

/* mknod(2) of a fifo or a socket needs no privilege; its mode is the one that the umask leaves. */
static int copy_node(int to, const char *to_name, mode_t type, mode_t mode)
{
	mode_t mask = umask(0);
	int rc = mknodat(to, to_name, type | mode, 0);

	umask(mask);
	return rc;
}

int copy_object(int from, const char *from_name, int to, const char *to_name, const struct node *n,
		struct copy_rules *r)
{
	gid_t gid = r->keep_group ? (gid_t)-1 : r->for_host ? r->gid : n->gid;
	int rc = -1;

	switch (n->type) {
	case NODE_FILE:
		return copy_file(from, from_name, to, to_name, n, r);
	case NODE_DIRECTORY:
		return copy_directory(from, from_name, to, to_name, n, r);
	case NODE_SYMLINK:
		rc = copy_link(from, from_name, to, to_name);
		break;
	case NODE_FIFO:
		rc = copy_node(to, to_name, S_IFIFO, copy_mode(r, n));
		break;
	case NODE_SOCKET:
		rc = copy_node(to, to_name, S_IFSOCK, copy_mode(r, n));
		break;
	case NODE_DEVICE:
	case NODE_NONE:
		errno = EPERM;
		return -1;
	}
	if (rc || fchownat(to, to_name, r->for_host ? r->uid : n->uid, gid, AT_SYMLINK_NOFOLLOW))
		return -1;
	return copy_times(to, to_name, n);
}
