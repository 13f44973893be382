/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox in the background has written: the files `log` and `log.1`, the older one, in its
 * directory (store.h).
 *
 *	sandbox-log 1 NUMBER
 *	@NANOSECONDS STREAM LENGTH
 *	...
 *
 * The first line has the version, and which file of this log it is, counted from 1. Then comes a record
 * for each piece as it was read: when, from what (out, err, tty, or event: a line of the launcher's own),
 * how many bytes; these bytes, whatever they are; a line feed. A file that would pass LOG_MAX becomes
 * log.1, in the place of the one before, and is not changed any more.
 *
 * One process appends while others read, without a lock: a record is written by one call, and what could
 * be written of it only in part is cut off again. So what is not whole at the end of `log` is not there
 * yet, and readers keep nothing of it.
 *
 * Refused is what we would not have made: a link, what is not a regular file, not ours or open to others,
 * another version, a text that is damaged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	LOG_MAX = 8 * 1024 * 1024,
	LOG_CHUNK = 64 * 1024, /* of a record */
	LOG_HEAD = 64,	       /* no first line or head of a record is longer */
};

enum log_stream { LOG_OUT, LOG_ERR, LOG_TTY, LOG_EVENT };
extern const char *const log_streams[]; /* as they are written */

struct log_file {
	int dir; /* the caller's */
	const char *name;
	int fd; /* -1: none */
	int64_t number, at;
};

/* --- writing --- */

struct log_writer {
	struct log_file file; /* `at`: the end of what is whole */
	int64_t max;	      /* LOG_MAX, or what RLIMIT_FSIZE leaves of it */
	bool torn;	      /* something is behind the end */
	int64_t lost;	      /* bytes that could not be written, */
	int error;	      /* and why not */
};

/*
 * Goes on with the log in the directory, which stays the caller's, and open; begins it if there is none.
 * Should be called by the holder of the sandbox's lock: one writes. What a killed writer has left half
 * written is cut off; what is damaged is refused.
 */
int log_begin(struct log_writer *w, int dir, struct err *e);
/*
 * Never fails: bytes that cannot be written are counted, and as soon as they can be, an event `lost N
 * bytes: WHY` stands in their place. Raises no SIGXFSZ, unless the limit is lowered meanwhile.
 */
void log_append(struct log_writer *w, enum log_stream stream, const void *data, size_t n);
/* One line, without its end; must not begin as the events of losses do. */
void log_event(struct log_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_end(struct log_writer *w);

/* --- reading --- */

struct log_record {
	int64_t time; /* nanoseconds since 1970 */
	enum log_stream stream;
	const char *data; /* until the next call; a NUL is behind it */
	size_t n;
};

struct log_reader {
	int watch;	      /* inotify(7); -1: not asked for */
	struct log_file file; /* `at`: the record that is next */
	bool rotated;	      /* the file is not `log` any more, or there is none yet */
	bool missed;	      /* a file was removed before it was read */
	int64_t base;	      /* where in the file the buffer begins */
	size_t filled;
	char buffer[LOG_HEAD + LOG_CHUNK + 1]; /* the longest record */
};

/*
 * 1: opened, at the oldest record; 0: there is no log; -1. The directory stays the caller's, and open.
 */
int log_open(struct log_reader *r, int dir, struct err *e);
/* Another one, at the same place. */
int log_copy(struct log_reader *r, const struct log_reader *of, struct err *e);
/*
 * 1: a record; 0: no more for now; -1. If the reader was so slow that a file is gone, an event `missed
 * ...` stands in its place.
 */
int log_next(struct log_reader *r, struct log_record *ret, struct err *e);
/* That event. What was removed before the reader was opened is told by nobody: then file.number is not 1. */
struct log_record log_missed(int64_t time);
/* Only what comes from now on. */
int log_seek_end(struct log_reader *r, struct err *e);
/*
 * A descriptor to poll(2): readable when log_next may have more, and at first. It is log_next that reads
 * from it, before it says 0. Closed by log_close. -1: error.
 */
int log_watch(struct log_reader *r, struct err *e);
void log_close(struct log_reader *r);

/* An event that says that something is missing: `lost ...` or `missed ...`. */
bool log_is_loss(const struct log_record *record);
