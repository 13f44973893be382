/* SPDX-License-Identifier: MIT */
/* `sandbox exec NAME COMMAND [ARG...]`: one more command in a sandbox that runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/store.h"
#include "run/control.h"
#include "run/run.h"
#include "run/visitor.h"

static int add_variable(struct store_words *w, const char *text, str_vec *list, struct err *e)
{
	const char *value;

	if (!*text || *text == '=')
		return err_set(e, "--env: NAME=VALUE, or NAME for that of the caller");
	if (strchr(text, '=')) {
		*vec_add(&w->pool, list) = text;
		return 0;
	}
	value = getenv(text);
	if (value)
		*vec_add(&w->pool, list) = pool_printf(&w->pool, "%s=%s", text, value);
	return 0;
}

static int read_options(struct store_words *w, struct visitor_command *c, struct err *e)
{
	enum plan_tty tty = TTY_AUTO;
	const char *when = store_value(w, "tty"), *term = getenv("TERM");

	if (when && options_tty(when, &tty, e))
		return -1;
	c->terminal = tty == TTY_ALWAYS || (tty == TTY_AUTO && isatty(0) && isatty(1));
	/* The terminal is the caller's, whatever the program's was. */
	if (c->terminal && term)
		*vec_add(&w->pool, &c->assignments) = pool_printf(&w->pool, "TERM=%s", term);
	for (size_t i = 0; i < w->values.n; i++) {
		if (str_eq(w->values.v[i].option->name, "env") &&
		    add_variable(w, w->values.v[i].text, &c->assignments, e))
			return -1;
	}
	return 0;
}

int visit_check_paused(struct store_words *w, const char *name, struct err *e)
{
	struct running r = {.pool = &w->pool, .home = -1, .dir = -1, .process = -1};
	int rc = running_read(&r, w->host.runtime_home, name, e);
	struct process launcher;
	/* A launcher that is stopped (Ctrl-Z) hears nobody. */
	bool is_paused = rc > 0 &&
			 (control_is_paused(&r) ||
			  (process_read(r.launcher.pid, &launcher) == 0 && launcher.stopped));

	running_done(&r);
	if (rc < 0)
		return -1;
	if (!is_paused)
		return 0;
	err_set(e, "%s: it is paused", name);
	return err_hint(e, "sandbox resume %s", name);
}

int visit_connect(struct store_words *w, const char *name, struct err *e)
{
	int fd = -1;

	if (w->host.runtime_home)
		fd = running_connect(&w->pool, w->host.runtime_home, name, e);
	if (fd >= 0)
		return fd;
	return !w->host.runtime_home || e->error == ENOENT ? store_not_running(w, name, e) : -1;
}

static int exec(struct store_words *w, struct err *e)
{
	struct visitor_command c = {
		.name = w->names.v[0], .directory = store_value(w, "chdir"), .words = w->paths};
	int connection, status;

	if (!c.words.n)
		return err_set(e, "exec: the command is missing"),
		       err_hint(e, "sandbox exec %s sh", str_safe(&w->pool, c.name));
	if (read_options(w, &c, e) || run_open_standard(NULL, e))
		return -1;
	connection = visit_connect(w, c.name, e);
	if (connection < 0 || visit_check_paused(w, c.name, e))
		return -1;
	status = visitor_execute(connection, &c, e);
	fd_closep(&connection);
	return status;
}

int cmd_exec(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME_COMMAND, exec, argc, argv);
}
