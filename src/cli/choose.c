/* SPDX-License-Identifier: MIT */
/*
 * `--interactive`. Questions and answers go over the terminal itself, so that the output can be a pipe.
 * Of a directory that is deleted or not wanted there is one question for all of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/changes.h"
#include "cli/choose.h"
#include "cli/diff.h"
#include "store/beneath.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_ALL, ANSWER_QUIT, ANSWER_ERROR };

struct chooser {
	struct store_words *w;
	const struct store *s;
	FILE *terminal;
	struct diff diff;
	bool has_diff;
	struct err *e;
};

static int show_diff(struct chooser *x, const struct change *c)
{
	if (!x->has_diff && diff_begin(&x->diff, x->w, x->s, x->e))
		return -1;
	x->has_diff = true;
	/* Where it is read: diff_print writes to standard output. */
	if (diff_print(&x->diff, c, x->e))
		return -1;
	return fflush(stdout) ? err_errno(x->e, "standard output") : 0;
}

static const char help[] =
	"y - yes, this one, also if the host runs it later\n"
	"n - no\n"
	"d - show what differs\n"
	"a - this one and all that follow; what the host runs later is asked for all the same\n"
	"q - no more; what was answered with yes is done\n";

static enum answer ask(struct chooser *x, const struct change *c, size_t below)
{
	char line[64];

	for (;;) {
		fprintf(x->terminal, "%s", changes_line(x->w, x->s, c, cli_wants_color()));
		if (below)
			fprintf(x->terminal, " with the %zu below it", below);
		fprintf(x->terminal, "\n%s this [y,n,d,a,q,?]? ", x->w->command);
		fflush(x->terminal);
		if (!fgets(line, sizeof(line), x->terminal))
			return ANSWER_QUIT;
		/* Between reading and writing of one stream: fopen(3). */
		fseek(x->terminal, 0, SEEK_CUR);
		if (str_eq(line, "y\n"))
			return ANSWER_YES;
		if (str_eq(line, "n\n"))
			return ANSWER_NO;
		if (str_eq(line, "a\n"))
			return ANSWER_ALL;
		if (str_eq(line, "q\n"))
			return ANSWER_QUIT;
		if (str_eq(line, "d\n") ? show_diff(x, c) : fputs(help, x->terminal) < 0)
			return ANSWER_ERROR;
	}
}

static bool is_below(const struct change *c, const struct change *above)
{
	return c->tree == above->tree && beneath_within(c->path, above->path);
}

/* Index behind what goes with changes->v[i], whatever the answer. */
static size_t end_of(const change_vec *changes, size_t i)
{
	const struct change *c = &changes->v[i];
	bool directory = c->before.type == NODE_DIRECTORY && c->after.type != NODE_DIRECTORY;
	size_t end = i + 1;

	while (directory && end < changes->n && is_below(&changes->v[end], c))
		end++;
	return end;
}

/* Not to be had with others: the question says that the host runs it later, and who says yes to that allows it. */
static bool is_alarming(const struct chooser *x, const change_vec *changes, size_t i, size_t end)
{
	bool alarming = false;

	for (; i < end; i++)
		alarming |= changes->v[i].flags & FLAG_EXECUTED;
	return alarming && str_eq(x->w->command, "commit") && !(x->w->flags & STORE_ALLOW_EXECUTED);
}

static int choose(struct chooser *x, change_vec *changes)
{
	enum answer answer = ANSWER_YES;
	change_vec chosen = {0};
	bool all = false;

	for (size_t i = 0, end; i < changes->n && answer != ANSWER_QUIT; i = end) {
		const struct change *c = &changes->v[i];

		end = end_of(changes, i);
		answer = all && !is_alarming(x, changes, i, end) ? ANSWER_ALL
								 : ask(x, c, end - i - 1);
		all |= answer == ANSWER_ALL;
		if (answer == ANSWER_ERROR)
			return -1;
		if (answer == ANSWER_YES || answer == ANSWER_ALL) {
			for (size_t k = i; k < end; k++) {
				*vec_add(&x->w->pool, &chosen) = changes->v[k];
				chosen.v[chosen.n - 1].flags &= ~(uint32_t)FLAG_EXECUTED;
			}
			continue;
		}
		/* What is in a directory that is not made cannot be put there. */
		while (end < changes->n && c->after.type == NODE_DIRECTORY &&
		       c->before.type != NODE_DIRECTORY && is_below(&changes->v[end], c))
			end++;
	}
	*changes = chosen;
	return 0;
}

int choose_changes(struct store_words *w, const struct store *s, change_vec *changes, struct err *e)
{
	struct chooser x = {.w = w, .s = s, .e = e};
	int rc;

	x.terminal = fopen("/dev/tty", "r+e");
	if (!x.terminal) {
		err_set(e, "%s: --interactive asks on the terminal, and there is none", w->command);
		return err_hint(e, "name the paths instead");
	}
	rc = choose(&x, changes);
	if (x.has_diff)
		diff_end(&x.diff);
	fclose(x.terminal);
	return rc;
}
