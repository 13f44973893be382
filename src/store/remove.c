/* SPDX-License-Identifier: MIT */
/*
 * Removal of all that a sandbox has left. A program may have made directories of any depth, of mode 0,
 * or of other ids. So one descriptor is open at a time; the names on the way are on a list, and the way
 * up is `..`, which must lead to where we came from. What cannot be removed is left, the rest goes on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/node.h"
#include "store/remove.h"

struct level {
	const char *name; /* in the level above */
	dev_t dev;
	ino_t ino;
	str_vec below; /* directories in it that are still to be removed */
	size_t next;
};

struct removal {
	struct pool pool;
	vec_of(struct level) levels;
	int at; /* the last of them */
	bool failed;
	const char *what;
	struct err *e;
};

static void cannot(struct removal *r, const char *name)
{
	if (!r->failed)
		err_errno(r->e, "%s: cannot remove %s", r->what, str_safe(&r->pool, name));
	r->failed = true;
}

/* chmod(2) follows links, and a mode of 0 keeps even its owner from opening a directory for more. */
static int open_closed(int dir, const char *name)
{
	_cleanup_fd_ int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || chmod(path, 0700))
		return -1;
	return openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_entry(struct removal *r, int dir, const struct node_name *n, struct level *level)
{
	if (n->type != DT_DIR && (unlinkat(dir, n->name, 0) == 0 || errno == ENOENT))
		return;
	if (n->type == DT_DIR || errno == EISDIR)
		*vec_add(&r->pool, &level->below) = n->name;
	else
		cannot(r, n->name);
}

/* Removes what is no directory, and takes the open `fd` for the last level. */
static int push(struct removal *r, int fd, const char *name)
{
	struct level *level = vec_add(&r->pool, &r->levels);
	node_name_vec names = {0};
	struct stat st;

	*level = (struct level){.name = name};
	r->at = fd;
	if (fstat(fd, &st))
		return -1;
	level->dev = st.st_dev;
	level->ino = st.st_ino;
	if ((st.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	if (node_list(&r->pool, fd, &names))
		cannot(r, name);
	for (size_t i = 0; i < names.n; i++)
		remove_entry(r, fd, &names.v[i], level);
	return 0;
}

static int enter(struct removal *r, const char *name)
{
	int fd;

	/* An empty one needs no look. */
	if (unlinkat(r->at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	fd = openat(r->at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		fd = open_closed(r->at, name);
	if (fd < 0) {
		cannot(r, name);
		return 0;
	}
	close(r->at);
	return push(r, fd, name);
}

static int leave(struct removal *r)
{
	const char *name = r->levels.v[--r->levels.n].name;
	const struct level *above = &r->levels.v[r->levels.n - 1];
	int fd = openat(r->at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	close(r->at);
	r->at = fd;
	if (fstat(fd, &st))
		return -1;
	errno = ESTALE;
	if (st.st_dev != above->dev || st.st_ino != above->ino)
		return -1;
	if (unlinkat(fd, name, AT_REMOVEDIR) && errno != ENOENT)
		cannot(r, name);
	return 0;
}

int remove_below(int dir, const char *name, const char *what, struct err *e)
{
	struct removal r = {.what = what, .e = e};
	int rc;

	r.at = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*vec_add(&r.pool, &r.levels) = (struct level){.name = name};
	if (r.at >= 0) {
		struct level *top = &r.levels.v[0];
		struct stat st;

		rc = fstat(dir, &st);
		top->dev = st.st_dev;
		top->ino = st.st_ino;
		remove_entry(&r, dir, &(struct node_name){.name = name}, top);
	} else {
		rc = -1;
	}
	while (rc == 0 && (r.levels.n > 1 || r.levels.v[0].next < r.levels.v[0].below.n)) {
		struct level *level = &r.levels.v[r.levels.n - 1];

		if (level->next < level->below.n)
			rc = enter(&r, level->below.v[level->next++]);
		else
			rc = leave(&r);
	}
	if (rc)
		cannot(&r, name);
	fd_closep(&r.at);
	pool_done(&r.pool);
	return r.failed ? -1 : 0;
}

/*
 * What a run leaves that has changed nothing, without looking: this is the end of most runs. The rest
 * is for those who look.
 */
static bool remove_unused(const struct store *s)
{
	static const char *const dirs[] = {"0/work/work", "0/work", "0/upper", "0"};

	if (s->trees.n != 1)
		return false;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (unlinkat(s->dir, dirs[i], AT_REMOVEDIR))
			return false;
	}
	return unlinkat(s->dir, "state", 0) == 0 && unlinkat(s->home, s->name, AT_REMOVEDIR) == 0;
}

/*
 * Directories get other names first: a layer of which a part is gone would look like deletions. The
 * state goes last, so that a removal that was cut short can be gone on with.
 */
int store_remove(struct store *s, struct err *e)
{
	static const char *const suffix = ".removed";
	node_name_vec names = {0};
	struct err later;
	int rc = 0;

	if (remove_unused(s))
		return 0;
	/* It has been read before: see find_commit. */
	if (lseek(s->dir, 0, SEEK_SET) < 0 || node_list(s->pool, s->dir, &names))
		return err_errno(e, "%s", s->name);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i].name,
			   *aside = pool_printf(s->pool, "%s%s", name, suffix);

		if (names.v[i].type != DT_DIR || strstr(name, suffix))
			continue;
		if (renameat(s->dir, name, s->dir, aside) == 0)
			names.v[i].name = aside;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (!str_eq(names.v[i].name, "state"))
			rc |= remove_below(s->dir, names.v[i].name, s->name, rc ? &later : e);
	}
	if (rc)
		return -1;
	if ((unlinkat(s->dir, "state", 0) && errno != ENOENT) ||
	    (unlinkat(s->home, s->name, AT_REMOVEDIR) && errno != ENOENT))
		return err_errno(e, "%s: cannot be removed", s->name);
	return 0;
}
