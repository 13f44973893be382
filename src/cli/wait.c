/* SPDX-License-Identifier: MIT */
/* `sandbox wait NAME...`: until they have ended. Prints how, and ends as the last of them. */
#include <errno.h>
#include <stdio.h>

#include "base/fd.h"
#include "cli/store.h"
#include "run/visitor.h"

/* How it ended before, if that is known. */
static int ended(struct store_words *w, const char *name, struct err *e)
{
	struct store s = {.pool = &w->pool, .home = -1, .dir = -1};
	struct err why = {0};
	int rc = w->host.state_home ? store_open(&s, w->host.state_home, name, false, &why) : -1;

	store_done(&s);
	if (rc == 0 && store_runs_elsewhere(w, name, e))
		return -1;
	if (rc && why.text[0] && why.error != ENOENT) {
		*e = why;
		return -1;
	}
	if (rc)
		return store_not_running(w, name, e);
	if (s.ended)
		return s.exit;
	/* Its PID 1 was killed, or an older version has written the state. */
	if (!s.running)
		return err_set(e, "%s: nobody knows how it ended", name);
	return err_set(e, "%s: its launcher was killed: nobody knows how it ended", name);
}

static int wait_one(struct store_words *w, const char *name, struct err *e)
{
	int connection = visit_connect(w, name, e), status;
	struct err why = {0};

	if (connection < 0 && e->error != ENOENT)
		return -1;
	if (connection < 0) {
		*e = (struct err){0};
		return ended(w, name, e);
	}
	status = visitor_wait(connection, name, e);
	fd_closep(&connection);
	/* It may have ended between the two. */
	if (status < 0 && ended(w, name, &why) >= 0)
		return ended(w, name, e);
	return status;
}

static int wait_all(struct store_words *w, struct err *e)
{
	bool refused = false;
	int status = 0;

	for (size_t i = 0; i < w->names.n; i++) {
		status = wait_one(w, w->names.v[i], e);
		if (status < 0) {
			cli_error(e);
			refused = true;
			continue;
		}
		printf("%d\n", status);
		fflush(stdout);
	}
	return refused ? EXIT_SANDBOX : status;
}

int cmd_wait(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, wait_all, argc, argv);
}
