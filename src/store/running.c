/* SPDX-License-Identifier: MIT */
/* Directories of running sandboxes: see running.h. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/remove.h"
#include "store/running.h"
#include "store/store.h"
#include "store/text.h"

enum { STATE_MAX = 64 * 1024, COMMAND_MAX = 16 * 1024, OPTIONS_MAX = 8 * 1024, CLAIM_TRIES = 20 };

static const char *const first_word = "sandbox-running", *const version = "1";

void running_done(struct running *r)
{
	fd_closep(&r->process);
	fd_closep(&r->dir);
	fd_closep(&r->home);
}

/* --- directories and files that only we can have made --- */

static const char is_open[] = "open to others";

/* NULL, or why not. The base directory specification of XDG wants 0700. */
static const char *why_not_private(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if ((st.st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "not a directory" : "not a regular file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	return st.st_mode & (S_IRWXG | S_IRWXO) ? is_open : NULL;
}

static int open_private(int above, const char *name, int flags, const char *path, struct err *e)
{
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	const char *why;

	if (fd < 0)
		return err_errno(e, "%s", path);
	why = why_not_private(fd, S_IFDIR);
	if (!why)
		return fd;
	fd_closep(&fd);
	err_set(e, "%s: %s", path, why);
	return why == is_open ? err_hint(e, "chmod 700 %s, if nobody has changed it", path) : -1;
}

/* Without `make`, one that does not exist gives ENOENT in e->error. */
static int open_home(struct running *r, const char *path, bool make, struct err *e)
{
	const char *name = path_name(path),
		   *above = path_join(r->pool, "/",
				      pool_strndup(r->pool, path, (size_t)(name - path)));
	_cleanup_fd_ int fd = open_private(AT_FDCWD, above, 0, above, e);

	r->home_path = path;
	if (fd >= 0 && make && mkdirat(fd, name, 0700) && errno != EEXIST)
		err_errno(e, "%s", path);
	else if (fd >= 0)
		r->home = open_private(fd, name, O_NOFOLLOW, path, e);
	return r->home < 0 ? host_directory_hint("XDG_RUNTIME_DIR", "the list of what runs", e) : 0;
}

/* -1. EEXIST is for the launcher: it goes on without an entry, but not with another's name. */
static int refuse(const struct running *r, const char *why, struct err *e)
{
	err_set(e, "%s: what says that it runs is refused: %s", r->name, why);
	e->error = EEXIST;
	return err_hint(e, "rm -r %s/%s, if nothing of it runs", r->home_path, r->name);
}

/* 1: opened; 0: there is none; -1. */
static int open_entry(struct running *r, struct err *e)
{
	const char *why;

	r->dir = openat(r->home, r->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->dir < 0 && errno == ENOENT)
		return 0;
	/* With O_NOFOLLOW and O_DIRECTORY a link is ENOTDIR. */
	if (r->dir < 0)
		return refuse(r, errno == ENOTDIR ? "not a directory" : strerror(errno), e);
	why = why_not_private(r->dir, S_IFDIR);
	if (!why)
		return 1;
	fd_closep(&r->dir);
	return refuse(r, why, e);
}

/* What is open is what has the name: it could have been removed before it was locked. */
static bool is_named(const struct running *r)
{
	struct stat ours, named;

	return fstat(r->dir, &ours) == 0 &&
	       fstatat(r->home, r->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* --- the text --- */

static void put_id(struct text *t, const char *key, const struct process_id *id)
{
	text_printf(t, "%s %d %" PRId64 "\n", key, (int)id->pid, id->started);
}

static void put_words(struct text *t, const char *key, const str_vec *words, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++) {
		n += strlen(words->v[i]);
		text_put_line(t, key, n > max ? "..." : words->v[i]);
		if (n > max)
			return;
	}
}

static char *print(const struct running *r)
{
	struct text t = {.pool = r->pool};

	text_put_line(&t, first_word, version);
	text_put_line(&t, "name", r->name);
	put_id(&t, "launcher", &r->launcher);
	put_id(&t, "init", &r->init);
	text_put_line(&t, "cgroup", r->cgroup ? r->cgroup : "");
	text_printf(&t, "memory-max %" PRId64 "\n", r->memory_max);
	text_put_line(&t, "profile", r->profile ? r->profile : "");
	text_put_line(&t, "cwd", r->cwd ? r->cwd : "");
	text_printf(&t, "started %" PRId64 "\n", r->started);
	put_words(&t, "argument", &r->command, COMMAND_MAX);
	put_words(&t, "option", &r->options, OPTIONS_MAX);
	text_put(&t, "end\n");
	return t.v;
}

/* The value of the next line, which must have this key; NULL: it has not. */
static char *take(char **text, const char *key)
{
	const size_t n = strlen(key);
	char *line = *text;

	if (!line || strncmp(line, key, n) != 0 || line[n] != ' ')
		return NULL;
	strsep(text, "\n");
	return *text && text_unescape(line + n + 1) == 0 ? line + n + 1 : NULL;
}

static int take_number(char **text, const char *key, int64_t *ret)
{
	const char *value = take(text, key);

	return value ? str_number(value, 0, INT64_MAX, ret) : -1;
}

static int take_id(char **text, const char *key, struct process_id *ret)
{
	char *value = take(text, key);
	int64_t pid;

	if (!value || text_number(&value, INT32_MAX, &pid) || pid == 0 || !value ||
	    text_number(&value, INT64_MAX, &ret->started) || value)
		return -1;
	ret->pid = (pid_t)pid;
	return 0;
}

/* Absolute, or empty for NULL. */
static int take_path(char **text, const char *key, const char **ret)
{
	char *value = take(text, key);

	if (!value || (*value && *value != '/'))
		return -1;
	*ret = *value ? value : NULL;
	return 0;
}

/* NULL, or what is wrong with it. */
static const char *parse(struct running *r, char *text)
{
	const char *value = take(&text, first_word), *name;

	if (value && !str_eq(value, version))
		return "it is of another version of sandbox";
	name = take(&text, "name");
	if (!value || !name || !str_eq(name, r->name) || take_id(&text, "launcher", &r->launcher) ||
	    take_id(&text, "init", &r->init) || take_path(&text, "cgroup", &r->cgroup) ||
	    take_number(&text, "memory-max", &r->memory_max))
		return "its text is damaged";
	r->profile = take(&text, "profile");
	if (!r->profile || take_path(&text, "cwd", &r->cwd) ||
	    take_number(&text, "started", &r->started))
		return "its text is damaged";
	while ((value = take(&text, "argument")))
		*vec_add(r->pool, &r->command) = value;
	while ((value = take(&text, "option")))
		*vec_add(r->pool, &r->options) = value;
	return text && str_eq(text, "end\n") ? NULL : "its text is damaged";
}

/* 1: read; 0: there is none; -1. */
static int read_state(struct running *r, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(r->dir, "state", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *why;
	char *text;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return refuse(r, errno == ELOOP ? "not a regular file" : strerror(errno), e);
	why = why_not_private(fd, S_IFREG);
	if (why)
		return refuse(r, why, e);
	n = fd_read_all(r->pool, fd, STATE_MAX, &text);
	if (n < 0)
		return refuse(r, errno == EFBIG ? "it is too long" : strerror(errno), e);
	/* A NUL would hide what is behind it. */
	why = strlen(text) == (size_t)n ? parse(r, text) : "its text is damaged";
	return why ? refuse(r, why, e) : 1;
}

int running_write(const struct running *r, struct err *e)
{
	static const char *const aside = "state.new";
	const char *text = print(r);
	const size_t n = strlen(text);
	_cleanup_fd_ int fd =
		openat(r->dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t done = fd < 0 ? -1 : write(fd, text, n);

	if (done >= 0 && (size_t)done < n)
		errno = ENOSPC;
	if (done != (ssize_t)n || renameat(r->dir, aside, r->dir, "state"))
		return err_errno(e, "%s: what says that it runs cannot be written", r->name);
	return 0;
}

/* --- the control socket --- */

static const char *const control = "control";

/* The directory by its descriptor: a path of any length would not fit (unix(7)). */
static struct sockaddr_un address(const struct running *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", r->dir, control);
	return a;
}

int running_listen(const struct running *r, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const struct sockaddr_un a = address(r);

	unlinkat(r->dir, control, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) || listen(fd, SOMAXCONN))
		return err_errno(e, "%s: its control socket", r->name);
	return fd_take(&fd);
}

int running_connect(struct pool *pool, const char *home_path, const char *name, struct err *e)
{
	struct running r = {.pool = pool, .home = -1, .dir = -1, .process = -1, .name = name};
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;
	int rc = 0;

	if (fd < 0)
		return err_errno(e, "socket");
	if (!store_name_ok(name) || open_home(&r, home_path, false, e) || open_entry(&r, e) <= 0) {
		rc = -1;
	} else {
		a = address(&r);
		if (connect(fd, (const struct sockaddr *)&a, sizeof(a)))
			rc = err_errno(e, "%s: its control socket", name);
	}
	running_done(&r);
	if (rc == 0)
		return fd_take(&fd);
	if (!e->text[0] || e->error == ECONNREFUSED) {
		err_set(e, "%s: nothing of that name runs", name);
		e->error = ENOENT;
	}
	return -1;
}

/* --- a launcher's entry --- */

/* 0: the lock is ours; 1: another has it, or had it a moment ago; -1. */
static int lock_entry(struct running *r, struct err *e)
{
	struct running old = {.pool = r->pool, .home_path = r->home_path, .name = r->name};
	int rc = open_entry(r, e);

	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	if (flock(r->dir, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK || errno == EINTR
			       ? 1
			       : err_errno(e, "%s: it cannot be locked", r->name);
	if (!is_named(r))
		return 1;
	/* What a killed launcher has left is taken over. */
	old.dir = r->dir;
	rc = read_state(&old, e);
	if (rc > 0 && process_lives(&old.launcher))
		return refuse(r, "it has no lock", e);
	return rc < 0 ? -1 : 0;
}

static int claim_once(struct running *r, struct err *e)
{
	bool made = mkdirat(r->home, r->name, 0700) == 0;
	int rc;

	if (!made && errno != EEXIST)
		return err_errno(e, "%s: it cannot be listed as running", r->name);
	rc = lock_entry(r, e);
	if (rc == 0)
		return 0;
	fd_closep(&r->dir);
	if (rc < 0 && made)
		unlinkat(r->home, r->name, AT_REMOVEDIR);
	return rc;
}

int running_claim(struct running *r, const char *home_path, const char *name, struct err *e)
{
	/* A command that looks at an entry has the lock for some microseconds. */
	const struct timespec moment = {.tv_nsec = 1000000};
	int rc;

	r->home = r->dir = r->process = -1;
	r->name = name;
	if (open_home(r, home_path, true, e)) {
		e->error = 0;
		return -1;
	}
	for (int i = 0; i < CLAIM_TRIES; i++) {
		if (!name)
			r->name = store_new_name(r->pool, &r->command);
		rc = claim_once(r, e);
		if (rc == 0)
			return 0;
		if (rc < 0)
			break;
		nanosleep(&moment, NULL);
	}
	if (rc > 0) {
		err_set(e, "%s: it is running already", r->name);
		err_hint(e, "`sandbox stats` shows it; or another name");
		e->error = EEXIST;
	}
	running_done(r);
	return -1;
}

void running_release(struct running *r)
{
	struct err ignored;

	if (r->dir >= 0) {
		unlinkat(r->dir, "state", 0);
		unlinkat(r->dir, control, 0);
		if (unlinkat(r->home, r->name, AT_REMOVEDIR))
			remove_below(r->home, r->name, r->name, &ignored);
	}
	running_done(r);
}

/* --- all entries --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int running_names(struct pool *pool, const char *home_path, str_vec *ret, struct err *e)
{
	struct running r = {.pool = pool, .home = -1, .dir = -1, .process = -1};
	const struct dirent *entry;
	DIR *dir;

	if (open_home(&r, home_path, false, e))
		return e->error == ENOENT ? 0 : -1;
	dir = fdopendir(r.home);
	if (!dir) {
		running_done(&r);
		return err_errno(e, "%s", home_path);
	}
	while ((entry = readdir(dir))) {
		if (store_name_ok(entry->d_name))
			*vec_add(pool, ret) = pool_strdup(pool, entry->d_name);
	}
	closedir(dir);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

/* By its launcher; else the lock is ours now. */
static bool is_locked(const struct running *r)
{
	return flock(r->dir, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

/* Its launcher is gone, if ever there was one. */
static int sweep(struct running *r, int state, struct err *e)
{
	if (!is_named(r))
		return 0;
	if (state < 0)
		return -1;
	if (state > 0 && process_lives(&r->launcher))
		return refuse(r, "it has no lock", e);
	return remove_below(r->home, r->name, r->name, e);
}

static int find_init(struct running *r, struct err *e)
{
	struct process init;

	r->process = pidfd_open(r->init.pid, 0);
	if (r->process < 0 && errno != ESRCH)
		return err_errno(e, "%s: PID 1 of it", r->name);
	if (r->process < 0 || process_read(r->init.pid, &init) ||
	    init.id.started != r->init.started || init.ended)
		return 0;
	if (init.parent == r->launcher.pid && process_lives(&r->launcher) &&
	    process_is_init(r->init.pid))
		return 1;
	/* The lock goes first when a launcher is killed, then its PID 1 has another parent. */
	return is_locked(r) && running_lives(r)
		       ? refuse(r, "its processes are not those of a sandbox", e)
		       : 0;
}

static int read_entry(struct running *r, struct err *e)
{
	int state = open_entry(r, e);

	if (state <= 0)
		return state;
	state = read_state(r, e);
	if (!is_locked(r))
		return sweep(r, state, e);
	/* Without one it is just being started. */
	return state <= 0 ? state : find_init(r, e);
}

int running_read(struct running *r, const char *home_path, const char *name, struct err *e)
{
	int rc = 0;

	*r = (struct running){.pool = r->pool, .home = -1, .dir = -1, .process = -1, .name = name};
	if (!store_name_ok(name))
		return 0;
	if (open_home(r, home_path, false, e))
		rc = e->error == ENOENT ? 0 : -1;
	else
		rc = read_entry(r, e);
	fd_closep(&r->dir);
	fd_closep(&r->home);
	if (rc <= 0)
		fd_closep(&r->process);
	return rc;
}

bool running_lives(const struct running *r)
{
	struct pollfd end = {.fd = r->process, .events = POLLIN};

	return poll(&end, 1, 0) == 0;
}
