/* SPDX-License-Identifier: MIT */
/*
 * What the program prints, where it does not have the caller's own descriptors:
 *
 *	in the background	two pipes, whose content goes into the log of its directory (store/log.h)
 *	with a pty of its own	what comes out of it goes to the caller's terminal; in the background into
 *				the log, and what an attached terminal types goes into it
 */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "run/terminal.h"
#include "store/log.h"

struct launch;

struct output {
	bool is_logged;
	struct log_writer log;
	int pipes[2],
		ends[2]; /* of standard output and error; the program's ends until it has them */
	int master;	 /* of its pty */
	struct terminal terminal;
	struct relay *relay; /* with the caller's terminal; or NULL */
	size_t typed;
	char input
		[16384]; /* what was typed and the pty did not take yet; more is lost, as in a terminal */
};

/* Steps of the launch. Undone: everything has been read, and its end is in the log. */
int output_begin(void *context, struct err *e);
void output_end(void *context);
/* In the launcher, when PID 1 has its descriptors; which these are. */
void output_close_ends(struct output *o);
/* The pty, made by PID 1. */
int output_take_terminal(struct launch *l, int master, struct err *e);
void output_event(struct output *o, const char *text);

enum { OUTPUT_FDS = RELAY_FDS };
/* For poll(2): how many, and in *timeout how long it may wait. */
size_t output_fds(const struct output *o, struct pollfd *fds, int *timeout);
void output_work(struct launch *l, const struct pollfd *fds, size_t n);

/* Before the launcher stops itself; and when it goes on, or its window has another size. */
void output_leave_terminal(struct output *o);
void output_return_to_terminal(struct output *o);
/* Another terminal that is attached has this one; also if it is the same the program draws anew. */
void output_resize(const struct output *o, const struct winsize *size);
void output_type(struct output *o, const char *bytes, size_t n);
