/* SPDX-License-Identifier: MIT */
/* `sandbox publish NAME [ADDR:]HOSTPORT:PORT[/udp]...`: more ports of a sandbox that runs. */
#include "base/fd.h"
#include "cli/store.h"
#include "run/visitor.h"

static int check(struct store_words *w, struct err *e)
{
	for (size_t i = 0; i < w->paths.n; i++) {
		struct port_word word;
		const char *reason = port_word_parse(&w->pool, w->paths.v[i], &word);

		if (reason)
			return err_set(e, "%s: %s", str_safe(&w->pool, w->paths.v[i]), reason);
	}
	return 0;
}

static int publish(struct store_words *w, struct err *e)
{
	const char *name = w->names.v[0];

	if (!w->paths.n)
		return err_set(e, "publish: the port is missing"),
		       err_hint(e, "sandbox publish %s 8080:80", str_safe(&w->pool, name));
	if (check(w, e))
		return -1;
	for (size_t i = 0; i < w->paths.n; i++) {
		_cleanup_fd_ int connection = visit_connect(w, name, e);

		if (connection < 0 || visit_check_paused(w, name, e) ||
		    visitor_publish(connection, name, w->paths.v[i], e))
			return -1;
	}
	return 0;
}

int cmd_publish(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME_COMMAND, publish, argc, argv);
}
