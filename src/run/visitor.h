/* SPDX-License-Identifier: MIT */
/* The other end of a sandbox's control socket (run/serve.h): what `exec`, `wait` and `attach` do with it. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "run/refused.h"
#include "run/terminal.h"

struct visitor_command {
	const char *name;      /* of the sandbox, for messages */
	const char *directory; /* inside; NULL: the program's */
	str_vec words, assignments;
	bool terminal; /* a pty for it */
};

/*
 * Executes it, with our descriptors 0, 1 and 2 or a pty that these are connected with, until it has ended.
 * Its exit status, 128+N for signal N; -1 when it could not be started, or the sandbox has ended (code 137).
 */
int visitor_execute(int connection, const struct visitor_command *command, struct err *e);
/* Until the program has ended; its exit status, or -1: nobody can tell. */
int visitor_wait(int connection, const char *name, struct err *e);
/* One more port of its network on the host, as in Publish=. */
int visitor_publish(int connection, const char *name, const char *port, struct err *e);
/* What its network has refused until now. 1; 0: it has none of its own, or does not answer. */
int visitor_refused(int connection, struct refused *ret);
