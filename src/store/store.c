/* SPDX-License-Identifier: MIT */
/* Directories of sandboxes: made, opened, locked, removed. See store.h for what is in them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/commit.h"
#include "store/node.h"
#include "store/remove.h"
#include "store/tree.h"

enum {
	STATE_MAX = 32 * 1024 * 1024, /* a command may have as many bytes as execve(2) takes */
	NAME_WORD = 20,
	NAME_RANDOM = 4,
	NAME_TRIES = 64,
	LOCK_TRIES = 20,
};

void store_done(struct store *s)
{
	/* A zeroed one has descriptor 0, which is not its own: see keep_open. */
	if (s->dir > STDERR_FILENO)
		close(s->dir);
	if (s->home > STDERR_FILENO)
		close(s->home);
	s->dir = s->home = 0;
	s->locked = false;
}

/* Never one of the standard descriptors, which a caller may have closed. */
static int keep_open(int fd)
{
	int above;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd_closep(&fd);
	return above;
}

/* --- the directories --- */

/* What others could have put there, or could change while we work, is not to be trusted. */
static int check_private(int fd, const char *what, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_errno(e, "%s", what);
	if (st.st_uid != geteuid())
		return err_set(e, "%s: belongs to another user", what);
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		err_set(e, "%s: others may write to it", what);
		return err_hint(e, "chmod go-w %s, if nobody has", path);
	}
	return 0;
}

/* `what` it is called, and the path of it that a command can take. */
static int open_private(int dir, const char *name, const char *what, const char *path,
			struct err *e)
{
	int fd = keep_open(openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	struct stat st;

	if (fd < 0) {
		err_errno(e, "%s", what);
		/* With O_NOFOLLOW and O_DIRECTORY a link is ENOTDIR. */
		if (e->error != ENOTDIR || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISLNK(st.st_mode))
			return -1;
		err_set(e, "%s: it is a symbolic link, which is not followed", what);
		return err_hint(e, "rm %s, and put the directory itself there", path);
	}
	if (check_private(fd, what, path, e)) {
		fd_closep(&fd);
		return -1;
	}
	return fd;
}

/* As mkdir -p; the XDG base directory specification wants 0700. */
static int make_directories(struct pool *pool, const char *path, struct err *e)
{
	char *part = pool_strdup(pool, path);

	for (char *c = strchr(part + 1, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return err_errno(e, "%s", part);
		*c = '/';
	}
	return mkdir(part, 0700) && errno != EEXIST ? err_errno(e, "%s", part) : 0;
}

/* 0: opened; -1. Without `make`, one that does not exist gives ENOENT in e->error. */
static int open_home(struct store *s, const char *home_path, bool make, struct err *e)
{
	if (!home_path) {
		err_set(e, "there is no place for what is kept of sandboxes");
		return err_hint(e, "$HOME or $XDG_STATE_HOME names one");
	}
	s->home = open_private(AT_FDCWD, home_path, home_path, home_path, e);
	if (s->home < 0 && e->error == ENOENT && make) {
		if (make_directories(s->pool, home_path, e) == 0)
			s->home = open_private(AT_FDCWD, home_path, home_path, home_path, e);
	}
	return s->home < 0 ? host_directory_hint("XDG_STATE_HOME", "what sandboxes keep", e) : 0;
}

static int open_dir(struct store *s, const char *home_path, struct err *e)
{
	s->dir = open_private(s->home, s->name, s->name, path_join(s->pool, home_path, s->name), e);
	return s->dir < 0 ? -1 : 0;
}

/* --- the lock --- */

/* The launcher writes it behind the first directories, and before the program can change anything. */
static int no_state(const struct store *s, struct err *e)
{
	if (store_in_use(s) && !s->locked) {
		err_set(e, "%s: it is being started", s->name);
		err_hint(e, "try again in a moment");
	} else {
		err_set(e, "%s: it has no state, its first start was cut short", s->name);
		err_hint(e, "`sandbox remove %s` clears it away", s->name);
	}
	/* To the launcher it is as good as none. */
	e->error = ENOENT;
	return -1;
}

static int read_state(struct store *s, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(s->dir, "state", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct err why = {0};
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return no_state(s, e);
	if (fd < 0 || fstat(fd, &st))
		return err_errno(e, "%s: its state", s->name);
	errno = EINVAL;
	if (!S_ISREG(st.st_mode) || (n = fd_read_all(s->pool, fd, STATE_MAX, &text)) < 0)
		return err_errno(e, "%s: its state", s->name);
	/* A NUL would hide what is behind it. */
	if (strlen(text) != (size_t)n)
		return err_set(e, "%s: its state is damaged", s->name);
	if (state_parse(s, text, &why)) {
		err_set(e, "%s: %s", s->name, why.text);
		return *why.hint ? err_hint(e, "%s", why.hint) : -1;
	}
	return 0;
}

static int is_locked(const struct store *s, struct err *e)
{
	struct store other = {.pool = s->pool, .dir = s->dir, .name = s->name};
	struct err ignored;

	if (read_state(&other, &ignored) == 0 && other.running)
		return err_set(e, "%s: it is running", s->name),
		       err_hint(e, "`sandbox stop %s` ends it", s->name);
	err_set(e, "%s: another command is working on it", s->name);
	return err_hint(e, "try again when that has ended");
}

/*
 * Nobody is waited for, but store_in_use holds the lock for some microseconds. When it is ours the
 * directory must still be the one of that name: it could have been removed meanwhile.
 */
static int lock(struct store *s, struct err *e)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	struct stat ours, named;

	for (int i = 0; flock(s->dir, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(e, "%s: cannot be locked", s->name);
		if (i == LOCK_TRIES)
			return is_locked(s, e);
		nanosleep(&moment, NULL);
	}
	if (fstat(s->dir, &ours) || fstatat(s->home, s->name, &named, AT_SYMLINK_NOFOLLOW))
		return err_errno(e, "%s", s->name);
	if (ours.st_dev != named.st_dev || ours.st_ino != named.st_ino)
		return err_set(e, "%s: it was removed meanwhile", s->name);
	s->locked = true;
	return 0;
}

bool store_in_use(const struct store *s)
{
	if (s->locked)
		return true;
	if (flock(s->dir, LOCK_SH | LOCK_NB))
		return errno == EWOULDBLOCK;
	flock(s->dir, LOCK_UN);
	return false;
}

/* --- the state --- */

/* A commit that has been undone, or never was done, has no directory any more: see journal.c. */
static int find_commit(struct store *s, struct err *e)
{
	node_name_vec names = {0};

	/* A read of a directory goes on where the last one ended. */
	if (lseek(s->dir, 0, SEEK_SET) < 0 || node_list(s->pool, s->dir, &names))
		return err_errno(e, "%s", s->name);
	for (size_t i = 0; i < names.n; i++)
		s->has_commit |= str_begins(names.v[i].name, "commit.");
	return 0;
}

int store_write(const struct store *s, struct err *e)
{
	static const char *const aside = "state.new";
	const char *text = state_print(s->pool, s);
	size_t n = strlen(text);
	_cleanup_fd_ int fd =
		openat(s->dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t done;

	if (fd < 0)
		return err_errno(e, "%s: its state", s->name);
	for (; n > 0; text += done, n -= (size_t)done) {
		done = write(fd, text, n);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return err_errno(e, "%s: its state", s->name);
	}
	/* No fsync(2): what a power failure leaves is the state before, or a sandbox without changes. */
	if (renameat(s->dir, aside, s->dir, "state"))
		return err_errno(e, "%s: its state", s->name);
	return 0;
}

/*
 * By the clock that stamps files. Since Linux 6.13 that may be finer than CLOCK_REALTIME_COARSE and
 * ahead of it, but never runs back, so a new file has the time that separates before from after.
 */
static int64_t now_of_files(void)
{
	_cleanup_fd_ int fd = memfd_create("now", MFD_CLOEXEC);
	struct timespec ts;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		ts = st.st_ctim;
	else
		clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int store_end(struct store *s, int status, struct err *e)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	s->running = false;
	s->ended = status < 0 ? 0 : now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	s->exit = status < 0 ? 0 : status;
	return store_write(s, e);
}

/* --- beginning a run --- */

static bool same_maps(const struct id_map *a, size_t na, const struct id_map *b, size_t nb)
{
	return na == nb && (na == 0 || memcmp(a, b, na * sizeof(*a)) == 0);
}

static bool same_identity(const struct plan_identity *a, const struct plan_identity *b)
{
	return a->kind == b->kind && a->uid == b->uid && a->gid == b->gid &&
	       same_maps(a->uids, a->n_uids, b->uids, b->n_uids) &&
	       same_maps(a->gids, a->n_gids, b->gids, b->n_gids);
}

static int check_trees(const struct store *s, const struct store_tree *wanted, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < s->trees.n; k++) {
			const struct store_tree *t = &s->trees.v[k];

			if (!str_eq(t->path, wanted[i].path) || t->fuse == wanted[i].fuse)
				continue;
			err_set(e, "%s: its layer of %s was written by %s, which %s cannot read",
				s->name, t->path,
				t->fuse ? "fuse-overlayfs" : "the kernel's overlay",
				t->fuse ? "the kernel's overlay" : "fuse-overlayfs");
			return err_hint(
				e,
				"commit or discard its changes and remove it, or take another name");
		}
	}
	return 0;
}

static ssize_t find_tree(const struct store *s, const char *path)
{
	for (size_t i = 0; i < s->trees.n; i++) {
		if (str_eq(s->trees.v[i].path, path))
			return (ssize_t)i;
	}
	return -1;
}

/* What was there, with what the caller wants in its place. */
static int merge_state(struct store *s, const struct store *old, struct err *e)
{
	struct store wanted = *s;

	if (!same_identity(&s->identity, &old->identity)) {
		err_set(e, "%s: it was started with another identity, which owns its files",
			s->name);
		return err_hint(e, "the same --user as before, or another name");
	}
	if (check_trees(old, wanted.trees.v, wanted.trees.n, e))
		return -1;
	s->created = old->created;
	s->profile = s->profile ? s->profile : old->profile;
	s->cwd = s->cwd ? s->cwd : old->cwd;
	if (s->words.n == 0)
		s->words = old->words;
	s->trees = old->trees;
	for (size_t i = 0; i < s->trees.n; i++) {
		_cleanup_fd_ int root = -1;

		if (find_tree(&wanted, s->trees.v[i].path) < 0)
			continue;
		root = store_open_tree(s, i, e);
		if (root < 0)
			return -1;
	}
	for (size_t i = 0; i < wanted.trees.n; i++) {
		if (find_tree(s, wanted.trees.v[i].path) >= 0)
			continue;
		if (s->trees.n == STORE_TREES_MAX)
			return err_set(e, "%s: more than %d copy-on-write trees", s->name,
				       STORE_TREES_MAX);
		*vec_add(s->pool, &s->trees) = wanted.trees.v[i];
		if (tree_make_layer(s, s->trees.n - 1, e))
			return -1;
	}
	return 0;
}

static int make_state(struct store *s, struct err *e)
{
	struct timespec now;

	if (s->trees.n > STORE_TREES_MAX)
		return err_set(e, "%s: more than %d copy-on-write trees", s->name, STORE_TREES_MAX);
	for (size_t i = 0; i < s->trees.n; i++) {
		if (tree_make_layer(s, i, e))
			return -1;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	s->created = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	return 0;
}

/* `make`-x3k9: short enough to be typed, and nobody else's. */
const char *store_new_name(struct pool *pool, const str_vec *command)
{
	static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
	const char *word = command->n ? path_name(command->v[0]) : "";
	unsigned char random[NAME_RANDOM] = {0};
	char end[NAME_RANDOM + 1] = "";
	size_t n;

	word += strspn(word, ".-");
	n = strspn(word, STORE_NAME_LETTERS);
	n = n < strcspn(word, ".") ? n : strcspn(word, ".");
	(void)!getrandom(random, sizeof(random), 0);
	for (size_t i = 0; i < NAME_RANDOM; i++)
		end[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
	return pool_printf(pool, "%.*s-%s", n ? (int)(n < NAME_WORD ? n : NAME_WORD) : 7,
			   n ? word : "sandbox", end);
}

static int make_directory(struct store *s, const char *name, bool *made, struct err *e)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		s->name = name ? name : store_new_name(s->pool, &s->command);
		*made = mkdirat(s->home, s->name, 0700) == 0;
		if (*made || (name && errno == EEXIST))
			return 0;
		if (errno != EEXIST)
			return err_errno(e, "%s", s->name);
	}
	return err_set(e, "%s: every name like this is taken", s->name);
}

static int begin(struct store *s, const char *home_path, struct err *e)
{
	struct store old = {.pool = s->pool, .name = s->name};
	int rc;

	if (open_dir(s, home_path, e) || lock(s, e))
		return -1;
	old.dir = s->dir;
	/* Without a state it is new, or making it was cut short. */
	if (faccessat(s->dir, "state", F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		rc = make_state(s, e);
	else
		rc = read_state(&old, e) || merge_state(s, &old, e) || find_commit(s, e);
	s->existed = old.created != 0;
	if (rc)
		return -1;
	/* The journal names objects by where they are; a program that moves them would make it lie. */
	if (s->existed && commit_interrupted(s)) {
		err_set(e, "%s: a commit, discard or undo was cut short", s->name);
		return err_hint(e, "`sandbox changes %s` puts that right first", s->name);
	}
	/* The end of a run that was cut short is recorded at the end of this one. */
	s->started = old.running ? old.started : now_of_files();
	s->running = true;
	return 0;
}

int store_begin(struct store *s, const char *home_path, const char *name, struct err *e)
{
	struct err ignored;
	bool made = false;

	s->dir = s->home = -1;
	s->locked = false;
	if (name && !store_name_ok(name))
		return err_set(e, "%s: no name for a sandbox", str_safe(s->pool, name));
	if (open_home(s, home_path, true, e) == 0 && make_directory(s, name, &made, e) == 0 &&
	    begin(s, home_path, e) == 0)
		return 0;
	if (made && s->locked)
		remove_below(s->home, s->name, s->name, &ignored);
	else if (made) /* another launch may have it by now, and has put something into it */
		unlinkat(s->home, s->name, AT_REMOVEDIR);
	store_done(s);
	return -1;
}

/* --- opening an existing one --- */

static int not_there(const char *name, struct err *e)
{
	err_set(e, "%s: there is no sandbox of that name", name);
	e->error = ENOENT;
	return err_hint(e, "`sandbox list` shows all");
}

static int open_and_lock(struct store *s, const char *home_path, bool want_lock, struct err *e)
{
	const char *safe = str_safe(s->pool, s->name);

	if (!store_name_ok(s->name))
		return not_there(safe, e);
	if (open_home(s, home_path, false, e))
		return e->error == ENOENT ? not_there(safe, e) : -1;
	if (open_dir(s, home_path, e))
		return e->error == ENOENT ? not_there(safe, e) : -1;
	return want_lock ? lock(s, e) : 0;
}

static int read_and_check(struct store *s, const char *name, struct err *e)
{
	if (read_state(s, e))
		return -1;
	if (!str_eq(s->name, name))
		return err_set(e, "%s: its state is that of %s", name, s->name);
	if (s->identity.by_helper) {
		s->identity.newuidmap = host_tool(s->pool, "newuidmap");
		s->identity.newgidmap = host_tool(s->pool, "newgidmap");
	}
	return find_commit(s, e);
}

int store_open(struct store *s, const char *home_path, const char *name, bool want_lock,
	       struct err *e)
{
	*s = (struct store){.pool = s->pool, .home = -1, .dir = -1, .name = name};
	if (open_and_lock(s, home_path, want_lock, e) == 0 && read_and_check(s, name, e) == 0)
		return 0;
	store_done(s);
	return -1;
}

int store_open_damaged(struct store *s, const char *home_path, const char *name, struct err *e)
{
	*s = (struct store){.pool = s->pool, .home = -1, .dir = -1, .name = name};
	if (open_and_lock(s, home_path, true, e) == 0)
		return 0;
	store_done(s);
	return -1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int store_names(struct pool *pool, const char *home_path, str_vec *ret, struct err *e)
{
	struct store s = {.pool = pool, .home = -1, .dir = -1};
	const struct dirent *entry;
	DIR *dir;

	if (open_home(&s, home_path, false, e))
		return e->error == ENOENT ? 0 : -1;
	dir = fdopendir(s.home);
	if (!dir) {
		err_errno(e, "%s", home_path);
		store_done(&s);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
		    store_name_ok(entry->d_name))
			*vec_add(pool, ret) = pool_strdup(pool, entry->d_name);
	}
	closedir(dir);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}
