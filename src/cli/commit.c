/* SPDX-License-Identifier: MIT */
/* `sandbox commit`, `discard` and `undo`: changes put into the real trees, thrown away, taken back. */
#include <signal.h>
#include <stdio.h>

#include "base/str.h"
#include "cli/changes.h"
#include "cli/choose.h"
#include "store/commit.h"

/* Set by a signal: what has been done is taken back then. */
static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* What nohup(1) and scripts ignore stays ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

/* --- words --- */

static int resolution_of(uint32_t flags, enum resolution *ret, struct err *e)
{
	const uint32_t three = flags & (STORE_THEIRS | STORE_OURS | STORE_MERGE);

	*ret = three & STORE_THEIRS  ? RESOLVE_THEIRS
	       : three & STORE_OURS  ? RESOLVE_OURS
	       : three & STORE_MERGE ? RESOLVE_MERGE
				     : RESOLVE_REFUSE;
	if (three & (three - 1))
		return err_set(e, "commit: --theirs, --ours and --merge exclude one another");
	return 0;
}

/* --- what is said of changes --- */

static const char *const verdicts[] = {
	[VERDICT_KEEP] = "keep", [VERDICT_DO] = "commit",     [VERDICT_DROP] = "drop",
	[VERDICT_SKIP] = "skip", [VERDICT_REFUSE] = "refuse",
};

static void note(struct store_words *w, const struct commit *c, size_t i, const char *text)
{
	fprintf(stderr, "sandbox: note: %s: %s\n",
		str_safe(&w->pool, change_path(c->store, &c->changes.v[i])), text);
}

static void print_losses(struct store_words *w, const struct commit *c)
{
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct decision *d = &c->decisions[i];

		for (int bit = 0; bit < COMMIT_LOSSES && d->verdict == VERDICT_DO; bit++) {
			if (d->losses & 1u << bit)
				note(w, c, i, commit_loss_text((enum commit_loss)(1u << bit)));
		}
		if (d->verdict == VERDICT_SKIP)
			note(w, c, i, pool_printf(&w->pool, "not committed: %s", d->reason));
	}
}

static void print_decisions(struct store_words *w, const struct commit *c)
{
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct decision *d = &c->decisions[i];

		if (d->verdict == VERDICT_KEEP)
			continue;
		printf("%-7s %s%s%s\n", c->options.discard ? "discard" : verdicts[d->verdict],
		       changes_line(w, c->store, &c->changes.v[i], cli_wants_color()),
		       d->reason ? ": " : "", d->reason ? d->reason : "");
	}
}

static void print_json(const struct commit *c, bool applied)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "name", c->store->name);
	jsonw_bool(&j, "applied", applied);
	jsonw_open(&j, "changes", '[');
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct decision *d = &c->decisions[i];

		if (d->verdict == VERDICT_KEEP)
			continue;
		jsonw_open(&j, NULL, '{');
		changes_json(&j, c->store, &c->changes.v[i]);
		jsonw_string(&j, "verdict", verdicts[d->verdict]);
		jsonw_string(&j, "reason", d->reason);
		jsonw_open(&j, "losses", '[');
		for (int bit = 0; bit < COMMIT_LOSSES; bit++) {
			if (d->losses & 1u << bit)
				jsonw_string(&j, NULL,
					     commit_loss_text((enum commit_loss)(1u << bit)));
		}
		jsonw_close(&j, ']');
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_number(&j, "committed", (int64_t)c->done);
	jsonw_number(&j, "dropped", (int64_t)c->dropped);
	jsonw_number(&j, "skipped", (int64_t)c->skipped);
	jsonw_number(&j, "refused", (int64_t)c->refused);
	jsonw_close(&j, '}');
}

/* "3 changes", "1 change" */
static const char *amount(struct pool *pool, size_t n)
{
	return pool_printf(pool, "%zu change%s", n, n == 1 ? "" : "s");
}

/* The trees in which something was done: "/a and /b". */
static const char *trees_of(struct store_words *w, const struct commit *c)
{
	const char *text = "";
	size_t last = c->store->trees.n;

	for (size_t i = 0; i < c->changes.n; i++) {
		size_t tree = c->changes.v[i].tree;

		if (c->decisions[i].verdict != VERDICT_DO || tree == last)
			continue;
		text = pool_printf(&w->pool, "%s%s%s", text, *text ? " and " : "",
				   str_safe(&w->pool, c->store->trees.v[tree].path));
		last = tree;
	}
	return text;
}

/* --- commit --- */

static bool has_refusal(const struct commit *c, enum cure cure)
{
	for (size_t i = 0; i < c->changes.n; i++) {
		if (c->decisions[i].verdict == VERDICT_REFUSE && c->decisions[i].cure == cure)
			return true;
	}
	return false;
}

/* As all are done or none, one that nothing helps decides. */
static const char *refusal_hint(struct store_words *w, const struct commit *c)
{
	const char *choice = w->flags & STORE_MERGE
				     ? "--theirs takes the sandbox's, --ours keeps the host's"
				     : "--theirs takes the sandbox's, --ours keeps the host's,"
				       " --merge takes lines of both";
	bool executed = has_refusal(c, CURE_ALLOW);

	if (has_refusal(c, CURE_RIGHT))
		return pool_printf(
			&w->pool,
			"name other paths; `sandbox changes %s --diff` prints a patch for whoever may write there",
			c->store->name);
	if (has_refusal(c, CURE_NONE))
		return "name other paths";
	if (!has_refusal(c, CURE_CHOICE))
		return "look at them, then --allow-executed; or name other paths";
	return executed ? pool_printf(&w->pool,
				      "%s; --allow-executed allows the rest; or name other paths",
				      choice)
			: choice;
}

/* Every refused path on a line of its own, then the error. */
static int refuse(struct store_words *w, const struct commit *c, struct err *e)
{
	fflush(stdout);
	for (size_t i = 0; i < c->changes.n; i++) {
		if (c->decisions[i].verdict == VERDICT_REFUSE)
			fprintf(stderr, "sandbox: %s: %s\n",
				str_safe(&w->pool, change_path(c->store, &c->changes.v[i])),
				c->decisions[i].reason);
	}
	err_set(e, "%s: nothing was %s: %zu of %s refused", c->store->name,
		c->options.discard ? "discarded" : "committed", c->refused,
		amount(&w->pool, c->done + c->dropped + c->skipped + c->refused));
	err_hint(e, "%s", refusal_hint(w, c));
	e->code = 1;
	return -1;
}

static void print_committed(struct store_words *w, const struct commit *c)
{
	const char *name = c->store->name;

	if (c->done + c->dropped == 0) {
		puts("nothing to commit");
		return;
	}
	if (c->done)
		printf("committed %s to %s (sandbox undo %s takes %s back)\n",
		       amount(&w->pool, c->done), trees_of(w, c), name,
		       c->done == 1 ? "it" : "them");
	if (c->dropped)
		printf("dropped %s, for the host's (sandbox undo %s makes %s pending again)\n",
		       amount(&w->pool, c->dropped), name, c->dropped == 1 ? "it" : "them");
}

/* What could not go back, because the host has something else there: told before the error. */
static void print_strange(struct store_words *w, const struct store *s, const str_vec *paths,
			  const char *kept)
{
	for (size_t i = 0; i < paths->n; i++)
		fprintf(stderr,
			"sandbox: %s: something else is there by now and stays; what it had is kept in %s of %s\n",
			str_safe(&w->pool, paths->v[i]), kept, s->name);
}

static int read_changes(struct store_words *w, struct store *s, change_vec *all, change_vec *chosen,
			struct err *e)
{
	str_vec paths = {0};

	if (changes_read(s, all, e) || store_paths(w, s, &paths, e))
		return -1;
	for (size_t i = 0; i < all->n; i++)
		*vec_add(&w->pool, chosen) = all->v[i];
	if (changes_select(s, chosen, &paths, e))
		return -1;
	store_hide_progress();
	return w->flags & STORE_INTERACTIVE ? choose_changes(w, s, chosen, e) : 0;
}

static int commit(struct store_words *w, struct store *s, struct commit_options *options,
		  struct err *e)
{
	bool json = w->flags & STORE_JSON, dry_run = w->flags & STORE_DRY_RUN;
	change_vec all = {0}, chosen = {0};
	struct commit c;
	int rc;

	if (read_changes(w, s, &all, &chosen, e))
		return -1;
	commit_begin(&c, s, options, &all, &chosen);
	if (commit_decide(&c, e))
		return -1;
	if (c.refused || dry_run) {
		if (json)
			print_json(&c, false);
		else if (dry_run)
			print_decisions(w, &c);
		return c.refused ? refuse(w, &c, e) : 0;
	}
	catch_signals();
	rc = commit_apply(&c, e);
	store_hide_progress();
	print_strange(w, s, &c.strange, c.kept);
	if (rc)
		return -1;
	print_losses(w, &c);
	if (json)
		print_json(&c, true);
	else
		print_committed(w, &c);
	return 0;
}

static int run_commit(struct store_words *w, struct err *e)
{
	struct commit_options options = {.allow_executed = w->flags & STORE_ALLOW_EXECUTED,
					 .stop = &stop};
	struct store s;
	int rc;

	if (resolution_of(w->flags, &options.resolution, e) ||
	    store_enter(w, w->names.v[0], true, &s, e))
		return -1;
	rc = commit(w, &s, &options, e);
	store_done(&s);
	return rc;
}

int cmd_commit(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME_PATHS, run_commit, argc, argv);
}

/* --- discard --- */

static int discard_some(struct store_words *w, struct store *s, struct err *e)
{
	const struct commit_options options = {.discard = true, .stop = &stop};
	bool json = w->flags & STORE_JSON, dry_run = w->flags & STORE_DRY_RUN;
	change_vec all = {0}, chosen = {0};
	struct commit c;
	int rc;

	if (read_changes(w, s, &all, &chosen, e))
		return -1;
	commit_begin(&c, s, &options, &all, &chosen);
	if (commit_decide(&c, e))
		return -1;
	if (c.refused)
		return refuse(w, &c, e);
	if (!dry_run) {
		catch_signals();
		rc = commit_apply(&c, e);
		store_hide_progress();
		if (rc)
			return -1;
	}
	if (json)
		print_json(&c, !dry_run);
	else if (dry_run)
		print_decisions(w, &c);
	else
		printf("discarded %s\n", amount(&w->pool, c.dropped));
	return 0;
}

/* All of it: what cannot be read goes too. */
static int discard_all(struct store_words *w, struct store *s, struct err *e)
{
	bool keeps = commit_exists(s);
	change_vec all = {0};
	struct err ignored;
	bool known = changes_read(s, &all, &ignored) == 0;
	struct jsonw j = {.out = stdout};
	const char *what = known ? amount(&w->pool, all.n) : "all changes";

	store_hide_progress();
	if (keeps ? commit_discard_all(s, e) : store_remove(s, e))
		return -1;
	if (w->flags & STORE_JSON) {
		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "name", s->name);
		jsonw_bool(&j, "applied", true);
		jsonw_bool(&j, "removed", !keeps);
		jsonw_number(&j, "dropped", known ? (int64_t)all.n : -1);
		jsonw_close(&j, '}');
	} else if (keeps) {
		printf("discarded %s; %s stays, for `sandbox undo %s`\n", what, s->name, s->name);
	} else {
		printf("discarded %s; nothing is left of %s\n", what, s->name);
	}
	return 0;
}

static int run_discard(struct store_words *w, struct err *e)
{
	bool some = w->paths.n || w->flags & (STORE_INTERACTIVE | STORE_DRY_RUN);
	struct store s;
	int rc;

	if (store_enter(w, w->names.v[0], true, &s, e))
		return -1;
	rc = some ? discard_some(w, &s, e) : discard_all(w, &s, e);
	store_done(&s);
	return rc;
}

int cmd_discard(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME_PATHS, run_discard, argc, argv);
}

/* --- undo --- */

static void json_undo(const struct store *s, const struct undo *u, bool applied)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "name", s->name);
	jsonw_bool(&j, "applied", applied);
	jsonw_open(&j, "paths", '[');
	for (size_t i = 0; i < u->paths.n; i++)
		jsonw_string(&j, NULL, u->paths.v[i].path);
	jsonw_close(&j, ']');
	jsonw_open(&j, "conflicts", '[');
	for (size_t i = 0; i < u->conflicts.n; i++) {
		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "path", u->conflicts.v[i].path);
		jsonw_string(&j, "reason", u->conflicts.v[i].reason);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_close(&j, '}');
}

static int undo(struct store_words *w, struct store *s, struct err *e)
{
	bool dry_run = w->flags & STORE_DRY_RUN;
	struct undo u;
	int rc;

	catch_signals();
	rc = commit_undo(s, dry_run, &stop, &u, e);
	store_hide_progress();
	print_strange(w, s, &u.strange, u.kept);
	if (w->flags & STORE_JSON && (rc == 0 || u.conflicts.n))
		json_undo(s, &u, rc == 0 && !dry_run);
	for (size_t i = 0; i < u.conflicts.n; i++)
		fprintf(stderr, "sandbox: %s: %s\n", str_safe(&w->pool, u.conflicts.v[i].path),
			u.conflicts.v[i].reason);
	if (rc || w->flags & STORE_JSON)
		return rc;
	for (size_t i = 0; i < u.paths.n; i++)
		printf("%s %s\n",
		       !u.paths.v[i].added ? "put back"
		       : dry_run	   ? "remove"
					   : "removed",
		       str_safe(&w->pool, u.paths.v[i].path));
	if (!dry_run)
		printf("undone: %s of %s %s pending again\n", amount(&w->pool, u.paths.n), s->name,
		       u.paths.n == 1 ? "is" : "are");
	return 0;
}

static int run_undo(struct store_words *w, struct err *e)
{
	struct store s;
	int rc;

	if (store_enter(w, w->names.v[0], true, &s, e))
		return -1;
	rc = undo(w, &s, e);
	store_done(&s);
	return rc;
}

int cmd_undo(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME, run_undo, argc, argv);
}
