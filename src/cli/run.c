/* SPDX-License-Identifier: MIT */
/* `sandbox [run] [RUN-OPTIONS] [--] COMMAND [ARG...]` */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "host/features.h"
#include "run/run.h"
#include "store/store.h"

int cli_error(const struct err *e)
{
	/* A program that is not there is the user's matter, not a step of ours that failed. */
	const char *step = e->step && e->code == EXIT_SANDBOX ? e->step : "";
	struct pool pool = {0};

	fprintf(stderr, "%s%s%s%s%s%s%s\n", e->located ? "" : "sandbox: ", step, *step ? ": " : "",
		str_safe(&pool, e->text), *e->hint ? " (" : "", str_safe(&pool, e->hint),
		*e->hint ? ")" : "");
	pool_done(&pool);
	return e->code ? e->code : EXIT_SANDBOX;
}

/* As when HOME is still that of another user. */
static int no_profile(const struct host *h, struct err *e)
{
	if (!h->config_home || !strstr(e->text, h->config_home) ||
	    access(h->config_home, F_OK) == 0 || errno != EACCES)
		return -1;
	return host_directory_hint("XDG_CONFIG_HOME", "your profiles", e);
}

int session_plan(struct session *s, struct err *e)
{
	const struct run_options *o = &s->options;
	struct plan_wishes wishes;

	profile_init(&s->profile, &s->pool);
	if (profile_load(&s->profile, o->profile, host_profile_dirs(&s->host), e))
		return no_profile(&s->host, e);
	for (size_t i = 0; i < o->sets.n; i++) {
		if (profile_set(&s->profile, o->sets.v[i].key, o->sets.v[i].text, o->sets.v[i].at,
				e))
			return -1;
	}
	if (!o->explain && features_check_clone(e))
		return -1;
	wishes = (struct plan_wishes){
		.tty = o->tty, .detached = o->detach, .measure = o->stats || o->json};
	return run_prepare(&s->profile, &s->host, o->argv, &wishes, &s->plan, e);
}

/* What can only be done where others can find it. */
static int check_detached(const struct session *s, struct err *e)
{
	if (s->options.detach && s->options.stats) {
		err_set(e, "--stats: with --detach there is nobody to print it for at the end");
		return err_hint(e, "`sandbox stats` shows it meanwhile");
	}
	if (!s->options.detach || s->plan.runtime_home)
		return 0;
	err_set(e, "--detach: there is no $XDG_RUNTIME_DIR, where what runs is listed");
	return err_hint(
		e, "a login through PAM sets it; or: export XDG_RUNTIME_DIR=DIR, a private one");
}

static int check_name(const char *name, struct err *e)
{
	if (!name || store_name_ok(name))
		return 0;
	return err_set(
		e,
		"--name: a name has up to 64 letters, digits, '_', '.' and '-', and begins with none of the last two");
}

static int parse_words(struct session *s, const str_vec *words, struct err *e)
{
	s->options = (struct run_options){0};
	return options_parse(&s->pool, (int)words->n - 1, (char **)(uintptr_t)words->v, &s->options,
			     e);
}

static int return_to(struct session *s, const char *name, const char *cwd, struct err *e)
{
	if (cwd && chdir(cwd))
		return err_errno(e, "%s: where it was started (%s)", name, cwd);
	host_init(&s->host, &s->pool, (const char *const *)environ);
	/* A link in its place, or in that of a directory above, would show the program another one. */
	if (cwd && (!s->host.cwd || !str_eq(s->host.cwd, cwd)))
		return err_set(e, "%s: it was started in %s, which is another directory now", name,
			       cwd);
	return 0;
}

int session_plan_again(struct session *s, const char *name, const char *cwd, const str_vec *options,
		       const str_vec *command, struct err *e)
{
	str_vec words = {0};

	*vec_add(&s->pool, &words) = "run";
	for (size_t i = 0; i < options->n; i++)
		*vec_add(&s->pool, &words) = options->v[i];
	*vec_add(&s->pool, &words) = "--";
	for (size_t i = 0; i < command->n; i++)
		*vec_add(&s->pool, &words) = command->v[i];
	*vec_add(&s->pool, &words) = NULL;
	return parse_words(s, &words, e) || return_to(s, name, cwd, e) || session_plan(s, e) ? -1
											     : 0;
}

/*
 * A sandbox of this name that is kept runs again as it ran first, on top of its changes: with its
 * options, behind which come those of this run, and where it was started. In the background, and with a
 * report at the end, is how one run runs.
 */
static int take_over(struct session *s, int argc, char **argv, struct err *e)
{
	struct store kept = {.pool = &s->pool, .home = -1, .dir = -1};
	const struct run_options own = s->options;
	str_vec words = {0};
	int rc;

	if (!s->options.name || !s->host.state_home)
		return 0;
	rc = store_open(&kept, s->host.state_home, s->options.name, false, e);
	store_done(&kept);
	if (rc)
		return e->error == ENOENT ? 0 : -1;
	*vec_add(&s->pool, &words) = argv[0];
	for (size_t i = 0; i < kept.words.n; i++)
		*vec_add(&s->pool, &words) = kept.words.v[i];
	for (int i = 1; i <= argc; i++)
		*vec_add(&s->pool, &words) = argv[i];
	if (parse_words(s, &words, e))
		return -1;
	s->options.explain |= own.explain;
	s->options.detach = own.detach;
	s->options.stats = own.stats;
	if (return_to(s, kept.name, kept.cwd, e))
		return -1;
	s->kept = kept.name;
	s->kept_words = kept.words;
	s->kept_copies = kept.trees.n > 0;
	return 0;
}

/* It has run, but `sandbox stats` did not show it. */
static void tell_unlisted(const struct session *s, const struct outcome *out)
{
	if (!s->options.verbose)
		return;
	if (!s->plan.runtime_home)
		fprintf(stderr,
			"sandbox: note: not listed as running: there is no $XDG_RUNTIME_DIR\n");
	else if (out->unlisted.text[0])
		fprintf(stderr, "sandbox: note: not listed as running: %s\n", out->unlisted.text);
}

/* What became of the changes, and what can be done with them. */
static int tell(const struct session *s, const struct outcome *out, int status)
{
	const struct run_options *o = &s->options;
	const bool silent = o->quiet || o->json;
	const char *name = out->kept;
	struct pool pool = {0};

	if (out->store.text[0]) {
		cli_error(&out->store);
		status = EXIT_SANDBOX;
	}
	tell_unlisted(s, out);
	if (o->verbose && out->no_group.text[0])
		fprintf(stderr, "sandbox: note: limits are not enforced: %s\n",
			str_safe(&pool, out->no_group.text));
	for (int i = 0; o->verbose && i < KEY_COUNT; i++) {
		if (out->refused[i])
			fprintf(stderr, "sandbox: note: %s is not enforced: %s\n", keys[i].name,
				group_refusal(out->refused[i]));
	}
	report_print(s, out, status);
	if (name && !silent && out->changes) {
		fprintf(stderr,
			"sandbox: %zu change%s to %s: kept as %s, the real tree is as it was\n",
			out->changes, out->changes == 1 ? "" : "s",
			out->trees > 1 ? pool_printf(&pool, "%zu trees", out->trees)
				       : str_safe(&pool, out->tree),
			name);
		fprintf(stderr, "  sandbox changes %s    shows them (--diff: line by line)\n",
			name);
		fprintf(stderr, "  sandbox commit %s     applies them (or some: name the paths)\n",
			name);
		fprintf(stderr, "  sandbox discard %s    throws them away\n", name);
	} else if (name && !silent) {
		fprintf(stderr, "sandbox: kept as %s%s\n", name,
			out->store.text[0] ? "" : ", with no changes");
	}
	pool_done(&pool);
	if (out->interrupted)
		run_die_likewise(SIGINT);
	return status;
}

/* Who typed `sandbox lst` may have meant a subcommand; who typed `run` or `--` did not. */
static void hint_command(const struct session *s, char **argv, struct err *e)
{
	const char *word = s->options.argv[0], *likely;

	if (e->code != 127 || word != argv[1] || str_eq(argv[0], "run") || strchr(word, '/'))
		return;
	likely = help_likely(word);
	if (likely)
		err_hint(e, "or did you mean `sandbox %s`?", likely);
}

static int run_options(struct session *s, int argc, char **argv, struct err *e)
{
	const struct run_options *o = &s->options;
	struct sandbox_request request;
	struct outcome out = {0};
	int rc;

	if (check_name(o->name, e) || take_over(s, argc, argv, e))
		return -1;
	if (!o->argv[0] && !o->explain) {
		err_set(e, "command: none given");
		if (!s->kept)
			return err_hint(e, "sandbox make; `sandbox --help` shows more");
		return err_hint(e, "sandbox -n %s make; `sandbox changes %s` shows what it has",
				s->kept, s->kept);
	}
	if (session_plan(s, e))
		return -1;
	if (s->kept && (!plan_uses_store(&s->plan) || (s->kept_copies && !s->plan.cows.n)))
		return err_set(e, "%s: with these options it would not run on its changes",
			       s->kept),
		       err_hint(e, "another name, or none");
	if (check_detached(s, e))
		return -1;
	if (o->explain) {
		explain_print(s, stdout);
		return 0;
	}
	for (size_t i = 0; o->verbose && i < s->plan.notes.n; i++)
		fprintf(stderr, "sandbox: note: %s\n", s->plan.notes.v[i]);
	request = (struct sandbox_request){.name = o->name,
					   .cwd = s->host.cwd,
					   .words = s->kept ? s->kept_words.v : o->words,
					   .n_words = s->kept ? s->kept_words.n : o->n_words,
					   .run_words = o->words,
					   .n_run_words = o->n_words};
	if (o->detach)
		return detach(s, &request, e);
	rc = run_plan(&s->plan, &request, &out, e);
	if (rc < 0)
		hint_command(s, argv, e);
	/* It may have begun, and changed something, before we could not go on. */
	return tell(s, &out, rc < 0 ? cli_error(e) : rc);
}

static int run_or_explain(int argc, char **argv, bool explain)
{
	struct session s = {0};
	struct err e = {0};
	int rc = options_parse(&s.pool, argc, argv, &s.options, &e);

	if (rc == 0 && s.options.help) {
		help_command(argv[0]);
	} else if (rc == 0 && s.options.version) {
		cmd_version(s.options.json ? 2 : 1, (char *[]){"version", "--json", NULL});
	} else if (rc == 0) {
		s.options.explain |= explain;
		host_init(&s.host, &s.pool, (const char *const *)environ);
		rc = run_options(&s, argc, argv, &e);
	}
	if (rc < 0)
		rc = cli_error(&e);
	pool_done(&s.pool);
	return rc;
}

int cmd_run(int argc, char **argv)
{
	return run_or_explain(argc, argv, false);
}

int cmd_explain(int argc, char **argv)
{
	return run_or_explain(argc, argv, true);
}
