/* SPDX-License-Identifier: MIT */
/*
 * What `sandbox exec` and PID 1 say to each other, over a connection to the sandbox's control socket
 * (run/serve.c) that the launcher hands on. PID 1 starts the command itself: so it has what the program
 * has by descent (namespaces, cgroup, Landlock domain, keyring) and by the same table of steps (identity,
 * capabilities, filter), and nobody has to enter the sandbox from outside.
 *
 *	visitor		a struct visit, with descriptors: the text, then 0, 1 and 2 unless it wants a pty
 *	PID 1		MESSAGE_TERMINAL with the master, if so;
 *			MESSAGE_FAILED, or in the end MESSAGE_ENDED. The end of the connection without one
 *			of them: the sandbox has ended
 *	visitor		MESSAGE_SIGNAL for the command's process group. Its end is SIGHUP for it
 */
#pragma once

#include <sys/ioctl.h>

#include "inside/channel.h"

/* The first word of what a visitor says: for whom it is. */
enum visit_kind {
	VISIT_EXEC = 1, /* for PID 1: see above */
	VISIT_WAIT, /* for the launcher, which answers MESSAGE_STARTED, and MESSAGE_ENDED in the end */
	VISIT_ATTACH, /* the same; until then struct input goes to the program's terminal */
	VISIT_PUBLISH, /* for the launcher: a port more; answered by MESSAGE_STARTED or MESSAGE_FAILED */
	VISIT_REFUSED, /* for the launcher, which sends a memfd with its struct refused, or none */
};
/* The value of that MESSAGE_STARTED is a set of these. */
enum { RUNS_DETACHED = 1, RUNS_ON_PTY = 2 };

/* From one that is attached. */
struct input {
	enum { INPUT_BYTES = 1, INPUT_SIZE, INPUT_SIGNAL } kind;
	int value; /* the signal */
	struct winsize size;
	char bytes[4096]; /* the last ones are not sent */
};

enum { VISIT_TEXT_MAX = 4 * 1024 * 1024 };

/* Whose first word tells the launcher what is wanted: see run/serve.h. */
struct visit {
	enum visit_kind kind;
	/* Of the text: strings, each with its NUL: the directory (empty: the program's), the command's
	 * words, and assignments that go before those of the program's environment. */
	uint32_t length, words, assignments;
	bool terminal;
	struct winsize size;
	char port[96]; /* VISIT_PUBLISH: as in Publish= */
};
