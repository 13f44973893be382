/* SPDX-License-Identifier: MIT */
/* What a sandbox in the background has written: see log.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "store/log.h"
#include "store/text.h"

static const char *const newest = "log", *const older = "log.1";
static const char *const first_word = "sandbox-log", *const version = "1";
static const char lost[] = "lost ", missed[] = "missed output: it was removed before it was read";

const char *const log_streams[] = {
	[LOG_OUT] = "out", [LOG_ERR] = "err", [LOG_TTY] = "tty", [LOG_EVENT] = "event"};
enum { STREAMS = sizeof(log_streams) / sizeof(log_streams[0]) };

/* Nanoseconds since 1970. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- files and records --- */

static int refuse(const struct log_file *f, const char *why, struct err *e)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", f->dir);
	n = readlink(link, path, sizeof(path));
	err_set(e, "%.*s%s%s: %s", n > 0 ? (int)n : 0, path, n > 0 ? "/" : "", f->name, why);
	return err_hint(e, "if it cannot be mended, remove this file");
}

static int damaged(const struct log_file *f, struct err *e)
{
	char why[64];

	snprintf(why, sizeof(why), "damaged at byte %" PRId64, f->at);
	return refuse(f, why, e);
}

/* NULL, or why not. */
static const char *why_not_ours(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	return st.st_mode & (S_IRWXG | S_IRWXO) ? "open to others" : NULL;
}

/* 1; 0: it has no first line yet; -1. */
static int parse_first_line(struct log_file *f, struct err *e)
{
	char line[LOG_HEAD], *end, *rest = line;
	const ssize_t n = pread(f->fd, line, sizeof(line), 0);

	if (n < 0)
		return refuse(f, strerror(errno), e);
	end = memchr(line, '\n', (size_t)n);
	if (!end)
		return n < (ssize_t)sizeof(line) ? 0 : damaged(f, e);
	*end = '\0';
	/* A NUL would hide what is behind it. */
	if (strlen(line) != (size_t)(end - line) || !str_eq(strsep(&rest, " "), first_word) ||
	    !rest)
		return damaged(f, e);
	if (!str_eq(strsep(&rest, " "), version))
		return refuse(f, "it is of another version of sandbox", e);
	if (text_number(&rest, INT64_MAX, &f->number) || rest || f->number == 0)
		return damaged(f, e);
	f->at = end - line + 1;
	return 1;
}

/* 1: opened, behind its first line; 0: there is none; -1. With O_CREAT one without a first line is opened. */
static int open_file(struct log_file *f, int dir, const char *name, int flags, struct err *e)
{
	const char *why;
	int rc;

	*f = (struct log_file){.dir = dir, .name = name};
	f->fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (f->fd < 0 && errno == ENOENT)
		return 0;
	if (f->fd < 0)
		return refuse(f, errno == ELOOP ? "it is a symbolic link" : strerror(errno), e);
	why = why_not_ours(f->fd);
	rc = why ? refuse(f, why, e) : parse_first_line(f, e);
	/* Only one that was written to becomes the older one. */
	if (rc == 0 && name == older)
		rc = damaged(f, e);
	if (rc < 0 || (rc == 0 && !(flags & O_CREAT)))
		fd_closep(&f->fd);
	return rc;
}

static int parse_stream(const char *word, enum log_stream *ret)
{
	for (size_t i = 0; word && i < STREAMS; i++) {
		if (str_eq(word, log_streams[i])) {
			*ret = (enum log_stream)i;
			return 0;
		}
	}
	return -1;
}

/* How long the record is that begins here; 0: it is cut short; -1: it is damaged. */
static ssize_t parse_record(char *text, size_t n, struct log_record *ret)
{
	const size_t most = n < LOG_HEAD ? n : LOG_HEAD;
	char head[LOG_HEAD], *rest = head + 1, *data = memchr(text, '\n', most);
	int64_t length;
	size_t size;

	if (!data)
		return most < LOG_HEAD ? 0 : -1;
	size = (size_t)(data++ - text);
	memcpy(head, text, size);
	head[size] = '\0';
	if (*head != '@' || strlen(head) != size || text_number(&rest, INT64_MAX, &ret->time) ||
	    parse_stream(strsep(&rest, " "), &ret->stream) ||
	    text_number(&rest, LOG_CHUNK, &length) || rest)
		return -1;
	ret->data = data;
	ret->n = (size_t)length;
	size += 1 + ret->n + 1;
	if (size > n)
		return 0;
	if (data[length] != '\n')
		return -1;
	data[length] = '\0';
	return (ssize_t)size;
}

/* --- reading --- */

/* 1: a record; 0: there is no whole one; -1. */
static int next_in_file(struct log_reader *r, struct log_record *ret, struct err *e)
{
	for (bool fresh = false;; fresh = true) {
		const size_t used = (size_t)(r->file.at - r->base);
		ssize_t n = parse_record(r->buffer + used, r->filled - used, ret);

		if (n < 0)
			return damaged(&r->file, e);
		r->file.at += n;
		if (n > 0)
			return 1;
		/* What is not whole may be cut off, and another put there. */
		r->base = r->file.at;
		r->filled = 0;
		if (fresh)
			return 0;
		n = pread(r->file.fd, r->buffer, sizeof(r->buffer), r->base);
		if (n < 0)
			return refuse(&r->file, strerror(errno), e);
		r->filled = (size_t)n;
	}
}

static bool is_newest(const struct log_reader *r)
{
	struct stat ours, named;

	return r->file.fd >= 0 && fstat(r->file.fd, &ours) == 0 &&
	       fstatat(r->file.dir, newest, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/*
 * Goes on with the oldest file that is later than this one: 1; 0: there is none; -1. `log` is opened
 * first: a rotation between the two shows the same file twice, and hides none.
 */
static int advance(struct log_reader *r, struct err *e)
{
	struct log_file new, old, *next;
	const int has_new = open_file(&new, r->file.dir, newest, O_RDONLY, e),
		  has_old = has_new < 0 ? -1 : open_file(&old, r->file.dir, older, O_RDONLY, e);

	next = has_old > 0 && old.number > r->file.number   ? &old
	       : has_new > 0 && new.number > r->file.number ? &new
							    : NULL;
	if (has_old >= 0 && next) {
		fd_closep(&r->file.fd);
		r->file = *next;
		next->fd = -1;
		r->base = r->file.at;
		r->filled = 0;
		r->rotated = false;
	}
	if (has_new > 0)
		fd_closep(&new.fd);
	if (has_old > 0)
		fd_closep(&old.fd);
	return has_old < 0 ? -1 : next != NULL;
}

/* Something has happened since it was last asked. */
static bool was_woken(const struct log_reader *r)
{
	_Alignas(struct inotify_event) char events[4096];
	bool woken = false;

	while (r->watch >= 0 && read(r->watch, events, sizeof(events)) > 0)
		woken = true;
	return woken;
}

struct log_record log_missed(int64_t time)
{
	return (struct log_record){
		.time = time, .stream = LOG_EVENT, .data = missed, .n = sizeof(missed) - 1};
}

int log_next(struct log_reader *r, struct log_record *ret, struct err *e)
{
	for (;;) {
		const int64_t number = r->file.number;
		struct stat st;
		int rc = r->file.fd < 0 ? 0 : next_in_file(r, ret, e);

		if (rc)
			return rc;
		if (!r->rotated) {
			r->rotated = !is_newest(r);
			/* It may have got a last record meanwhile. */
			if (r->rotated || was_woken(r))
				continue;
			return 0;
		}
		if (r->file.fd >= 0 && fstat(r->file.fd, &st) == 0 && st.st_size != r->file.at)
			return damaged(&r->file, e);
		rc = advance(r, e);
		if (rc < 0)
			return -1;
		if (rc == 0 && !was_woken(r))
			return 0;
		if (rc > 0 && number && r->file.number != number + 1) {
			r->missed = true;
			*ret = log_missed(now());
			return 1;
		}
	}
}

int log_open(struct log_reader *r, int dir, struct err *e)
{
	int rc;

	r->watch = -1;
	r->file = (struct log_file){.dir = dir, .fd = -1};
	r->rotated = true;
	r->missed = false;
	r->base = 0;
	r->filled = 0;
	rc = advance(r, e);
	/* One that nothing was written to yet. */
	return rc == 0 ? faccessat(dir, newest, F_OK, AT_SYMLINK_NOFOLLOW) == 0 : rc;
}

int log_copy(struct log_reader *r, const struct log_reader *of, struct err *e)
{
	*r = *of;
	r->watch = -1;
	if (of->file.fd >= 0)
		r->file.fd = fcntl(of->file.fd, F_DUPFD_CLOEXEC, 0);
	return of->file.fd >= 0 && r->file.fd < 0 ? refuse(&r->file, strerror(errno), e) : 0;
}

int log_seek_end(struct log_reader *r, struct err *e)
{
	struct log_record record;
	int rc;

	do
		rc = log_next(r, &record, e);
	while (rc > 0);
	return rc;
}

int log_watch(struct log_reader *r, struct err *e)
{
	char path[32];
	int fd;

	if (r->watch >= 0)
		return r->watch;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->file.dir);
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* The end of a watch is an event: there may be more since log_next was last called. */
	if (fd < 0 || inotify_rm_watch(fd, inotify_add_watch(fd, path, IN_MODIFY)) ||
	    inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
		err_errno(e, "the log cannot be watched");
		fd_closep(&fd);
	}
	r->watch = fd;
	return fd;
}

void log_close(struct log_reader *r)
{
	fd_closep(&r->watch);
	fd_closep(&r->file.fd);
}

bool log_is_loss(const struct log_record *record)
{
	return record->stream == LOG_EVENT &&
	       (str_begins(record->data, lost) || str_begins(record->data, missed));
}

/* --- writing --- */

/* The end of what is whole; what is behind it is cut off. */
static int find_end(struct log_writer *w, struct err *e)
{
	struct log_reader r = {.file = w->file, .base = w->file.at};
	struct log_record record;
	int rc;

	do
		rc = next_in_file(&r, &record, e);
	while (rc > 0);
	w->file.at = r.file.at;
	if (rc == 0 && ftruncate(w->file.fd, w->file.at))
		rc = refuse(&w->file, strerror(errno), e);
	return rc;
}

int log_begin(struct log_writer *w, int dir, struct err *e)
{
	struct log_file old;
	struct rlimit limit;
	int rc;

	*w = (struct log_writer){.file.fd = -1, .max = LOG_MAX};
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < LOG_MAX)
		w->max = (int64_t)limit.rlim_cur;
	rc = open_file(&old, dir, older, O_RDONLY, e);
	if (rc < 0)
		return -1;
	if (rc > 0)
		fd_closep(&old.fd);
	rc = open_file(&w->file, dir, newest, O_RDWR | O_CREAT | O_APPEND, e);
	if (rc == 0)
		w->file.number = old.number + 1;
	if (rc < 0 || find_end(w, e)) {
		fd_closep(&w->file.fd);
		return -1;
	}
	return 0;
}

/* The next file is made when there is something to be written to it. */
static int rotate(struct log_writer *w)
{
	if (renameat(w->file.dir, newest, w->file.dir, older) && errno != ENOENT)
		return -1;
	fd_closep(&w->file.fd);
	w->file.number++;
	w->file.at = 0;
	return 0;
}

/* With its first line if it has none; -1 and errno: nothing of it is there. */
static int write_record(struct log_writer *w, struct iovec *parts, int n)
{
	size_t size = 0;
	ssize_t done;
	int error;

	for (int i = 0; i < n; i++)
		size += parts[i].iov_len;
	errno = EFBIG;
	if (w->file.at + (int64_t)size > w->max)
		return -1;
	if (w->file.fd < 0)
		w->file.fd = openat(w->file.dir, newest,
				    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (w->file.fd < 0)
		return -1;
	done = writev(w->file.fd, parts, n);
	if (done == (ssize_t)size) {
		w->file.at += done;
		return 0;
	}
	/* Why it was cut short, the next byte tells. */
	if (done >= 0 && write(w->file.fd, "", 1) >= 0)
		errno = ENOSPC;
	error = errno;
	w->torn = ftruncate(w->file.fd, w->file.at) != 0;
	errno = error;
	return -1;
}

static int put(struct log_writer *w, enum log_stream stream, const void *data, size_t n)
{
	char first[LOG_HEAD], head[LOG_HEAD];
	struct iovec parts[] = {{.iov_base = first},
				{.iov_base = head},
				{(void *)(uintptr_t)data, n},
				{(void *)(uintptr_t) "\n", 1}};

	parts[1].iov_len = (size_t)snprintf(head, sizeof(head), "@%" PRId64 " %s %zu\n", now(),
					    log_streams[stream], n);
	if (w->torn && ftruncate(w->file.fd, w->file.at))
		return -1;
	w->torn = false;
	if (w->file.at && w->file.at + (int64_t)(parts[1].iov_len + n + 1) > w->max && rotate(w))
		return -1;
	if (w->file.at == 0)
		parts[0].iov_len = (size_t)snprintf(first, sizeof(first), "%s %s %" PRId64 "\n",
						    first_word, version, w->file.number);
	return write_record(w, parts, 4);
}

/* 0: nothing is lost that is not told. */
static int tell_loss(struct log_writer *w)
{
	char text[256];
	int n;

	if (w->lost == 0)
		return 0;
	n = snprintf(text, sizeof(text), "%s%" PRId64 " bytes: %s", lost, w->lost,
		     strerror(w->error));
	if (put(w, LOG_EVENT, text, (size_t)n))
		return -1;
	w->lost = 0;
	return 0;
}

void log_append(struct log_writer *w, enum log_stream stream, const void *data, size_t n)
{
	for (const char *rest = data; n > 0;) {
		const size_t part = n < LOG_CHUNK ? n : LOG_CHUNK;

		if (tell_loss(w) || put(w, stream, rest, part)) {
			w->error = errno;
			w->lost += (int64_t)part;
		}
		rest += part;
		n -= part;
	}
}

void log_event(struct log_writer *w, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		log_append(w, LOG_EVENT, text,
			   (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void log_end(struct log_writer *w)
{
	tell_loss(w);
	fd_closep(&w->file.fd);
}
