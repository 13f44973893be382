/* SPDX-License-Identifier: MIT */
/* `sandbox logs NAME`: what a sandbox in the background has written, byte for byte; and what it goes on to write. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/store.h"
#include "run/run.h"
#include "store/log.h"
#include "store/running.h"

enum { SECOND = 1000000000 };

struct view {
	const char *name;
	uint32_t flags;	    /* enum store_flag */
	int64_t since;	    /* nanoseconds since 1970 */
	int64_t tail;	    /* lines; -1: all */
	int64_t skip;	    /* lines that are not shown, of those that come next */
	bool in_line[2];    /* what was written last, by stream_of, has no line feed at its end */
	struct store store; /* its directory */
	int launcher;	    /* pidfd; -1: it does not run, or that is all the same */
};

/* --- options --- */

/* What --timestamps prints, and the same in local time, with less of it: 2026-11-22 11:00 */
static int parse_date(const char *s, int64_t *ret)
{
	struct tm tm = {.tm_isdst = -1}, asked;
	char date[32];
	const char *rest;
	time_t seconds;
	size_t digits;

	if (snprintf(date, sizeof(date), "%s", s) >= (int)sizeof(date) || strlen(date) < 11)
		return -1;
	if (date[10] == ' ')
		date[10] = 'T';
	rest = strptime(date, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		rest = strptime(date, "%Y-%m-%dT%H:%M", &tm);
	if (!rest)
		return -1;
	digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
	*ret = 0;
	for (size_t i = 0; i < 9; i++)
		*ret = *ret * 10 + (i < digits ? rest[1 + i] - '0' : 0);
	rest += digits ? 1 + digits : 0;
	asked = tm;
	seconds = str_eq(rest, "Z") ? timegm(&tm) : mktime(&tm);
	/* The 30th of February would be a day in March. */
	if ((*rest && !str_eq(rest, "Z")) || seconds < 0 || tm.tm_mday != asked.tm_mday)
		return -1;
	return __builtin_mul_overflow(seconds, (int64_t)SECOND, &seconds) ||
			       __builtin_add_overflow(seconds, *ret, ret)
		       ? -1
		       : 0;
}

static int parse_since(const char *s, int64_t *ret)
{
	struct timespec now;
	int64_t value;

	if (*s == '@') {
		if (str_number(s + 1, 0, INT64_MAX / SECOND, &value))
			return -1;
		*ret = value * SECOND;
		return 0;
	}
	if (str_time(s, &value))
		return parse_date(s, ret);
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (int64_t)now.tv_sec * SECOND + now.tv_nsec;
	*ret = value < *ret / 1000 ? *ret - value * 1000 : 0;
	return 0;
}

static int parse_words(struct store_words *w, struct view *v, struct err *e)
{
	const char *since = store_value(w, "since"), *tail = store_value(w, "tail");

	v->name = w->names.v[0];
	v->flags = w->flags;
	v->tail = -1;
	if (w->flags & STORE_JSON && w->flags & STORE_TIMESTAMPS)
		return err_set(e, "logs: --json has the times, so --timestamps says nothing");
	if (since && parse_since(since, &v->since))
		return err_set(
			e, "logs: --since: %s: not a time (10min, 2h, 2026-11-22 11:00, @SECONDS)",
			str_safe(&w->pool, since));
	if (tail && str_number(tail, 0, INT64_MAX, &v->tail))
		return err_set(e, "logs: --tail: %s: not a number of lines",
			       str_safe(&w->pool, tail));
	return 0;
}

/* --- one record --- */

/* Whether its bytes are for standard error. */
static int stream_of(const struct log_record *r)
{
	return r->stream == LOG_ERR;
}

/* RFC 3339, with a space behind it. */
static void put_time(FILE *out, int64_t time)
{
	const time_t seconds = time / SECOND;
	struct tm tm;
	char text[32];

	if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		fprintf(out, "%s.%06dZ ", text, (int)(time % SECOND / 1000));
}

static void show_json(const struct log_record *r)
{
	struct jsonw j = {.out = stdout, .dense = true};

	jsonw_open(&j, NULL, '{');
	jsonw_number(&j, "time", r->time);
	jsonw_string(&j, "stream", log_streams[r->stream]);
	jsonw_bytes(&j, "data", r->data, r->n);
	jsonw_close(&j, '}');
}

static void show_text(struct view *v, const struct log_record *r)
{
	FILE *out = stream_of(r) ? stderr : stdout;
	const char *rest = r->data, *end = r->data + r->n;

	if (out == stderr)
		fflush(stdout);
	while (v->flags & STORE_TIMESTAMPS && rest < end) {
		const char *line = rest, *feed = memchr(rest, '\n', (size_t)(end - rest));

		rest = feed ? feed + 1 : end;
		if (!v->in_line[stream_of(r)])
			put_time(out, r->time);
		fwrite(line, 1, (size_t)(rest - line), out);
		v->in_line[stream_of(r)] = !feed;
	}
	fwrite(rest, 1, (size_t)(end - rest), out);
	v->in_line[stream_of(r)] = end[-1] != '\n';
}

/* An event has a line of its own. That something was lost is said in any case. */
static void show_event(struct view *v, const struct log_record *r)
{
	struct pool pool = {0};
	const char *text = str_safe(&pool, r->data);

	if (v->flags & STORE_EVENTS) {
		fputs(v->in_line[0] ? "\n-- " : "-- ", stdout);
		put_time(stdout, r->time);
		puts(text);
		v->in_line[0] = false;
	} else {
		fflush(stdout);
		fprintf(stderr, "%ssandbox: note: %s: %s\n", v->in_line[1] ? "\n" : "", v->name,
			text);
		v->in_line[1] = false;
	}
	pool_done(&pool);
}

static size_t count_lines(const struct log_record *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->data[i] == '\n';
	return n;
}

static bool is_wanted(const struct view *v, const struct log_record *r)
{
	if (r->time < v->since)
		return false;
	return r->stream != LOG_EVENT ? r->n > 0 : v->flags & STORE_EVENTS || log_is_loss(r);
}

/* Without the lines that are skipped; false: it has no others. */
static bool skip_lines(struct view *v, struct log_record *r)
{
	while (v->skip > 0 && r->n > 0) {
		const char *feed = memchr(r->data, '\n', r->n);
		size_t n = feed ? (size_t)(feed + 1 - r->data) : r->n;

		v->skip -= feed != NULL;
		r->data += n;
		r->n -= n;
	}
	return r->n > 0;
}

static int show(struct view *v, struct log_record *r, struct err *e)
{
	if (!is_wanted(v, r) || !skip_lines(v, r))
		return 0;
	if (v->flags & STORE_JSON)
		show_json(r);
	else if (r->stream == LOG_EVENT)
		show_event(v, r);
	else
		show_text(v, r);
	if (ferror(stdout))
		return err_errno(e, "standard output");
	return ferror(stderr) ? err_errno(e, "standard error") : 0;
}

/* --- all of them --- */

/* Sets how many lines come before the last ones that are wanted. */
static int find_tail(struct view *v, struct log_reader *r, struct err *e)
{
	struct log_reader ahead;
	struct log_record record;
	int64_t lines = 0;
	char last = '\n';
	int rc;

	if (v->tail < 0)
		return 0;
	if (v->tail == 0)
		return log_seek_end(r, e);
	if (log_copy(&ahead, r, e))
		return -1;
	while ((rc = log_next(&ahead, &record, e)) > 0) {
		if (record.stream == LOG_EVENT || !is_wanted(v, &record))
			continue;
		lines += (int64_t)count_lines(&record);
		last = record.data[record.n - 1];
	}
	log_close(&ahead);
	lines += last != '\n';
	v->skip = lines > v->tail ? lines - v->tail : 0;
	return rc;
}

/* Until something has happened, or nobody reads any more what we print. */
static int await(const struct view *v, struct log_reader *r, struct err *e)
{
	struct pollfd fds[] = {{.fd = log_watch(r, e), .events = POLLIN},
			       {.fd = v->launcher, .events = POLLIN},
			       {.fd = STDOUT_FILENO}};

	if (fds[0].fd < 0)
		return -1;
	if (poll(fds, 3, -1) > 0 && fds[2].revents)
		run_die_likewise(SIGPIPE);
	return 0;
}

/* The launcher writes the log, so there is nothing to come when it has ended. */
static bool has_ended(const struct view *v)
{
	struct pollfd end = {.fd = v->launcher, .events = POLLIN};

	return v->launcher < 0 || poll(&end, 1, 0) > 0;
}

/* Behind what was removed, unless only what is later is asked for. */
static int show_first(struct view *v, struct log_record *r, struct err *e)
{
	struct log_record missed = log_missed(r->time);

	return (v->skip == 0 && show(v, &missed, e)) || show(v, r, e) ? -1 : 0;
}

static int show_all(struct view *v, struct log_reader *r, struct err *e)
{
	bool begins_late = r->file.number > 1;
	struct log_record record;

	for (;;) {
		const bool ended = has_ended(v);
		int rc;

		while ((rc = log_next(r, &record, e)) > 0) {
			/* What was counted is missing now: rather too many lines than too few. */
			if (r->missed)
				v->skip = 0;
			if (begins_late ? show_first(v, &record, e) : show(v, &record, e))
				return -1;
			begins_late = false;
		}
		if (rc == 0 && fflush(stdout))
			rc = err_errno(e, "standard output");
		if (rc || ended)
			return rc;
		if (await(v, r, e))
			return -1;
	}
}

/* --- which one --- */

/*
 * 1: it runs; 0: it does not; -1: refused. With its launcher, unless that has ended: without a PID 1 it may still be
 * writing what came last.
 */
static int find_launcher(struct store_words *w, const char *name, int *ret, struct err *e)
{
	struct running r = {.pool = &w->pool, .home = -1, .dir = -1, .process = -1};
	int rc = w->host.runtime_home ? running_read(&r, w->host.runtime_home, name, e) : 0;

	if (rc >= 0 && r.launcher.pid) {
		*ret = process_open(&r.launcher);
		if (*ret < 0 && errno != ESRCH)
			rc = err_errno(e, "%s: its launcher", name);
	}
	running_done(&r);
	return rc;
}

/* -1: refused, or there is none. */
static int open_log(struct store_words *w, struct view *v, struct log_reader *r, struct err *e)
{
	struct err ignored = {0};
	int rc;

	v->store.pool = &w->pool;
	if (store_open(&v->store, w->host.state_home, v->name, false, e)) {
		if (e->error != ENOENT || find_launcher(w, v->name, &v->launcher, &ignored) <= 0)
			return -1;
		rc = 0;
	} else {
		rc = log_open(r, v->store.dir, e);
	}
	if (rc == 0)
		return err_set(e, "%s: it has no log: it was not started with --detach", v->name);
	return rc;
}

static int logs(struct store_words *w, struct err *e)
{
	struct view v = {.launcher = -1};
	struct log_reader r = {.watch = -1, .file.fd = -1};
	int rc = parse_words(w, &v, e);

	if (rc == 0)
		rc = open_log(w, &v, &r, e);
	if (rc > 0 && w->flags & STORE_FOLLOW)
		rc = find_launcher(w, v.name, &v.launcher, e) < 0 ? -1 : 1;
	if (rc > 0)
		rc = find_tail(&v, &r, e);
	if (rc == 0)
		rc = show_all(&v, &r, e);
	log_close(&r);
	fd_closep(&v.launcher);
	store_done(&v.store);
	return rc;
}

int cmd_logs(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME, logs, argc, argv);
}
