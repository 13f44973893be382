/* SPDX-License-Identifier: MIT */
/*
 * `sandbox start NAME...`: kept sandboxes run again in the background, on top of their changes: with the
 * options and the command of their last run, where that was.
 */
#include "cli/store.h"

struct beginning {
	struct store_words *words;
	const char *name;
};

/* The last run was by `start` too: its options behind `run`. */
static bool begins_with(const str_vec *added, const str_vec *start)
{
	for (size_t i = 1; i < start->n; i++) {
		if (i > added->n || !str_eq(added->v[i - 1], start->v[i]))
			return false;
	}
	return true;
}

/* In a process of its own: the working directory is another one for each. */
static int start_one(void *context)
{
	const struct beginning *b = context;
	struct pool *pool = &b->words->pool;
	struct store s = {.pool = pool, .home = -1, .dir = -1};
	const char *const options[] = {"run", "--detach", "--name", b->name};
	struct err e = {0};
	str_vec words = {0};
	int rc;

	if (!b->words->host.state_home) {
		err_set(&e, "%s: there is no home directory with kept sandboxes",
			str_safe(pool, b->name));
		return cli_error(&e);
	}
	rc = store_open(&s, b->words->host.state_home, b->name, false, &e);
	if (rc == 0 && !s.command.n) {
		err_set(&e, "%s: it has no command", b->name);
		rc = err_hint(&e, "sandbox run -d -n %s COMMAND", b->name);
	}
	store_done(&s);
	if (rc)
		return cli_error(&e);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		*vec_add(pool, &words) = options[i];
	for (size_t i = begins_with(&s.added, &words) ? words.n - 1 : 0; i < s.added.n; i++)
		*vec_add(pool, &words) = s.added.v[i];
	*vec_add(pool, &words) = "--";
	for (size_t i = 0; i < s.command.n; i++)
		*vec_add(pool, &words) = s.command.v[i];
	*vec_add(pool, &words) = NULL;
	return cmd_run((int)words.n - 1, (char **)(uintptr_t)words.v);
}

static int start_all(struct store_words *w, struct err *e)
{
	int status = 0;

	for (size_t i = 0; i < w->names.n; i++) {
		struct beginning b = {w, w->names.v[i]};
		int one = store_in_child(start_one, &b, e);

		if (one < 0)
			return -1;
		status = one ? one : status;
	}
	return status;
}

int cmd_start(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, start_all, argc, argv);
}
