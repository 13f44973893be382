/* SPDX-License-Identifier: MIT */
/*
 * The caller's terminal while a program has a pty of its own: its modes, the bytes in both directions, and
 * the keys that detach from the program.
 */
#pragma once

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

/* Zeroed: not raw. */
struct terminal {
	int fd;			   /* not owned */
	pid_t guard;		   /* restores the modes when we die; 0: they are not raw */
	struct termios saved, raw; /* as they were; as we have set them */
};

/*
 * From now on each byte goes through as it is, and whatever ends this process, SIGKILL too, restores the
 * modes that `fd` has now. Nothing to do, and 0: it is raw already, or no terminal, or at this time that of
 * another process group (we are in the background). So this can be called whenever the process may have
 * come to the foreground; 1: it has done something, and who was in the background heard of no new size either.
 * Only for a process with a single thread, which does not ignore SIGCHLD.
 */
int terminal_raw(struct terminal *t, int fd, struct err *e);
/* The same for one who only waits for some keys: they come at once and unseen; signals and output are as before. */
int terminal_keys(struct terminal *t, int fd, struct err *e);
/*
 * Its foreground is another process group. False if it is no terminal, or not our controlling one: nobody takes that
 * from us. That this changes nobody tells: a shell's fg sends SIGCONT to who is stopped, not to who runs.
 */
bool terminal_in_background(int fd);
enum { TERMINAL_AGAIN = 500 }; /* milliseconds until one looks again */
/*
 * Before the process stops itself, and at its end; idempotent. From the background the modes are restored
 * only if nobody else has done that. Keeps errno.
 */
void terminal_restore(struct terminal *t);
/* The window size of `from`, if that is a terminal; who runs in `to` gets SIGWINCH if it is another one. */
void terminal_copy_size(int from, int to);

enum { RELAY_BUFFER = 64 * 1024 };

/* Is filled when it is empty, then emptied; hence never moved. */
struct relay_buffer {
	size_t begin, end;
	char data[RELAY_BUFFER];
};

/* Between the caller's descriptors and the master of a pty, for somebody's poll loop. Large: not for the stack. */
struct relay {
	int in, out, master; /* not owned */
	enum { RELAY_INPUT, RELAY_INPUT_ENDS, RELAY_INPUT_ENDED } input;
	bool ended;	/* nobody has the other side of the master open */
	char last;	/* byte that was read from `in` */
	size_t at_once; /* that a ready `out` takes without blocking */
	struct relay_buffer to_program, to_caller;
};

enum { RELAY_IN, RELAY_OUT, RELAY_MASTER, RELAY_FDS };

/*
 * `in` -1: no input. Flags of `in` and `out` are left alone, since other processes have the same open files;
 * the master becomes non-blocking. The caller of the relay ignores SIGPIPE.
 */
int relay_init(struct relay *r, int in, int out, int master, struct err *e);
/*
 * What to wait for; fd is -1 where there is nothing. Returns for how many milliseconds at most, -1: without
 * an end. In the background the terminal is not read, and nothing tells when that is over: then there is a
 * time-out, after which to call terminal_raw and this again.
 */
int relay_fds(const struct relay *r, struct pollfd fds[RELAY_FDS]);
/*
 * What can be done now, without waiting. At the end of the input the program is told by its terminal's own
 * character for it (VEOF). 1: go on; 0: nobody has the other side of the master open any more, and all that
 * came from it is written; -1: e->error is EPIPE when nobody reads `out` any more.
 */
int relay_work(struct relay *r, const struct pollfd fds[RELAY_FDS], struct err *e);
/* When the program has ended: passes on what it has left in the pty; waits for `out`. */
int relay_drain(struct relay *r, struct err *e);

enum { KEYS_MAX = 16 };

/* A sequence of keys among those that are typed; zeroed: none. */
struct keys {
	char sequence[KEYS_MAX];
	size_t n, held; /* so many of them have been typed, and not been passed on */
};

/* "ctrl-p,ctrl-q": characters, or ctrl- and a letter or one of @[\]^_ ; "" is none. */
int keys_parse(struct keys *ret, const char *text, struct err *e);
/*
 * Passes `n` bytes on to `out`, which has room for KEYS_MAX more, and sets *ret_n. A beginning of the sequence
 * is held back until the next byte decides. True: the sequence is complete; neither it nor what is behind it
 * is in `out`.
 */
bool keys_filter(struct keys *k, const char *data, size_t n, char *out, size_t *ret_n);
