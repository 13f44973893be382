/* SPDX-License-Identifier: MIT */
/*
 * What changed inside files, by diff(1). Both sides are opened here, beneath the roots of the layer and of
 * the tree and through no link, and passed on as descriptors. What diff says goes through this process:
 * lines are counted, coloured, and on a terminal a file's control characters are made visible.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cli/changes.h"
#include "cli/diff.h"
#include "store/node.h"

enum { TEXT_MAX = 1024 * 1024, SIDE_OLD = 3, SIDE_NEW = 4 };

static const char *const bold = "\033[1m", *const cyan = "\033[36m", *const red = "\033[31m",
			 *const green = "\033[32m", *const plain = "\033[0m";

int diff_begin(struct diff *d, struct store_words *w, const struct store *s, struct err *e)
{
	*d = (struct diff){.words = w, .store = s, .upper = -1, .root = -1};
	d->program = host_tool(&w->pool, "diff");
	if (d->program) {
		d->terminal = isatty(STDOUT_FILENO);
		d->color = cli_wants_color();
		return 0;
	}
	err_set(e, "diff(1) is not installed");
	return err_hint(e, "apt-get install diffutils");
}

void diff_end(struct diff *d)
{
	fd_closep(&d->upper);
	fd_closep(&d->root);
}

static int open_roots(struct diff *d, size_t tree, struct err *e)
{
	if (d->upper >= 0 && d->tree == tree)
		return 0;
	diff_end(d);
	d->tree = tree;
	d->upper = store_open_upper(d->store, tree, e);
	d->root = d->upper < 0 ? -1 : store_open_tree(d->store, tree, e);
	return d->root < 0 ? -1 : 0;
}

/* --- one side --- */

struct side {
	const struct node *node;
	int fd;	     /* of a regular file, or -1 */
	bool binary; /* or too long */
};

static bool has_content(const struct node *n)
{
	return n->type == NODE_FILE || n->type == NODE_SYMLINK;
}

static bool is_binary(int fd, off_t size)
{
	char part[65536];

	for (off_t at = 0; at < size; at += (off_t)sizeof(part)) {
		ssize_t n = node_read_at(fd, part, sizeof(part), at);

		if (n <= 0)
			return n < 0;
		if (memchr(part, '\0', (size_t)n))
			return true;
	}
	return false;
}

/* -1 in fd where the caller may not read it: then it is told as a binary one is. */
static struct side open_side(int root, const struct change *c, const struct node *node)
{
	struct side s = {.node = node, .fd = -1};

	if (node->type != NODE_FILE)
		return s;
	s.fd = fd_openat2(root, c->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	s.binary = s.fd < 0 || node->size > TEXT_MAX || is_binary(s.fd, node->size);
	return s;
}

/* A link's target as a file, so that diff(1) has two. */
static int target_file(const struct node *n)
{
	int fd = memfd_create("target", MFD_CLOEXEC);
	size_t length = strlen(n->target);

	if (fd >= 0 && write(fd, n->target, length) != (ssize_t)length)
		fd_closep(&fd);
	return fd;
}

/* --- names --- */

/* With several trees, from the root of all. */
static const char *name_of(struct diff *d, const struct change *c)
{
	return d->store->trees.n == 1 ? c->path : change_path(d->store, c) + 1;
}

/* "a/NAME"; as git quotes it (core.quotePath=no) where it has characters that need it. */
static const char *quoted(struct diff *d, const char *prefix, const char *name)
{
	char *out = pool_alloc(&d->pool, strlen(prefix) + strlen(name) * 4 + 3), *o = out;
	bool special = strpbrk(name, "\"\\") || !str_eq(str_safe(&d->pool, name), name);

	o += sprintf(o, "%s%s", special ? "\"" : "", prefix);
	for (const char *c = name; *c;) {
		size_t n = str_utf8(c);
		unsigned char byte = (unsigned char)*c;

		if (byte == '"' || byte == '\\')
			o += sprintf(o, "\\%c", byte);
		else if (n == 0 || byte < 0x20 || byte == 0x7f || str_is_trick(c))
			o += sprintf(o, "\\%03o", byte), n = 1;
		else
			o = mempcpy(o, c, n);
		c += n;
	}
	sprintf(o, "%s", special ? "\"" : "");
	return out;
}

/* --- the process --- */

struct run {
	pid_t pid;
	FILE *out;
};

static int spawn(struct diff *d, int old, int new, struct run *ret, struct err *e)
{
	char *const argv[] = {(char *)"diff",
			      (char *)"-u",
			      (char *)"--",
			      (char *)"/proc/self/fd/3",
			      (char *)"/proc/self/fd/4",
			      NULL},
		    *const environment[] = {(char *)"LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], error;

	if (pipe2(pipes, O_CLOEXEC))
		return err_errno(e, "pipe");
	/* Above those that they become. */
	_cleanup_fd_ int a = fcntl(old, F_DUPFD_CLOEXEC, 10), b = fcntl(new, F_DUPFD_CLOEXEC, 10),
			 out = fcntl(pipes[1], F_DUPFD_CLOEXEC, 10);

	close(pipes[1]);
	error = posix_spawn_file_actions_init(&actions);
	if (!error) {
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, a, SIDE_OLD);
		posix_spawn_file_actions_adddup2(&actions, b, SIDE_NEW);
		error = posix_spawn(&ret->pid, d->program, &actions, NULL, argv, environment);
		posix_spawn_file_actions_destroy(&actions);
	}
	ret->out = error ? NULL : fdopen(pipes[0], "r");
	if (ret->out)
		return 0;
	close(pipes[0]);
	errno = error ? error : errno;
	return err_errno(e, "%s", d->program);
}

static int finish(struct diff *d, struct run *r, struct err *e)
{
	int status;

	fclose(r->out);
	while (waitpid(r->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(e, "waitpid");
	}
	/* 0: the same, 1: not the same. */
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0
							     : err_set(e, "%s failed", d->program);
}

/* Starts it on the two sides; one that is not there, or has no text, is empty. */
static int start(struct diff *d, const struct side *old, const struct side *new, struct run *ret,
		 struct err *e)
{
	const struct side *sides[] = {old, new};
	int fds[2] = {-1, -1}, rc = 0;

	for (size_t i = 0; i < 2; i++) {
		if (sides[i]->fd >= 0)
			fds[i] = fcntl(sides[i]->fd, F_DUPFD_CLOEXEC, 10);
		else if (sides[i]->node->type == NODE_SYMLINK)
			fds[i] = target_file(sides[i]->node);
		else
			fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			rc = err_errno(e, "diff");
	}
	if (rc == 0)
		rc = spawn(d, fds[0], fds[1], ret, e);
	fd_closep(&fds[0]);
	fd_closep(&fds[1]);
	return rc;
}

/* --- what diff says --- */

/* Lines of files are as they are; on a terminal what would drive it is made visible. */
static void put_line(struct diff *d, const char *color, char *line)
{
	bool colored = d->color && color;
	char *part;

	if (colored)
		fputs(color, stdout);
	if (!d->terminal)
		fputs(line, stdout);
	for (bool first = true; d->terminal && (part = strsep(&line, "\t")); first = false)
		printf("%s%s", first ? "" : "\t", str_safe(&d->pool, part));
	printf("%s\n", colored ? plain : "");
}

static const char *color_of(char first)
{
	return first == '+' ? green : first == '-' ? red : first == '@' ? cyan : NULL;
}

struct names {
	const char *old, *new; /* "a/NAME", or /dev/null */
};

/* Counts, or prints with `names`. The two lines of diff(1)'s own names are left out. */
static int read_diff(struct diff *d, const struct side *old, const struct side *new,
		     const struct names *names, struct diff_lines *lines, struct err *e)
{
	struct run r = {0};
	size_t number = 0, size = 0;
	char *line = NULL;
	ssize_t n;

	if (start(d, old, new, &r, e))
		return -1;
	while ((n = getline(&line, &size, r.out)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (number++ < 2)
			continue;
		if (number == 3 && names) {
			put_line(d, bold, pool_printf(&d->pool, "--- %s", names->old));
			put_line(d, bold, pool_printf(&d->pool, "+++ %s", names->new));
		}
		lines->added += *line == '+';
		lines->removed += *line == '-';
		if (names)
			put_line(d, color_of(*line), line);
	}
	free(line);
	return finish(d, &r, e);
}

/* --- one change --- */

struct pair {
	struct node old, new;
};

/*
 * What has lines: one pair; or one that goes and one that comes, where the type changed, and for links:
 * of a changed one patch(1) believes it is a file.
 */
static size_t pairs_of(const struct change *c, struct pair pairs[2])
{
	const struct node none = {.type = NODE_NONE};
	size_t n = 0;

	if (c->before.type == NODE_FILE && c->after.type == NODE_FILE) {
		pairs[n++] = (struct pair){c->before, c->after};
		return n;
	}
	if (has_content(&c->before))
		pairs[n++] = (struct pair){c->before, none};
	if (has_content(&c->after))
		pairs[n++] = (struct pair){none, c->after};
	return n;
}

/* Git knows three: executable or not, and links. */
static unsigned git_mode(const struct node *n)
{
	return n->type == NODE_SYMLINK ? 0120000 : n->mode & 0100 ? 0100755 : 0100644;
}

static void put_header(struct diff *d, const struct change *c, const struct pair *p)
{
	const char *name = name_of(d, c), *text;

	text = pool_printf(&d->pool, "diff --git %s %s", quoted(d, "a/", name),
			   quoted(d, "b/", name));
	put_line(d, bold, (char *)(uintptr_t)text);
	if (p->old.type == NODE_NONE)
		put_line(d, bold, pool_printf(&d->pool, "new file mode %06o", git_mode(&p->new)));
	else if (p->new.type == NODE_NONE)
		put_line(d, bold,
			 pool_printf(&d->pool, "deleted file mode %06o", git_mode(&p->old)));
	if (p->old.type && p->new.type &&git_mode(&p->old) != git_mode(&p->new)) {
		put_line(d, bold, pool_printf(&d->pool, "old mode %06o", git_mode(&p->old)));
		put_line(d, bold, pool_printf(&d->pool, "new mode %06o", git_mode(&p->new)));
	}
}

static int print_pair(struct diff *d, const struct change *c, const struct pair *p, struct err *e)
{
	struct side old = open_side(d->root, c, &p->old), new = open_side(d->upper, c, &p->new);
	const char *name = name_of(d, c);
	struct names names = {p->old.type ? quoted(d, "a/", name) : "/dev/null",
			      p->new.type ? quoted(d, "b/", name) : "/dev/null"};
	struct diff_lines lines = {0};
	int rc = 0;

	put_header(d, c, p);
	if (c->kind != CHANGE_META && (old.binary || new.binary))
		printf("Binary files %s and %s differ\n", names.old, names.new);
	else if (c->kind != CHANGE_META)
		rc = read_diff(d, &old, &new, &names, &lines, e);
	fd_closep(&old.fd);
	fd_closep(&new.fd);
	return rc;
}

int diff_print(struct diff *d, const struct change *c, struct err *e)
{
	bool only_mode = c->kind == CHANGE_META && c->before.type == NODE_FILE &&
			 git_mode(&c->before) != git_mode(&c->after);
	struct pair pairs[2];
	size_t n = c->kind == CHANGE_META && !only_mode ? 0 : pairs_of(c, pairs);
	int rc = open_roots(d, c->tree, e);

	if (n == 0)
		printf("# %s\n", changes_line(d->words, d->store, c, false));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = print_pair(d, c, &pairs[i], e);
	pool_done(&d->pool);
	return rc;
}

/* Of what is new or gone each line counts; that needs no diff(1). */
static int count_side(struct diff *d, const struct change *c, const struct side *s, size_t *ret,
		      struct err *e)
{
	char part[65536], last = '\n';
	ssize_t n = 0;

	/* A link: its target is one. */
	*ret += s->fd < 0;
	for (off_t at = 0; s->fd >= 0; at += n) {
		n = node_read_at(s->fd, part, sizeof(part), at);
		if (n <= 0)
			break;
		for (const char *end = part; (end = memchr(end, '\n', (size_t)(part + n - end)));
		     end++)
			++*ret;
		last = part[n - 1];
	}
	*ret += last != '\n';
	return n < 0 ? err_errno(e, "%s", str_safe(&d->pool, change_path(d->store, c))) : 0;
}

static int count_pair(struct diff *d, const struct change *c, const struct pair *p,
		      struct diff_lines *ret, struct err *e)
{
	struct side old = open_side(d->root, c, &p->old), new = open_side(d->upper, c, &p->new);
	int rc = 0;

	if (old.binary || new.binary)
		ret->counted = false;
	else if (!p->old.type)
		rc = count_side(d, c, &new, &ret->added, e);
	else if (!p->new.type)
		rc = count_side(d, c, &old, &ret->removed, e);
	else
		rc = read_diff(d, &old, &new, NULL, ret, e);
	fd_closep(&old.fd);
	fd_closep(&new.fd);
	return rc;
}

int diff_count(struct diff *d, const struct change *c, struct diff_lines *ret, struct err *e)
{
	struct pair pairs[2];
	size_t n = c->kind == CHANGE_META ? 0 : pairs_of(c, pairs);
	int rc = open_roots(d, c->tree, e);

	*ret = (struct diff_lines){.counted = n > 0};
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = count_pair(d, c, &pairs[i], ret, e);
	pool_done(&d->pool);
	return rc;
}
