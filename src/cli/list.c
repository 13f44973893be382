/* SPDX-License-Identifier: MIT */
/* `sandbox list`: the sandboxes that run, and those that are kept. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cli/store.h"
#include "run/control.h"

enum { SHOWN = 63 };

struct row {
	struct store_words *words;
	const char *name;
	bool is_kept; /* else it only runs */
	struct store store;
	bool runs, is_paused; /* and then this is known: */
	struct running running;
	const char *why; /* what there is of that name is refused or damaged; else NULL */
	int64_t changes; /* -1: not counted */
	int out;	 /* where the child that counts writes */
};
typedef vec_of(struct row) row_vec;

static void refuse(struct row *r, const struct err *e)
{
	const char *why = str_after(e->text, r->name);

	r->why = pool_strdup(&r->words->pool, why && str_begins(why, ": ") ? why + 2 : e->text);
}

static void read_kept(struct row *r)
{
	struct err e = {0};

	r->store.pool = &r->words->pool;
	if (store_open(&r->store, r->words->host.state_home, r->name, false, &e)) {
		refuse(r, &e);
		return;
	}
	/* Where it is not entered among those that run (yet), this says it too. */
	r->runs = r->store.running && store_in_use(&r->store);
	store_done(&r->store);
}

/* False: nothing of that name runs. */
static bool read_running(struct row *r)
{
	struct err e = {0};
	int rc;

	r->running.pool = &r->words->pool;
	rc = running_read(&r->running, r->words->host.runtime_home, r->name, &e);
	if (rc > 0) {
		r->is_paused = control_is_paused(&r->running);
		rc = running_lives(&r->running);
		running_done(&r->running);
	}
	r->runs |= rc > 0;
	if (rc < 0)
		refuse(r, &e);
	return rc;
}

static const char *state(const struct row *r)
{
	return r->why ? "damaged" : !r->runs ? "kept" : r->is_paused ? "paused" : "running";
}

static int count(void *context)
{
	struct row *r = context;
	change_vec changes = {0};
	struct err e = {0};
	struct store s;
	size_t n;

	if (store_enter(r->words, r->name, false, &s, &e) || changes_read(&s, &changes, &e))
		return cli_error(&e);
	n = changes.n;
	return write(r->out, &n, sizeof(n)) == sizeof(n) ? 0 : EXIT_SANDBOX;
}

/* Each in a process of its own: it enters a user namespace for good. */
static int count_changes(struct row *r, struct err *e)
{
	int pipes[2], status;
	size_t n;

	if (r->why || !r->is_kept)
		return 0;
	if (pipe2(pipes, O_CLOEXEC))
		return err_errno(e, "pipe");
	r->out = pipes[1];
	status = store_in_child(count, r, e);
	close(pipes[1]);
	if (status == 0 && read(pipes[0], &n, sizeof(n)) == sizeof(n))
		r->changes = (int64_t)n;
	close(pipes[0]);
	return status < 0 ? -1 : 0;
}

/* Since when it is what it is; of one that is kept, when it was made. */
static int64_t since(const struct row *r)
{
	return !r->is_kept ? r->running.started : r->runs ? r->store.started : r->store.created;
}

static const char *profile(const struct row *r)
{
	return r->is_kept ? r->store.profile : r->running.profile;
}

static const str_vec *command(const struct row *r)
{
	return r->is_kept ? &r->store.command : &r->running.command;
}

static int widest(const row_vec *rows, const char *title, const char *(*text)(const struct row *r))
{
	size_t width = strlen(title);

	for (size_t i = 0; i < rows->n; i++) {
		size_t n = rows->v[i].why ? 0 : strlen(text(&rows->v[i]));

		width = n > width ? n : width;
	}
	return (int)width;
}

static const char *name(const struct row *r)
{
	return r->name;
}

static const char *safe_profile(const struct row *r)
{
	return str_safe(&r->words->pool, profile(r));
}

/* Of the last run; a sandbox whose launcher was killed has none. */
static const char *exit_text(struct pool *p, const struct row *r)
{
	return r->runs || !r->store.ended ? "-" : pool_printf(p, "%d", r->store.exit);
}

/* Columns of the others, with those of the spaces behind them. */
enum { FIXED = 2 + 7 + 2 + 4 + 2 + 16 + 2 + 2, CHANGES = 7 + 2 };

/* So much of the last column as a terminal has room for. */
static const char *fit(struct store_words *w, const char *text, int used)
{
	const size_t width = isatty(STDOUT_FILENO) ? store_screen("COLUMNS", false) : 0,
		     others = (size_t)used + FIXED + (w->flags & STORE_CHANGES ? CHANGES : 0);

	return width ? store_fit(&w->pool, text, width > others ? width - others : 0) : text;
}

/* The command and the first tree. */
static const char *last_column(const struct row *r)
{
	struct pool *p = &r->words->pool;
	const char *text = store_command_text(p, command(r), SHOWN);

	if (!r->store.trees.n)
		return text;
	return pool_printf(p, "%s  (%s%s)", text, str_safe(p, r->store.trees.v[0].path),
			   r->store.trees.n > 1 ? ", ..." : "");
}

static void print_row(const struct row *r, int name_width, int profile_width)
{
	struct pool *p = &r->words->pool;

	printf("%-*s  %-7s  ", name_width, r->name, state(r));
	if (r->why) {
		printf("%s\n", str_safe(p, r->why));
		return;
	}
	printf("%4s  %-16s  ", exit_text(p, r), store_date(p, since(r)));
	if (r->words->flags & STORE_CHANGES && r->changes >= 0)
		printf("%7" PRId64 "  ", r->changes);
	else if (r->words->flags & STORE_CHANGES)
		printf("%7s  ", "-");
	printf("%-*s  %s\n", profile_width, safe_profile(r),
	       fit(r->words, last_column(r), name_width + profile_width));
}

static void print_rows(struct store_words *w, const row_vec *rows)
{
	const int names = widest(rows, "NAME", name),
		  profiles = widest(rows, "PROFILE", safe_profile);

	printf("%-*s  %-7s  EXIT  %-16s  %s%-*s  %s\n", names, "NAME", "STATE", "SINCE",
	       w->flags & STORE_CHANGES ? "CHANGES  " : "", profiles, "PROFILE",
	       fit(w, "COMMAND", names + profiles));
	for (size_t i = 0; i < rows->n; i++)
		print_row(&rows->v[i], names, profiles);
}

static void json_row(struct jsonw *j, const struct row *r)
{
	const struct store *s = &r->store;

	jsonw_open(j, NULL, '{');
	jsonw_string(j, "name", r->name);
	jsonw_string(j, "state", state(r));
	if (r->why) {
		jsonw_string(j, "error", r->why);
		jsonw_close(j, '}');
		return;
	}
	jsonw_bool(j, "kept", r->is_kept);
	jsonw_number(j, "created", r->is_kept ? s->created : r->running.started);
	jsonw_number(j, "started", r->is_kept ? s->started : r->running.started);
	report_json_count(j, "ended", r->runs || !s->ended ? -1 : s->ended);
	report_json_count(j, "exit", r->runs || !s->ended ? -1 : s->exit);
	report_json_count(j, "pid", r->runs && r->running.name ? r->running.launcher.pid : -1);
	if (r->words->flags & STORE_CHANGES && r->changes >= 0)
		jsonw_number(j, "changes", r->changes);
	jsonw_string(j, "profile", profile(r));
	jsonw_string(j, "directory", r->is_kept ? s->cwd : r->running.cwd);
	jsonw_open(j, "command", '[');
	for (size_t i = 0; i < command(r)->n; i++)
		jsonw_string(j, NULL, command(r)->v[i]);
	jsonw_close(j, ']');
	jsonw_open(j, "trees", '[');
	for (size_t i = 0; i < s->trees.n; i++) {
		jsonw_open(j, NULL, '{');
		jsonw_string(j, "path", s->trees.v[i].path);
		jsonw_string(j, "backend", s->trees.v[i].fuse ? "fuse" : "kernel");
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

static void print_json(const row_vec *rows)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '[');
	for (size_t i = 0; i < rows->n; i++)
		json_row(&j, &rows->v[i]);
	jsonw_close(&j, ']');
}

static int read_all_kept(struct store_words *w, row_vec *rows, struct err *e)
{
	str_vec names = {0};

	if (w->host.state_home && store_names(&w->pool, w->host.state_home, &names, e))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct row *r = vec_add(&w->pool, rows);

		*r = (struct row){.words = w, .name = names.v[i], .is_kept = true, .changes = -1};
		/* For its name it need not be read. */
		if (w->flags & STORE_NAMES)
			continue;
		read_kept(r);
		if (w->flags & STORE_CHANGES && count_changes(r, e))
			return -1;
	}
	return 0;
}

/* One that is kept and runs has a row already, into which goes what is known of the run. */
static int add_running(struct store_words *w, row_vec *rows, struct err *e)
{
	const size_t n = rows->n;
	str_vec names = {0};

	if (w->host.runtime_home && running_names(&w->pool, w->host.runtime_home, &names, e))
		return -1;
	for (size_t i = 0, k = 0; i < names.n; i++) {
		struct row r = {.words = w, .name = names.v[i], .changes = -1};
		bool found;

		while (k < n && strcmp(rows->v[k].name, r.name) < 0)
			k++;
		found = k < n && str_eq(rows->v[k].name, r.name) && !rows->v[k].why;
		if (!read_running(&r))
			continue;
		if (!found || r.why) {
			*vec_add(&w->pool, rows) = r;
			continue;
		}
		rows->v[k].runs = true;
		rows->v[k].is_paused = r.is_paused;
		rows->v[k].running = r.running;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static int list(struct store_words *w, struct err *e)
{
	row_vec rows = {0};

	if (w->flags & STORE_NAMES && w->flags & STORE_JSON)
		return err_set(e, "list: --names and --json are two forms: choose one");
	if (w->flags & STORE_ALL && w->flags & STORE_KEPT)
		return err_set(e, "list: --all and --kept: choose one");
	if (read_all_kept(w, &rows, e) || (!(w->flags & STORE_KEPT) && add_running(w, &rows, e)))
		return -1;
	if (rows.n)
		qsort(rows.v, rows.n, sizeof(*rows.v), by_name);
	for (size_t i = 0; w->flags & STORE_NAMES && i < rows.n; i++) {
		if (i == 0 || !str_eq(rows.v[i].name, rows.v[i - 1].name))
			puts(rows.v[i].name);
	}
	if (w->flags & STORE_JSON)
		print_json(&rows);
	else if (rows.n && !(w->flags & STORE_NAMES))
		print_rows(w, &rows);
	return 0;
}

int cmd_list(int argc, char **argv)
{
	return store_command(ARGUMENTS_NONE, list, argc, argv);
}
