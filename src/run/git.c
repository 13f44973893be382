/* SPDX-License-Identifier: MIT */
/*
 * What mounts cannot keep of a writable .git (ProtectGit=yes). Two ways are left to make git read
 * another configuration, and so run what it names: a file that was not there (`commondir`, which a
 * plain repository does not have, or `config.worktree`), and a HEAD that makes .git invalid, so
 * that git takes the directory around it for a bare repository. Neither can be a mount point: one
 * does not exist, the other is replaced by a rename at each checkout. So both are looked at when
 * nothing of the sandbox runs any more, and put right. A launcher killed by SIGKILL cannot do that;
 * ProtectGit=all does not need it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "run/run.h"

enum { HEAD_MAX = 1024, NEWCOMERS = 2, MODES = 3 };

static const char *const newcomers[NEWCOMERS] = {"commondir", "config.worktree"};
/* Without these git does not see a repository; a program could close them. */
static const char *const needed[MODES] = {"", "objects", "refs"};

struct git_state {
	int dir;
	bool had[NEWCOMERS];
	mode_t modes[MODES]; /* 0: was not there */
	char *head;	     /* NULL: there was none to put back */
};

static bool is_head(const char *text)
{
	size_t hex = strspn(text, "0123456789abcdef");

	return str_begins(text, "ref: refs/") || hex == 40 || hex == 64;
}

/* 0 and the text, or NULL if there is none that git would take; -1: it cannot be known. */
static int read_head(struct pool *pool, int dir, char **ret)
{
	_cleanup_fd_ int fd = openat(dir, "HEAD", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text;

	*ret = NULL;
	if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == EACCES || errno == ENXIO))
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (fd_read_all(pool, fd, HEAD_MAX, &text) < 0)
		return errno == EFBIG ? 0 : -1;
	if (is_head(text))
		*ret = text;
	return 0;
}

/* What cannot be known counts as there: it is an error before, and is put aside after. */
static bool exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* "" is the directory itself, which may have been closed even to us. 0: there is no such directory. */
static int mode_of(int dir, const char *name, mode_t *ret)
{
	struct stat st;

	*ret = 0;
	if (fstatat(dir, name, &st, *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH))
		return errno == ENOENT ? 0 : -1;
	if (S_ISDIR(st.st_mode))
		*ret = st.st_mode & 07777;
	return 0;
}

static int remember_one(struct git_state *g, struct pool *pool, const char *path, struct err *e)
{
	g->dir = fd_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	if (g->dir < 0)
		return err_errno(e, "%s", path);
	for (size_t k = 0; k < NEWCOMERS; k++) {
		errno = 0;
		g->had[k] = exists(g->dir, newcomers[k]);
		if (errno && errno != ENOENT)
			return err_errno(e, "%s/%s", path, newcomers[k]);
	}
	for (size_t k = 0; k < MODES; k++) {
		if (mode_of(g->dir, needed[k], &g->modes[k]))
			return err_errno(e, "%s/%s", path, needed[k]);
	}
	return read_head(pool, g->dir, &g->head) ? err_errno(e, "%s/HEAD", path) : 0;
}

int git_remember(void *context, struct err *e)
{
	struct launch *l = context;
	const struct plan *p = l->plan;

	l->git = pool_alloc(p->pool, p->git_dirs.n * sizeof(*l->git));
	for (size_t i = 0; i < p->git_dirs.n; i++) {
		if (remember_one(&l->git[i], p->pool, p->git_dirs.v[i], e))
			return -1;
	}
	return 0;
}

static void warn(const struct launch *l, size_t i, const char *text)
{
	fprintf(stderr, "sandbox: warning: %s: %s\n",
		str_safe(l->plan->pool, l->plan->git_dirs.v[i]), text);
}

/* A name that the program cannot have taken before. */
static const char *new_name(const struct launch *l, const char *name)
{
	uint64_t number = 0;

	(void)!getrandom(&number, sizeof(number), 0);
	return pool_printf(l->plan->pool, "%s.untrusted-%016llx", name, (unsigned long long)number);
}

static const char *put_aside(const struct launch *l, size_t i, const char *name)
{
	const char *aside = new_name(l, name);
	int dir = l->git[i].dir;

	return renameat2(dir, name, dir, aside, RENAME_NOREPLACE) ? NULL : aside;
}

static void put_newcomer_aside(const struct launch *l, size_t i, const char *name)
{
	const char *aside = put_aside(l, i, name);

	if (aside)
		warn(l, i,
		     pool_printf(l->plan->pool,
				 "%s has appeared, by which git would read other files: now %s",
				 name, aside));
	else
		warn(l, i, "git would read other files: do not run it here before you have looked");
}

static void put_head_back(const struct launch *l, size_t i)
{
	const struct git_state *g = &l->git[i];
	const char *name = new_name(l, "HEAD");
	_cleanup_fd_ int fd = -1;
	size_t n = strlen(g->head);

	put_aside(l, i, "HEAD");
	fd = openat(g->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, g->head, n) != (ssize_t)n || renameat(g->dir, name, g->dir, "HEAD"))
		warn(l, i, "HEAD is lost: do not run git here before you have looked");
	else
		warn(l, i, "HEAD was not one any more, git would have read other files: put back");
}

/* Through its descriptor: a name could lead elsewhere by now. chmod(2) has no flag for that. */
static void put_mode_back(const struct launch *l, size_t i, size_t k)
{
	const struct git_state *g = &l->git[i];
	_cleanup_fd_ int fd = -1;
	char path[40];
	mode_t now;

	if (!g->modes[k] || (mode_of(g->dir, needed[k], &now) == 0 && now == g->modes[k]))
		return;
	fd = *needed[k] ? fd_openat2(g->dir, needed[k], O_PATH | O_DIRECTORY, 0,
				     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
			: fcntl(g->dir, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || chmod(path, g->modes[k]))
		warn(l, i,
		     "its modes have been changed: do not run git here before you have looked");
	else
		warn(l, i,
		     pool_printf(l->plan->pool, "the mode of its \"%s\" has been put back",
				 needed[k]));
}

void git_put_right(void *context)
{
	struct launch *l = context;

	for (size_t i = 0; i < l->plan->git_dirs.n; i++) {
		struct git_state *g = &l->git[i];
		char *head;

		for (size_t k = 0; k < MODES; k++)
			put_mode_back(l, i, k);
		for (size_t k = 0; k < NEWCOMERS; k++) {
			if (!g->had[k] && exists(g->dir, newcomers[k]))
				put_newcomer_aside(l, i, newcomers[k]);
		}
		if (g->head && (read_head(l->plan->pool, g->dir, &head) || !head))
			put_head_back(l, i);
		fd_closep(&g->dir);
	}
}
