/* SPDX-License-Identifier: MIT */
/* Which file a profile is, whether it can be trusted, and what it inherits. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nearest.h"
#include "base/path.h"
#include "profile/profile.h"

/* Files being loaded, innermost first: a file that appears twice in this chain is a cycle. */
struct loading {
	const struct loading *outer;
	const char *const *dirs;
	const char *path;
	size_t dir; /* index into dirs, or SIZE_MAX for a path that was given */
};

static int load_file(struct profile *p, const struct loading *l, struct origin at, struct err *e);

/* Where an error about finding a file is reported: at the Inherit= line, or plainly. */
static int find_err(struct profile *p, struct origin at, struct err *e, const char *text)
{
	return at.file ? profile_err(p, at, e, "Inherit=: %s", text)
		       : err_set(e, "profile: %s", str_safe(p->pool, text));
}

/*
 * A profile decides what a hostile program may do, so nobody but its owner and root may have
 * written it. Opened without blocking, because it could be a FIFO.
 */
static int open_profile(struct profile *p, const struct loading *l, struct origin at, struct err *e)
{
	const char *path = l->path, *why = NULL;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		why = strerror(errno);
		find_err(p, at, e, pool_printf(p->pool, "%s: %s", path, why));
		e->error = errno;
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		why = "not a regular file";
	else if (st.st_mode & S_IWOTH)
		why = "anybody may write to it; chmod o-w it";
	else if ((st.st_mode & S_IWGRP) && st.st_uid != 0 && st.st_uid != getuid())
		why = "it belongs to somebody else and others may write to it";
	else if (st.st_size > PROFILE_MAX_BYTES)
		why = "larger than 1 MiB: this is not a profile";
	if (why)
		return find_err(p, at, e, pool_printf(p->pool, "%s: %s", path, why));
	return fd_take(&fd);
}

static const char *name_in(size_t i, const void *context)
{
	const profile_entry_vec *list = context;

	return i < list->n ? list->v[i].name : NULL;
}

static int not_found(struct profile *p, const char *name, const char *const *dirs, struct origin at,
		     struct err *e)
{
	profile_entry_vec known = {0};
	struct err ignored;
	const char *likely;

	find_err(p, at, e, pool_printf(p->pool, "there is no profile \"%.100s\"", name));
	if (profile_list(p->pool, dirs, &known, &ignored) == 0 &&
	    (likely = nearest(name, name_in, &known)))
		return err_hint(e, "did you mean %s?", likely);
	if (access(pool_printf(p->pool, "./%s", name), F_OK) == 0)
		return err_hint(e, "a file is named with a slash: ./%s", name);
	return err_hint(e, "`sandbox profile list` shows what there is");
}

/* Which of `dirs` a path is in directly; SIZE_MAX: none. */
static size_t dir_of(const char *const *dirs, const char *path)
{
	size_t n = (size_t)(path_name(path) - path);

	for (size_t i = 0; n && dirs[i]; i++) {
		if (strlen(dirs[i]) == n - 1 && memcmp(dirs[i], path, n - 1) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Finds `name` at or behind dirs[from]; sets *l. */
static int find_profile(struct profile *p, struct loading *l, const char *name, size_t from,
			struct origin at, struct err *e)
{
	if (strchr(name, '/')) {
		l->path = name;
		l->dir = dir_of(l->dirs, name);
		return 0;
	}
	if (!*name || *name == '.' || *name == '-' || strlen(name) > 64)
		return find_err(p, at, e,
				pool_printf(p->pool, "\"%.80s\" is not a profile's name", name));
	for (size_t i = from; l->dirs[i]; i++) {
		const char *path = pool_printf(p->pool, "%s/%s.profile", l->dirs[i], name);

		if (access(path, F_OK) == 0) {
			l->path = path;
			l->dir = i;
			return 0;
		}
		if (errno != ENOENT && errno != ENOTDIR)
			return find_err(p, at, e,
					pool_printf(p->pool, "%s: %s", path, strerror(errno)));
	}
	return not_found(p, name, l->dirs, at, e);
}

static int inherit(struct profile *p, const char *name, struct origin at, void *context,
		   struct err *e)
{
	const struct loading *outer = context;
	struct loading l = {.outer = outer, .dirs = outer->dirs, .path = name};
	const char *own = path_name(outer->path), *rest;
	size_t from = 0;

	/* `Inherit=build` in one's own build.profile means the one that it hides. */
	rest = str_after(own, name);
	if (outer->dir != SIZE_MAX && rest && str_eq(rest, ".profile"))
		from = outer->dir + 1;
	if (find_profile(p, &l, name, from, at, e))
		return -1;
	return load_file(p, &l, at, e);
}

static int check_chain(struct profile *p, const struct loading *l, struct origin at, struct err *e)
{
	int depth = 0;

	for (const struct loading *o = l->outer; o; o = o->outer) {
		if (str_eq(o->path, l->path))
			return profile_err(p, at, e,
					   "Inherit= goes round in a circle: %s inherits itself",
					   l->path);
		if (++depth >= PROFILE_MAX_DEPTH)
			return profile_err(p, at, e, "Inherit= is more than %d levels deep",
					   PROFILE_MAX_DEPTH);
	}
	return 0;
}

static int load_file(struct profile *p, const struct loading *l, struct origin at, struct err *e)
{
	struct profile_text t = {
		.file = l->path, .inherit = inherit, .context = (void *)(uintptr_t)l};
	_cleanup_fd_ int fd = -1;
	ssize_t n;
	char *text;

	if (check_chain(p, l, at, e))
		return -1;
	/* Each file counts once, where it is inherited first; else its values would undo those of a
	 * sibling. */
	for (size_t i = 0; i < p->files.n; i++) {
		if (str_eq(p->files.v[i], l->path))
			return 0;
	}
	fd = open_profile(p, l, at, e);
	if (fd < 0)
		return -1;
	n = fd_read_all(p->pool, fd, PROFILE_MAX_BYTES, &text);
	if (n < 0)
		return find_err(p, at, e, pool_printf(p->pool, "%s: %s", l->path, strerror(errno)));
	t.text = text;
	t.length = (size_t)n;
	if (profile_parse(p, &t, e))
		return -1;
	*vec_add(p->pool, &p->files) = l->path;
	return 0;
}

int profile_load(struct profile *p, const char *name, const char *const *dirs, struct err *e)
{
	struct loading l = {.dirs = dirs, .path = name};
	struct origin nowhere = {0};

	p->name = name;
	if (find_profile(p, &l, name, 0, nowhere, e))
		return -1;
	return load_file(p, &l, nowhere, e);
}

static int by_name(const void *a, const void *b)
{
	const struct profile_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void add_entry(struct pool *pool, const char *dir, const char *file, profile_entry_vec *ret)
{
	size_t n = strlen(file), suffix = strlen(".profile");
	const char *name;

	if (n <= suffix || !str_eq(file + n - suffix, ".profile") || *file == '.')
		return;
	name = pool_strndup(pool, file, n - suffix);
	for (size_t i = 0; i < ret->n; i++) {
		if (str_eq(ret->v[i].name, name))
			return;
	}
	*vec_add(pool, ret) = (struct profile_entry){name, pool_printf(pool, "%s/%s", dir, file)};
}

int profile_list(struct pool *pool, const char *const *dirs, profile_entry_vec *ret, struct err *e)
{
	for (; *dirs; dirs++) {
		DIR *d = opendir(*dirs);
		const struct dirent *entry;

		if (!d && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return err_errno(e, "%s", *dirs);
		while (d && (entry = readdir(d)))
			add_entry(pool, *dirs, entry->d_name, ret);
		if (d)
			closedir(d);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}
