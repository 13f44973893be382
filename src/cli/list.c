/* SPDX-License-Identifier: MIT */
/* `sandbox list` and `sandbox remove NAME...`: what is kept of sandboxes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cli/store.h"
#include "run/run.h"
#include "store/commit.h"

enum { SHOWN = 63 };

/* --- list --- */

struct row {
	struct store_words *words;
	const char *name;
	struct store store;
	const char *state; /* NULL: it cannot be read, and `why` says so */
	const char *why;
	int64_t changes; /* -1: not counted */
	int out;	 /* where the child that counts writes */
};

static void read_row(struct row *r)
{
	struct err e = {0};

	r->changes = -1;
	r->store.pool = &r->words->pool;
	if (store_open(&r->store, r->words->host.state_home, r->name, false, &e)) {
		const char *why = str_after(e.text, r->name);

		r->why = pool_strdup(&r->words->pool,
				     why && str_begins(why, ": ") ? why + 2 : e.text);
		return;
	}
	r->state = r->store.running && store_in_use(&r->store) ? "running" : "kept";
	store_done(&r->store);
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

	if (!r->state)
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

static const char *date(struct pool *p, int64_t nanoseconds)
{
	time_t seconds = nanoseconds / 1000000000;
	struct tm tm;
	char text[32];

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
		return "-";
	return pool_strdup(p, text);
}

static void print_rows(struct store_words *w, const struct row *rows, size_t n)
{
	bool with_changes = w->flags & STORE_CHANGES;
	struct pool *p = &w->pool;
	int width = 4;

	for (size_t i = 0; i < n; i++)
		width = (int)strlen(rows[i].name) > width ? (int)strlen(rows[i].name) : width;
	printf("%-*s  %-7s  %-16s  %s%s\n", width, "NAME", "STATE", "CREATED",
	       with_changes ? "CHANGES  " : "", "COMMAND");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		if (!r->state) {
			printf("%-*s  damaged  %s\n", width, r->name, r->why);
			continue;
		}
		printf("%-*s  %-7s  %-16s  ", width, r->name, r->state, date(p, r->store.created));
		if (with_changes && r->changes >= 0)
			printf("%7" PRId64 "  ", r->changes);
		else if (with_changes)
			printf("%7s  ", "-");
		printf("%s", store_command_text(p, &r->store.command, SHOWN));
		if (r->store.trees.n)
			printf("  (%s%s)", str_safe(p, r->store.trees.v[0].path),
			       r->store.trees.n > 1 ? ", ..." : "");
		putchar('\n');
	}
}

static void json_row(struct jsonw *j, const struct row *r)
{
	const struct store *s = &r->store;

	jsonw_open(j, NULL, '{');
	jsonw_string(j, "name", r->name);
	jsonw_string(j, "state", r->state ? r->state : "damaged");
	if (!r->state) {
		jsonw_string(j, "error", r->why);
		jsonw_close(j, '}');
		return;
	}
	jsonw_number(j, "created", s->created);
	jsonw_number(j, "started", s->started);
	if (r->words->flags & STORE_CHANGES && r->changes >= 0)
		jsonw_number(j, "changes", r->changes);
	jsonw_string(j, "profile", s->profile);
	jsonw_string(j, "directory", s->cwd);
	jsonw_open(j, "command", '[');
	for (size_t i = 0; i < s->command.n; i++)
		jsonw_string(j, NULL, s->command.v[i]);
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

static int list(struct store_words *w, struct err *e)
{
	struct jsonw j = {.out = stdout};
	str_vec names = {0};
	struct row *rows;

	if (w->flags & STORE_NAMES && w->flags & STORE_JSON)
		return err_set(e, "list: --names and --json are two forms: choose one");
	if (w->host.state_home && store_names(&w->pool, w->host.state_home, &names, e))
		return -1;
	rows = pool_alloc(&w->pool, (names.n + 1) * sizeof(*rows));
	for (size_t i = 0; i < names.n; i++) {
		rows[i] = (struct row){.words = w, .name = names.v[i]};
		if (w->flags & STORE_NAMES) {
			puts(names.v[i]);
			continue;
		}
		read_row(&rows[i]);
		if (w->flags & STORE_CHANGES && count_changes(&rows[i], e))
			return -1;
	}
	if (w->flags & STORE_NAMES)
		return 0;
	if (w->flags & STORE_JSON) {
		jsonw_open(&j, NULL, '[');
		for (size_t i = 0; i < names.n; i++)
			json_row(&j, &rows[i]);
		jsonw_close(&j, ']');
	} else if (names.n) {
		print_rows(w, rows, names.n);
	}
	return 0;
}

int cmd_list(int argc, char **argv)
{
	return store_command(ARGUMENTS_NONE, list, argc, argv);
}

/* --- remove --- */

struct removal {
	struct store_words *words;
	const char *name;
	bool widest; /* as root over all ids that this user could have, whatever the state says */
};

/*
 * Whose files there may be is not known without a state: then whatever this user could have had, which
 * is all subordinate ids.
 */
static struct plan_identity widest_identity(struct host *h)
{
	struct plan_identity id = {.kind = IDENTITY_ROOT};

	host_ids_probe(h);
	id.uids[0] = (struct id_map){0, h->uid, 1};
	id.gids[0] = (struct id_map){0, h->gid, 1};
	id.n_uids = id.n_gids = 1;
	if (!h->subuid.count || !h->subgid.count || !h->newuidmap || !h->newgidmap)
		return id;
	id.uids[1] = (struct id_map){1, h->subuid.first, h->subuid.count};
	id.gids[1] = (struct id_map){1, h->subgid.first, h->subgid.count};
	id.n_uids = id.n_gids = 2;
	id.by_helper = true;
	id.newuidmap = h->newuidmap;
	id.newgidmap = h->newgidmap;
	return id;
}

static int enter_damaged(struct removal *r, struct store *s, struct err *e)
{
	struct plan_identity id = widest_identity(&r->words->host);

	*s = (struct store){.pool = &r->words->pool};
	return store_open_damaged(s, r->words->host.state_home, r->name, e) || run_enter_ids(&id, e)
		       ? -1
		       : 0;
}

/* Of a child: its user namespace is of no use, another one may be. Above all that a command returns. */
enum { TRY_WIDEST = 250 };

static int remove_one(void *context)
{
	struct removal *r = context;
	struct err e = {0}, why = {0};
	struct store s = {.pool = &r->words->pool};
	bool damaged, interrupted;
	int rc = 0;

	damaged = r->widest || store_open(&s, r->words->host.state_home, r->name, true, &why) != 0;
	interrupted = !damaged && commit_interrupted(&s);
	store_done(&s);
	/* If it runs, or there is none of that name, this says so. */
	rc = damaged ? enter_damaged(r, &s, &e) : store_enter(r->words, r->name, true, &s, &e);
	/* Ids that it should not have are no reason to keep it; what it has taken from the host is. */
	if (rc && !damaged && !interrupted)
		return TRY_WIDEST;
	if (rc == 0)
		rc = store_remove(&s, &e);
	store_done(&s);
	return rc ? cli_error(&e) : 0;
}

static int remove_all(struct store_words *w, struct err *e)
{
	int status = 0;

	for (size_t i = 0; i < w->names.n; i++) {
		struct removal r = {.words = w, .name = w->names.v[i]};
		int one = store_in_child(remove_one, &r, e);

		if (one == TRY_WIDEST) {
			r.widest = true;
			one = store_in_child(remove_one, &r, e);
		}
		if (one < 0)
			return -1;
		status = one ? one : status;
	}
	return status;
}

int cmd_remove(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, remove_all, argc, argv);
}
