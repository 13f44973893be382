/* SPDX-License-Identifier: MIT */
/*
 * `sandbox inspect NAME`: all that is known of one that runs, or is kept: its words, its processes, what
 * its cgroup enforces, and the plan. No plan is stored: it is made anew from the words, as `explain` would.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "cli/store.h"
#include "plan/print.h"
#include "run/control.h"
#include "run/effects.h"
#include "run/processes.h"
#include "run/visitor.h"

enum { LIMIT_MAX = 4096 };

static const char *const limit_files[] = {"cpu.max",	"cpu.weight",  "cpuset.cpus",
					  "memory.max", "memory.high", "memory.swap.max",
					  "pids.max",	"io.max",      "io.weight"};
enum { LIMITS = sizeof(limit_files) / sizeof(limit_files[0]) };

struct view {
	const char *name;
	bool runs, is_paused, is_kept;
	struct running running; /* if it runs */
	process_vec processes;
	const char *limits[LIMITS]; /* NULL: no such file, or no cgroup */
	struct refused
		refused; /* by its network, or that of its last run, if it had one of its own: */
	bool has_network;
	struct store store;	/* if it is kept */
	struct session session; /* with the plan, unless there is none: */
	struct err no_plan;
};

/* --- what there is --- */

static void read_limits(struct store_words *w, struct view *v)
{
	_cleanup_fd_ int group = control_group(&v->running);

	for (size_t i = 0; group >= 0 && i < LIMITS; i++) {
		_cleanup_fd_ int fd = openat(group, limit_files[i], O_RDONLY | O_CLOEXEC);
		char *text;

		if (fd < 0 || fd_read_all(&w->pool, fd, LIMIT_MAX, &text) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		v->limits[i] = *text ? text : NULL;
	}
}

static void read_refused(struct store_words *w, struct view *v)
{
	struct err ignored;
	_cleanup_fd_ int connection =
		running_connect(&w->pool, w->host.runtime_home, v->name, &ignored);

	/* What is paused does not answer. */
	v->has_network = connection >= 0 && !v->is_paused &&
			 visitor_refused(connection, &v->refused) == 1;
}

/* 1: it runs; 0: it does not; -1: refused. */
static int look_at_run(struct store_words *w, struct view *v, struct err *e)
{
	int rc;

	v->running = (struct running){.pool = &w->pool, .home = -1, .dir = -1, .process = -1};
	rc = w->host.runtime_home ? running_read(&v->running, w->host.runtime_home, v->name, e) : 0;
	if (rc <= 0)
		return rc;
	v->is_paused = control_is_paused(&v->running);
	processes_below(&w->pool, v->running.init.pid, true, &v->processes);
	read_limits(w, v);
	read_refused(w, v);
	rc = running_lives(&v->running);
	running_done(&v->running);
	return rc;
}

/* Nobody saw the end of one whose launcher was killed. */
static bool has_ended(const struct view *v)
{
	return !v->runs && v->is_kept && v->store.ended;
}

static int look(struct store_words *w, struct view *v, struct err *e)
{
	struct err missing = {0};
	int rc = look_at_run(w, v, e);

	if (rc < 0)
		return -1;
	v->runs = rc > 0;
	v->store.pool = &w->pool;
	v->is_kept = w->host.state_home &&
		     store_open(&v->store, w->host.state_home, v->name, false, &missing) == 0;
	store_done(&v->store);
	if (has_ended(v) && v->store.refused.n) {
		if (refused_parse(&w->pool, &v->store.refused, &v->refused))
			return err_set(e, "%s: its state is damaged: what was refused", v->name);
		v->has_network = true;
	}
	if (v->runs || v->is_kept)
		return 0;
	if (missing.error != ENOENT && missing.text[0]) {
		*e = missing;
		return -1;
	}
	err_set(e, "%s: there is no sandbox of that name", str_safe(&w->pool, v->name));
	return err_hint(e, "`sandbox list` shows all");
}

static const str_vec *options(const struct view *v)
{
	return v->runs ? &v->running.options : &v->store.words;
}

static const str_vec *command(const struct view *v)
{
	return v->runs ? &v->running.command : &v->store.command;
}

static const char *directory(const struct view *v)
{
	return v->runs ? v->running.cwd : v->store.cwd;
}

static const char *profile(const struct view *v)
{
	return v->runs ? v->running.profile : v->store.profile;
}

static int64_t started(const struct view *v)
{
	return v->runs ? v->running.started : v->store.started;
}

static const char *state(const struct view *v)
{
	return !v->runs ? "kept" : v->is_paused ? "paused" : "running";
}

static void make_plan(struct view *v)
{
	const str_vec *words = options(v);

	if (words->n && str_eq(words->v[words->n - 1], "..."))
		err_set(&v->no_plan, "%s: its options are too long to be known", v->name);
	else
		session_plan_again(&v->session, v->name, directory(v), words, command(v),
				   &v->no_plan);
}

/* --- as text --- */

static const char *process_state(const struct process *p)
{
	return p->ended ? "ended" : p->stopped ? "stopped" : p->blocked ? "blocked" : "running";
}

static void print_processes(struct store_words *w, const struct view *v)
{
	printf("Processes   %zu\n", v->processes.n);
	for (size_t i = 0; i < v->processes.n; i++) {
		const struct process *p = &v->processes.v[i];

		printf("  %-9d %-9s below %-9d %8s  %s\n", (int)p->id.pid, process_state(p),
		       (int)p->parent, effects_bytes(&w->pool, p->memory),
		       str_safe(&w->pool, p->name));
	}
}

static void print_words(struct store_words *w, const char *title, const str_vec *words)
{
	printf("  %-9s", title);
	for (size_t i = 0; i < words->n; i++)
		printf(" %s", str_quoted(&w->pool, words->v[i]));
	putchar('\n');
}

static void print_refused(struct store_words *w, const struct view *v)
{
	for (size_t i = 0; v->has_network && i < v->refused.n_rows; i++)
		printf("    refused %s\n",
		       str_safe(&w->pool, refused_row_text(&w->pool, &v->refused.rows[i])));
}

static void print_end(struct store_words *w, const struct view *v)
{
	printf("  ended     %s, %d\n", store_date(&w->pool, v->store.ended), v->store.exit);
	for (size_t i = 0; i < v->store.effects.n; i++)
		printf("  effect    %s\n", str_safe(&w->pool, v->store.effects.v[i]));
	print_refused(w, v);
}

static void print_run(struct store_words *w, const struct view *v)
{
	const struct running *r = &v->running;

	printf("  launcher  %d\n  cgroup    %s\n", (int)r->launcher.pid,
	       r->cgroup ? str_safe(&w->pool, r->cgroup) : "none");
	for (size_t i = 0; i < LIMITS; i++) {
		if (v->limits[i])
			printf("  %-15s %s\n", limit_files[i], str_safe(&w->pool, v->limits[i]));
	}
	if (v->has_network && v->refused.n_rows)
		printf("  network   %s\n", refused_line(&w->pool, &v->refused));
	print_refused(w, v);
	print_processes(w, v);
}

static void print(struct store_words *w, struct view *v)
{
	printf("Sandbox     %s: %s%s\n", v->name, state(v),
	       v->runs && v->is_kept ? ", and kept" : "");
	if (v->is_kept)
		printf("  created   %s\n", store_date(&w->pool, v->store.created));
	printf("  started   %s\n", store_date(&w->pool, started(v)));
	if (has_ended(v))
		print_end(w, v);
	print_words(w, "options", options(v));
	print_words(w, "command", command(v));
	for (size_t i = 0; v->is_kept && i < v->store.trees.n; i++)
		printf("  copy of   %s\n", str_safe(&w->pool, v->store.trees.v[i].path));
	if (v->runs)
		print_run(w, v);
	if (v->no_plan.text[0])
		printf("Plan        not known: %s\n", str_safe(&w->pool, v->no_plan.text));
	else
		plan_print(&v->session.plan, stdout);
}

/* --- as JSON --- */

static void json_words(struct jsonw *j, const char *key, const str_vec *words)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < words->n; i++)
		jsonw_string(j, NULL, words->v[i]);
	jsonw_close(j, ']');
}

static void json_run(struct jsonw *j, const struct view *v)
{
	jsonw_number(j, "pid", v->running.launcher.pid);
	jsonw_number(j, "init_pid", v->running.init.pid);
	jsonw_string(j, "cgroup", v->running.cgroup);
	jsonw_open(j, "limits", '{');
	for (size_t i = 0; i < LIMITS; i++) {
		if (v->limits[i])
			jsonw_string(j, limit_files[i], v->limits[i]);
	}
	jsonw_close(j, '}');
	jsonw_open(j, "processes", '[');
	for (size_t i = 0; i < v->processes.n; i++) {
		const struct process *p = &v->processes.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_number(j, "pid", p->id.pid);
		jsonw_number(j, "parent", p->parent);
		jsonw_string(j, "name", p->name);
		jsonw_string(j, "state", process_state(p));
		jsonw_number(j, "threads", p->threads);
		jsonw_number(j, "memory", p->memory);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void print_json(struct view *v)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "name", v->name);
	jsonw_string(&j, "state", state(v));
	jsonw_bool(&j, "kept", v->is_kept);
	jsonw_number(&j, "created", v->is_kept ? v->store.created : started(v));
	jsonw_number(&j, "started", started(v));
	report_json_count(&j, "ended", has_ended(v) ? v->store.ended : -1);
	report_json_count(&j, "exit", has_ended(v) ? v->store.exit : -1);
	jsonw_string(&j, "profile", profile(v));
	jsonw_string(&j, "directory", directory(v));
	json_words(&j, "options", options(v));
	json_words(&j, "command", command(v));
	if (has_ended(v))
		json_words(&j, "effects", &v->store.effects);
	if (v->has_network)
		refused_json(&j, &v->refused);
	if (v->runs)
		json_run(&j, v);
	if (v->no_plan.text[0]) {
		jsonw_string(&j, "plan", NULL);
		jsonw_string(&j, "plan_error", v->no_plan.text);
	} else {
		jsonw_open(&j, "plan", '{');
		plan_json(&v->session.plan, &j);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, '}');
}

static int inspect(struct store_words *w, struct err *e)
{
	struct view v = {.name = w->names.v[0]};

	if (look(w, &v, e))
		return -1;
	make_plan(&v);
	if (w->flags & STORE_JSON)
		print_json(&v);
	else
		print(w, &v);
	pool_done(&v.session.pool);
	return 0;
}

int cmd_inspect(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME, inspect, argc, argv);
}
