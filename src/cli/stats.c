/* SPDX-License-Identifier: MIT */
/* `sandbox stats [NAME...]`: what running sandboxes use; on a terminal again and again. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/store.h"
#include "run/control.h"
#include "run/effects.h"
#include "run/processes.h"
#include "run/run.h"

enum { FIRST_MS = 200, EACH_MS = 1000, COMMAND_WIDTH = 63 };

/* --- one look at all of them --- */

struct row {
	const char *name;
	struct running of;
	const char *why; /* it is refused; else NULL, and the rest is known */
	struct usage usage;
	int64_t at; /* when it was looked at, by clock_now() */
	bool paused;
	int64_t percent; /* of one processor, since the look before; -1: there was none */
	const char *source;
};

struct look {
	struct pool pool;
	vec_of(struct row) rows;
};

/* The counters of its cgroup, if it has one. */
static bool read_group(const struct running *r, struct usage *ret)
{
	_cleanup_fd_ int group = control_group(r);

	if (group >= 0)
		usage_read(group, CONTROLLERS_ALL, ret);
	return group >= 0;
}

static void measure(struct row *row, const struct look *before)
{
	const struct usage *u = &row->usage;
	bool has_group, more;

	row->usage = usage_unknown;
	has_group = read_group(&row->of, &row->usage);
	more = (u->user < 0 || u->memory < 0 || u->tasks < 0 || u->read < 0) &&
	       processes_usage(row->of.init.pid, &row->usage);
	row->source = !has_group ? "proc" : more ? "cgroup+proc" : "cgroup";
	row->paused = control_is_paused(&row->of);
	row->at = clock_now();
	row->percent = -1;
	for (size_t i = 0; i < before->rows.n; i++) {
		const struct row *old = &before->rows.v[i];
		int64_t used = u->user + u->system - old->usage.user - old->usage.system;

		if (old->why || old->of.init.pid != row->of.init.pid ||
		    old->of.init.started != row->of.init.started || u->user < 0 ||
		    row->at <= old->at)
			continue;
		row->percent =
			used > 0 ? (used * 100 + (row->at - old->at) / 2) / (row->at - old->at) : 0;
	}
}

/* 1: it runs, and is in the look; 0: it does not; -1: refused. */
static int add_row(const struct store_words *w, const char *name, struct look *now,
		   const struct look *before, struct err *e)
{
	struct row row = {.name = name, .of = {.pool = &now->pool}};
	int rc = running_read(&row.of, w->host.runtime_home, name, e);

	if (rc > 0) {
		measure(&row, before);
		/* Its number could be another's by now. */
		rc = running_lives(&row.of);
	} else if (rc < 0) {
		row.why = pool_strdup(&now->pool, e->text);
	}
	running_done(&row.of);
	if (rc)
		*vec_add(&now->pool, &now->rows) = row;
	return rc;
}

/*
 * Those with the names, or all. An entry that is refused is one of the rows; with `strict` it is an error
 * if it was named, as is a name that does not run.
 */
static int look(struct store_words *w, struct look *now, const struct look *before, bool strict,
		struct err *e)
{
	const char *home = w->host.runtime_home;
	str_vec names = w->names;

	if (!names.n && home && running_names(&now->pool, home, &names, e))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		int rc = home ? add_row(w, names.v[i], now, before, e) : 0;

		if (strict && w->names.n && rc <= 0)
			return rc < 0 ? -1 : store_not_running(w, names.v[i], e);
	}
	return 0;
}

/* --- as text --- */

enum column { NAME, CPU, MEMORY, PEAK, TASKS, READ, WRITTEN, TIME, SOURCE, COMMAND, COLUMNS };

static const char *const titles[COLUMNS] = {"NAME", "CPU%",    "MEMORY", "PEAK",   "TASKS",
					    "READ", "WRITTEN", "TIME",	 "SOURCE", "COMMAND"};

static const char *bytes(struct pool *p, int64_t n)
{
	return n < 0 ? "-" : effects_bytes(p, n);
}

static const char *count(struct pool *p, int64_t n)
{
	return n < 0 ? "-" : pool_printf(p, "%" PRId64, n);
}

/* The two largest units. */
static const char *duration(struct pool *p, int64_t usec)
{
	const int64_t s = usec > 0 ? usec / 1000000 : 0;

	if (s < 60)
		return pool_printf(p, "%" PRId64 "s", s);
	if (s < 3600)
		return pool_printf(p, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	if (s < 86400)
		return pool_printf(p, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	return pool_printf(p, "%" PRId64 "d%02" PRId64 "h", s / 86400, s / 3600 % 24);
}

static void fill_cells(struct pool *p, const struct row *row, const char **cells)
{
	const struct usage *u = &row->usage;

	cells[NAME] = row->name;
	cells[CPU] = row->paused ? "paused" : count(p, row->percent);
	cells[MEMORY] = bytes(p, u->memory);
	if (row->of.memory_max != STR_INFINITY)
		cells[MEMORY] =
			pool_printf(p, "%s/%s", cells[MEMORY], bytes(p, row->of.memory_max));
	cells[PEAK] = bytes(p, u->memory_peak);
	cells[TASKS] = count(p, u->tasks);
	cells[READ] = bytes(p, u->read);
	cells[WRITTEN] = bytes(p, u->written);
	cells[TIME] = duration(p, process_age(&row->of.init));
	cells[SOURCE] = row->source;
	cells[COMMAND] = "";
}

static void print_line(const char *const *cells, const int *widths, const char *end)
{
	for (size_t c = 0; c < COMMAND; c++) {
		bool left = c == NAME || c == SOURCE;

		printf("%*s  ", left ? -widths[c] : widths[c], cells[c]);
	}
	printf("%s%s\n", cells[COMMAND], end);
}

/* At most `most` rows; `end` closes each line. */
static void print_rows(struct look *now, size_t most, const char *end)
{
	const size_t n = now->rows.n > most ? most : now->rows.n,
		     width = store_screen("COLUMNS", false);
	const char *cells[n + 1][COLUMNS];
	int widths[COLUMNS];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < COLUMNS; c++)
			cells[i][c] = "";
		if (!now->rows.v[i].why)
			fill_cells(&now->pool, &now->rows.v[i], cells[i]);
	}
	for (size_t c = 0; c < COMMAND; c++) {
		size_t widest = strlen(titles[c]);

		for (size_t i = 0; i < n; i++) {
			if (strlen(cells[i][c]) > widest)
				widest = strlen(cells[i][c]);
		}
		widths[c] = (int)widest;
		used += widest + 2;
	}
	print_line(titles, widths, end);
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &now->rows.v[i];

		if (row->why) {
			printf("%s%s\n", str_safe(&now->pool, row->why), end);
			continue;
		}
		cells[i][COMMAND] = store_command_text(&now->pool, &row->of.command,
						       !width	      ? COMMAND_WIDTH
						       : width > used ? width - used
								      : 0);
		print_line(cells[i], widths, end);
	}
	if (n < now->rows.n)
		printf("and %zu more%s\n", now->rows.n - n, end);
}

/* --- as JSON --- */

static void json_row(struct jsonw *j, const struct row *row)
{
	const struct running *r = &row->of;
	const struct usage *u = &row->usage;

	jsonw_open(j, NULL, '{');
	jsonw_string(j, "name", row->name);
	if (row->why) {
		jsonw_string(j, "error", row->why);
		jsonw_close(j, '}');
		return;
	}
	jsonw_string(j, "state", row->paused ? "paused" : "running");
	jsonw_string(j, "source", row->source);
	jsonw_string(j, "cgroup", r->cgroup);
	jsonw_number(j, "pid", r->launcher.pid);
	jsonw_number(j, "started", r->started);
	report_json_count(j, "wall_us", process_age(&r->init));
	report_json_count(j, "cpu_percent", row->percent);
	report_json_count(j, "user_us", u->user);
	report_json_count(j, "system_us", u->system);
	report_json_count(j, "throttled_us", u->throttled);
	report_json_count(j, "memory", u->memory);
	report_json_count(j, "memory_max", r->memory_max == STR_INFINITY ? -1 : r->memory_max);
	report_json_count(j, "memory_peak", u->memory_peak);
	report_json_count(j, "swap_peak", u->swap_peak);
	report_json_count(j, "tasks", u->tasks);
	report_json_count(j, "tasks_peak", u->tasks_peak);
	report_json_count(j, "io_read", u->read);
	report_json_count(j, "io_written", u->written);
	jsonw_string(j, "profile", r->profile);
	jsonw_string(j, "directory", r->cwd);
	jsonw_open(j, "command", '[');
	for (size_t i = 0; i < r->command.n; i++)
		jsonw_string(j, NULL, r->command.v[i]);
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

static void print_json(const struct look *now)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '[');
	for (size_t i = 0; i < now->rows.n; i++)
		json_row(&j, &now->rows.v[i]);
	jsonw_close(&j, ']');
}

/* --- once --- */

static int print_look(const struct store_words *w, struct look *now)
{
	int status = 0;

	for (size_t i = 0; i < now->rows.n; i++) {
		if (now->rows.v[i].why)
			status = EXIT_SANDBOX;
		else if (w->flags & STORE_NAMES)
			puts(now->rows.v[i].name);
	}
	if (w->flags & STORE_JSON)
		print_json(now);
	else if (now->rows.n && !(w->flags & STORE_NAMES))
		print_rows(now, SIZE_MAX, "");
	return status;
}

static int once(struct store_words *w, struct err *e)
{
	const struct timespec sample = {.tv_nsec = FIRST_MS * 1000000};
	struct look before = {0}, now = {0};
	int status = look(w, &before, &now, true, e);

	if (status == 0 && before.rows.n && !(w->flags & STORE_NAMES))
		nanosleep(&sample, NULL);
	if (status == 0)
		status = look(w, &now, &before, true, e);
	if (status == 0)
		status = print_look(w, &now);
	pool_done(&before.pool);
	pool_done(&now.pool);
	return status;
}

/* --- on a terminal --- */

struct watch {
	sigset_t mask; /* as it was */
	int signals;
	int keys; /* standard input, where that is a terminal; or -1 */
	bool has_modes;
	struct termios modes; /* as they were */
};

/* Keys are read when they are pressed, and not shown. */
static void take_keys(struct watch *t)
{
	struct termios modes;

	t->has_modes = tcgetattr(STDIN_FILENO, &t->modes) == 0;
	t->keys = t->has_modes ? STDIN_FILENO : -1;
	modes = t->modes;
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (t->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

static void give_keys_back(const struct watch *t)
{
	if (t->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}

static int begin_watch(struct watch *t, struct err *e)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (t->signals < 0) {
		err_errno(e, "signalfd");
		sigprocmask(SIG_SETMASK, &t->mask, NULL);
		return -1;
	}
	take_keys(t);
	return 0;
}

static void end_watch(struct watch *t)
{
	give_keys_back(t);
	fd_closep(&t->signals);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

/* A signal that has come: -1 if it was to stop us, and we go on. */
static int obey(struct watch *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return -1;
	if (info.ssi_signo != SIGTSTP)
		return (int)info.ssi_signo;
	give_keys_back(t);
	raise(SIGSTOP);
	take_keys(t);
	return -1;
}

/* The signal that is to end it; 0: a key; -1: the time has passed. */
static int await(struct watch *t, int milliseconds)
{
	const int64_t until = clock_now() + milliseconds * INT64_C(1000);

	while (clock_now() < until) {
		struct pollfd fds[] = {{.fd = t->signals, .events = POLLIN},
				       {.fd = t->keys, .events = POLLIN}};
		int signal = -1;
		char key;

		if (poll(fds, 2, clock_poll(until)) <= 0)
			continue;
		if (fds[0].revents)
			signal = obey(t);
		if (signal >= 0)
			return signal;
		if (fds[1].revents && read(t->keys, &key, 1) != 1)
			t->keys = -1;
		else if (fds[1].revents && (key == 'q' || key == 'Q'))
			return 0;
	}
	return -1;
}

static void draw(struct look *now)
{
	size_t lines = store_screen("LINES", true);

	fputs("\033[H", stdout);
	/* The titles, what there is more, and the line of the cursor. */
	print_rows(now, lines > 4 ? lines - 3 : SIZE_MAX, "\033[K");
	fputs("\033[J", stdout);
	fflush(stdout);
}

static int watch(struct store_words *w, struct watch *t, struct err *e)
{
	struct look before = {0}, now = {0};
	int signal = -1, rc = look(w, &before, &now, true, e);

	fputs("\033[2J", stdout);
	for (int wait = FIRST_MS; rc == 0; wait = EACH_MS) {
		signal = await(t, wait);
		if (signal >= 0)
			break;
		rc = look(w, &now, &before, false, e);
		if (rc || (w->names.n && !now.rows.n))
			break;
		draw(&now);
		pool_done(&before.pool);
		before = now;
		now = (struct look){0};
	}
	pool_done(&before.pool);
	pool_done(&now.pool);
	return rc ? -1 : signal > 0 ? signal : 0;
}

static int live(struct store_words *w, struct err *e)
{
	struct watch t = {.signals = -1, .keys = -1};
	int signal;

	if (begin_watch(&t, e))
		return -1;
	signal = watch(w, &t, e);
	end_watch(&t);
	if (signal > 0)
		run_die_likewise(signal);
	return signal < 0 ? -1 : 0;
}

static bool is_live(const struct store_words *w)
{
	const char *term = getenv("TERM");

	return !(w->flags & (STORE_NO_STREAM | STORE_JSON | STORE_NAMES)) &&
	       isatty(STDOUT_FILENO) && term && !str_eq(term, "dumb");
}

static int stats(struct store_words *w, struct err *e)
{
	if (w->flags & STORE_NAMES && w->flags & STORE_JSON)
		return err_set(e, "stats: --names and --json are two forms: choose one");
	return is_live(w) ? live(w, e) : once(w, e);
}

int cmd_stats(int argc, char **argv)
{
	return store_command(ARGUMENTS_ANY_NAMES, stats, argc, argv);
}
