/* SPDX-License-Identifier: MIT */
/* What stands at a path: directories, files, the sockets behind them, the .git that a tree has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "host/host.h"

const struct host_git_name host_git_names[HOST_GIT_NAMES] = {
	[HOST_GIT_HOOKS] = {"hooks", true, false},
	[HOST_GIT_CONFIG] = {"config", false, false},
	{"config.worktree", false, false},
	{"modules", true, false},
	{"worktrees", true, false},
	{"objects", true, true},
	{"refs", true, true},
};

static enum path_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return PATH_DIRECTORY;
	case S_IFREG:
		return PATH_FILE;
	case S_IFCHR:
	case S_IFBLK:
		return PATH_DEVICE;
	case S_IFSOCK:
		return PATH_SOCKET;
	default:
		return PATH_OTHER;
	}
}

/* The real path of what is open at fd; NULL and path->error. */
static const char *real_path(struct pool *p, int fd, struct host_path *path)
{
	char link[sizeof("/proc/self/fd/") + 12], real[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real));
	if (n > 0 && n < (ssize_t)sizeof(real) && *real == '/')
		return pool_strndup(p, real, (size_t)n);
	/* Not the errno of readlink(2): that it is not allowed says nothing of the path. */
	path->error = n < 0 ? EIO : ENAMETOOLONG;
	return NULL;
}

/* Where a path that does not exist would be: the deepest part that does, without links, and the
 * rest. */
static void probe_missing(struct pool *p, struct host_path *path)
{
	for (size_t n = strlen(path->path); n > 0;) {
		_cleanup_fd_ int fd = -1;
		const char *real;

		while (n > 0 && path->path[n - 1] != '/')
			n--;
		fd = open(n > 1 ? pool_strndup(p, path->path, n - 1) : "/", O_PATH | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT) {
			path->error = errno;
			return;
		}
		if (fd >= 0) {
			real = real_path(p, fd, path);
			path->real =
				real ? path_join(p, real, pool_printf(p, "./%s", path->path + n))
				     : NULL;
			return;
		}
		n = n > 1 ? n - 1 : 0;
	}
}

void host_path_probe(struct pool *p, struct host_path *path)
{
	/* Most paths have no link in them: then they are the real ones, and /proc need not be asked
	 * (20 us the first time). */
	_cleanup_fd_ int fd = fd_openat2(AT_FDCWD, path->path, O_PATH, 0, RESOLVE_NO_SYMLINKS);
	bool is_real = fd >= 0 && !path_has_dotdot(path->path);
	struct stat st;

	path->kind = PATH_MISSING;
	path->real = NULL;
	/* ENOSYS: in a sandbox whose filter cannot see this call's arguments. */
	if (fd < 0 && (errno == ELOOP || errno == ENOSYS)) {
		is_real = false;
		fd = open(path->path, O_PATH | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st)) {
		path->error = errno;
		if (errno == ENOENT && !path_has_dotdot(path->path))
			probe_missing(p, path);
		return;
	}
	path->owner = st.st_uid;
	path->real = is_real ? path->path : real_path(p, fd, path);
	if (path->real)
		path->kind = kind_of(st.st_mode);
}

bool host_path_absent(const struct host_path *path)
{
	return path->kind == PATH_MISSING &&
	       (path->error == ENOENT || path->error == ENOTDIR || path->error == EACCES);
}

/* unix(7) has no page for this file: net/unix/af_unix.c, unix_seq_show(). The path is the eighth
 * field. */
int host_sockets_read(struct pool *p, struct host_sockets *ret, struct err *e)
{
	char *text, *line, *next;

	if (fd_read_path(p, "/proc/net/unix", 16 * 1024 * 1024, &text) < 0)
		return err_errno(e, "/proc/net/unix");
	for (line = text; line && *line; line = next) {
		const char *path = line;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		for (int field = 0; path && field < 7; field++) {
			path = strchr(path, ' ');
			while (path && *path == ' ')
				path++;
		}
		if (path && *path == '/')
			*vec_add(p, &ret->v) = path;
	}
	return 0;
}

static int probe_names(struct host_git *git, int fd, struct err *e)
{
	for (unsigned i = 0; i < HOST_GIT_NAMES; i++) {
		const struct host_git_name *name = &host_git_names[i];
		struct stat st;

		if (fstatat(fd, name->name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (errno != ENOENT && errno != EACCES)
				return err_errno(e, "%s/%s", git->path, name->name);
			continue;
		}
		if (name->is_directory ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
			git->present |= 1u << i;
	}
	return 0;
}

/* A directory that git takes for a repository by itself: a bare one, or somebody's .git named directly. */
static bool is_bare(struct pool *p, const char *dir)
{
	static const char *const names[] = {"HEAD", "objects", "refs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (access(path_join(p, dir, names[i]), F_OK) && errno == ENOENT)
			return false;
	}
	return true;
}

static int probe_one(struct host *h, const char *dir, struct err *e)
{
	const char *path = is_bare(h->pool, dir) ? dir : path_join(h->pool, dir, ".git");
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct host_git git = {.path = path};
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return err_errno(e, "%s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(e, "%s: a link, which the program could replace", path),
		       err_hint(
			       e,
			       "--set Filesystem.ProtectGit=no, if the program may choose what git runs");
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	git.is_directory = S_ISDIR(st.st_mode);
	if (git.is_directory && probe_names(&git, fd, e))
		return -1;
	*vec_add(h->pool, &h->git) = git;
	return 0;
}

int host_git_probe(struct host *h, const char *dir, const char *below, struct err *e)
{
	if (probe_one(h, dir, e))
		return -1;
	if (!below || !path_within(below, dir) || str_eq(below, dir))
		return 0;
	for (size_t n = strlen(dir) == 1 ? 1 : strlen(dir) + 1; below[n - 1]; n++) {
		size_t end = n + strcspn(below + n, "/");

		if (probe_one(h, pool_strndup(h->pool, below, end), e))
			return -1;
		n = end;
	}
	return 0;
}
