/* SPDX-License-Identifier: MIT */
/*
 * The file `base`: a line with the version and one line a record (text.h),
 *
 *	TREE FLAGS TYPE MODE UID GID SIZE DEV INO CTIME LAYER-INO LAYER-CTIME SAVED PATH
 *
 * FLAGS are letters, `-` for none; TYPE is that of ls(1), `-` for nothing; SAVED as in parse_saved, or
 * `-`.
 * DEV is 0 for the device of the tree's root.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/base.h"
#include "store/node.h"
#include "store/text.h"

enum { BASE_MAX = 1024 * 1024 * 1024, SAVED_MAX = 256 * 1024 };

static const char *const first_word = "sandbox-base", *const version = "1";
/* By enum node_type. */
static const char types[] = "-fdlpsb";

/* --- text --- */

static void put_record(struct text *t, const struct base_record *r)
{
	const struct node *h = &r->host;

	text_printf(t, "%zu %s%s%s%s %c %o %u %u %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRId64,
		    r->tree, r->unknown ? "u" : "", r->clean ? "c" : "", r->hides ? "h" : "",
		    r->unknown || r->clean || r->hides ? "" : "-", types[h->type],
		    (unsigned)h->mode, (unsigned)h->uid, (unsigned)h->gid, (int64_t)h->size,
		    (uint64_t)h->dev, (uint64_t)h->ino, h->ctime);
	text_printf(t, " %" PRIu64 " %" PRId64 " %s ", (uint64_t)r->ino, r->ctime,
		    r->saved ? r->saved : "-");
	text_put_value(t, r->path);
}

char *base_print(struct pool *pool, const struct base *b)
{
	struct text t = {.pool = pool};

	text_printf(&t, "%s %s\n", first_word, version);
	for (size_t i = 0; i < b->v.n; i++) {
		if (!b->v.v[i].dropped)
			put_record(&t, &b->v.v[i]);
	}
	return t.v;
}

static int parse_flags(const char *word, struct base_record *r)
{
	if (!word || !*word)
		return -1;
	r->unknown = strchr(word, 'u');
	r->clean = strchr(word, 'c');
	r->hides = strchr(word, 'h');
	return word[strspn(word, "uch")] && !str_eq(word, "-") ? -1 : 0;
}

static int parse_type(const char *word, enum node_type *ret)
{
	const char *type = word && *word && !word[1] ? strchr(types, *word) : NULL;

	if (!type)
		return -1;
	*ret = (enum node_type)(type - types);
	return 0;
}

static int parse_mode(const char *word, mode_t *ret)
{
	int64_t mode;

	if (!word || str_octal(word, 07777, &mode))
		return -1;
	*ret = (mode_t)mode;
	return 0;
}

static int parse_host(char **rest, struct node *host)
{
	int64_t uid, gid, size, when;
	uint64_t dev, ino;

	if (parse_type(strsep(rest, " "), &host->type) ||
	    parse_mode(strsep(rest, " "), &host->mode) || text_number(rest, UINT32_MAX, &uid) ||
	    text_number(rest, UINT32_MAX, &gid) || text_number(rest, INT64_MAX, &size) ||
	    text_id(rest, &dev) || text_id(rest, &ino) || text_number(rest, INT64_MAX, &when))
		return -1;
	host->uid = (uid_t)uid;
	host->gid = (gid_t)gid;
	host->size = size;
	host->dev = (dev_t)dev;
	host->ino = (ino_t)ino;
	host->ctime = when;
	return 0;
}

/* As the paths of changes are: no slash in front, no empty component, no `..`. */
static bool is_below(struct pool *pool, const char *path)
{
	return !path_has_dotdot(path) && str_eq(path_join(pool, "/", path) + 1, path);
}

/* OFFSET:LENGTH in the one file that has all: to make a file for each takes longer than to read it. */
static int parse_saved(const char *saved, int64_t *offset, int64_t *length)
{
	char text[48], *colon;

	if (snprintf(text, sizeof(text), "%s", saved) >= (int)sizeof(text))
		return -1;
	colon = strchr(text, ':');
	if (!colon)
		return -1;
	*colon = '\0';
	return str_number(text, 0, INT64_MAX / 2, offset) ||
			       str_number(colon + 1, 0, SAVED_MAX, length)
		       ? -1
		       : 0;
}

static int parse_record(struct pool *pool, char *line, struct base_record *r)
{
	int64_t tree, when, offset, length;
	uint64_t ino;
	char *rest = line, *word;

	if (text_number(&rest, STORE_TREES_MAX - 1, &tree) || parse_flags(strsep(&rest, " "), r) ||
	    parse_host(&rest, &r->host) || text_id(&rest, &ino) ||
	    text_number(&rest, INT64_MAX, &when))
		return -1;
	word = strsep(&rest, " ");
	if (!word || (!str_eq(word, "-") && parse_saved(word, &offset, &length)) || !rest ||
	    text_unescape(rest) || !is_below(pool, rest))
		return -1;
	r->tree = (size_t)tree;
	r->ino = (ino_t)ino;
	r->ctime = when;
	r->saved = str_eq(word, "-") ? NULL : word;
	r->path = rest;
	return 0;
}

int base_parse(struct pool *pool, char *text, struct base *ret, struct err *e)
{
	char *line = strsep(&text, "\n"), *word = strsep(&line, " ");
	int number = 1;

	if (!text || !line || !str_eq(word, first_word))
		return err_set(e, "its record of the host is damaged in line 1");
	if (!str_eq(line, version))
		return err_set(e, "its record of the host is of another version of sandbox");
	while ((line = strsep(&text, "\n"))) {
		struct base_record r = {0};

		number++;
		if (!text && !*line)
			break;
		/* A last line without its end was cut off. */
		if (!text || parse_record(pool, line, &r))
			return err_set(e, "its record of the host is damaged in line %d", number);
		*vec_add(pool, &ret->v) = r;
	}
	base_sort(ret);
	return 0;
}

/* --- the list --- */

static int by_path(const void *a, const void *b)
{
	const struct base_record *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return path_compare(x->path, y->path);
}

void base_sort(struct base *b)
{
	if (b->v.n)
		qsort(b->v.v, b->v.n, sizeof(*b->v.v), by_path);
}

struct base_record *base_find(const struct base *b, size_t tree, const char *path)
{
	const struct base_record key = {.tree = tree, .path = path};

	return b->v.n ? bsearch(&key, b->v.v, b->v.n, sizeof(*b->v.v), by_path) : NULL;
}

struct node base_host(const struct node *now, dev_t root)
{
	struct node host = *now;

	host.dev = now->dev == root ? 0 : now->dev;
	return host;
}

bool base_host_is_same(const struct base_record *r, const struct node *now, dev_t root)
{
	const struct node then = r->host, host = base_host(now, root);

	if (then.type != host.type)
		return false;
	if (then.type == NODE_NONE)
		return true;
	if (then.dev != host.dev || then.ino != host.ino)
		return false;
	/* The ctime and the size of a directory move with each entry. */
	if (then.type == NODE_DIRECTORY)
		return then.mode == host.mode && then.uid == host.uid && then.gid == host.gid;
	return then.size == host.size && then.ctime == host.ctime;
}

/* --- files --- */

int base_read(const struct store *s, struct base *ret, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(s->dir, "base", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct err why = {0};
	char *text;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "%s: its record of the host", s->name);
	n = fd_read_all(s->pool, fd, BASE_MAX, &text);
	if (n < 0)
		return err_errno(e, "%s: its record of the host", s->name);
	/* A file that was renamed into place just before a power failure may have lost its content. */
	if (n == 0) {
		ret->lost = true;
		return 0;
	}
	if (strlen(text) != (size_t)n)
		return err_set(e, "%s: its record of the host is damaged", s->name);
	return base_parse(s->pool, text, ret, &why) ? err_set(e, "%s: %s", s->name, why.text) : 0;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			data += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int base_write(const struct store *s, struct base *b, struct err *e)
{
	static const char *const aside = "base.new";
	_cleanup_fd_ int fd =
		openat(s->dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	const char *text;

	base_sort(b);
	text = base_print(s->pool, b);
	if (fd < 0 || write_all(fd, text, strlen(text)) || renameat(s->dir, aside, s->dir, "base"))
		return err_errno(e, "%s: its record of the host", s->name);
	return 0;
}

/* --- contents --- */

static int open_saved(const struct store *s, struct base *b)
{
	struct stat st;

	if (b->saved)
		return 0;
	b->saved = openat(s->dir, "saved",
			  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			  0600);
	if (b->saved < 0 || fstat(b->saved, &st)) {
		base_done(b);
		return -1;
	}
	b->saved_end = st.st_size;
	return 0;
}

void base_done(struct base *b)
{
	if (b->saved > 0)
		close(b->saved);
	b->saved = 0;
}

int base_save(const struct store *s, struct base *b, int dir, const char *name,
	      const struct node *node, const char **ret)
{
	static char content[SAVED_MAX];
	_cleanup_fd_ int in = -1;
	struct node now;
	ssize_t n;

	*ret = NULL;
	if (node->size > SAVED_MAX)
		return 0;
	in = node_open_file(dir, name);
	if (in < 0)
		return errno == EACCES || errno == EINVAL || errno == ENOENT ? 0 : -1;
	n = node_read_at(in, content, (size_t)node->size, 0);
	if (n < 0 || node_read(s->pool, in, "", &now))
		return -1;
	/* What the host has written meanwhile is not what was there. */
	if (n != node->size || now.ino != node->ino || now.ctime != node->ctime ||
	    memchr(content, '\0', (size_t)n))
		return 0;
	if (open_saved(s, b) || write_all(b->saved, content, (size_t)n))
		return -1;
	*ret = pool_printf(s->pool, "%" PRId64 ":%zd", (int64_t)b->saved_end, n);
	b->saved_end += n;
	return 0;
}

/* The content in `buffer`, which has SAVED_MAX bytes; its length, or -1 and errno. */
static ssize_t read_saved(const struct store *s, const char *saved, char *buffer)
{
	_cleanup_fd_ int fd = -1;
	int64_t offset, length;

	errno = EINVAL;
	if (parse_saved(saved, &offset, &length))
		return -1;
	fd = node_open_file(s->dir, "saved");
	if (fd < 0 || node_read_at(fd, buffer, (size_t)length, offset) != length)
		return -1;
	return length;
}

int base_open_saved(const struct store *s, const char *saved)
{
	_cleanup_fd_ int fd = memfd_create("saved", MFD_CLOEXEC);
	char *content = pool_alloc(s->pool, SAVED_MAX);
	ssize_t n = read_saved(s, saved, content);

	if (fd < 0 || n < 0 || write_all(fd, content, (size_t)n) || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return fd_take(&fd);
}

bool base_saved_is_same(const struct store *s, const char *saved, int fd, off_t size)
{
	static char then[SAVED_MAX], now[SAVED_MAX];
	ssize_t n = read_saved(s, saved, then);

	return n >= 0 && n == size && node_read_at(fd, now, (size_t)n, 0) == n &&
	       memcmp(then, now, (size_t)n) == 0;
}
