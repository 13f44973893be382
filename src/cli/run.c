/* SPDX-License-Identifier: MIT */
/* `sandbox [run] [RUN-OPTIONS] [--] COMMAND [ARG...]` */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "run/run.h"

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

int session_plan(struct session *s, struct err *e)
{
	const struct run_options *o = &s->options;

	profile_init(&s->profile, &s->pool);
	if (profile_load(&s->profile, o->profile, host_profile_dirs(&s->host), e))
		return -1;
	for (size_t i = 0; i < o->sets.n; i++) {
		if (profile_set(&s->profile, o->sets.v[i].key, o->sets.v[i].text, o->sets.v[i].at,
				e))
			return -1;
	}
	return run_prepare(&s->profile, &s->host, o->argv, &s->plan, e);
}

static int check_name(const char *name, struct err *e)
{
	size_t n =
		name ? strspn(name,
			      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
		     : 0;

	if (!name || (n && !name[n] && n <= 64 && *name != '-' && *name != '.'))
		return 0;
	return err_set(
		e,
		"--name: a name has up to 64 letters, digits, '_', '.' and '-', and begins with none of the last two");
}

static int run_options(struct session *s, struct err *e)
{
	const struct run_options *o = &s->options;

	if (check_name(o->name, e))
		return -1;
	if (!o->argv[0] && !o->explain)
		return err_set(e, "command: none given"),
		       err_hint(e, "sandbox make; `sandbox --help` shows more");
	if (session_plan(s, e))
		return -1;
	if (o->explain) {
		explain_print(s, stdout);
		return fflush(stdout) || ferror(stdout) ? err_errno(e, "standard output") : 0;
	}
	for (size_t i = 0; o->verbose && i < s->plan.notes.n; i++)
		fprintf(stderr, "sandbox: note: %s\n", s->plan.notes.v[i]);
	return run_plan(&s->plan, e);
}

static int run_or_explain(int argc, char **argv, bool explain)
{
	struct session s = {0};
	struct err e = {0};
	int rc = options_parse(&s.pool, argc, argv, &s.options, &e);

	if (rc == 0 && s.options.help) {
		help_options(stdout);
	} else if (rc == 0 && s.options.version) {
		cmd_version(s.options.json ? 2 : 1, (char *[]){"version", "--json", NULL});
	} else if (rc == 0) {
		s.options.explain |= explain;
		host_init(&s.host, &s.pool, (const char *const *)environ);
		rc = run_options(&s, &e);
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
