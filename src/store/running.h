/* SPDX-License-Identifier: MIT */
/*
 * Which sandboxes run: one private directory each, $XDG_RUNTIME_DIR/sandbox/NAME, with the file `state`, and
 * the socket `control` (run/serve.h).
 *
 * The launcher makes the directory, holds a lock on it (flock(2)) for as long as it lives, writes the state
 * when the program runs, and removes both at its end. The kernel drops the lock with the process; so a
 * directory without a lock was left by a launcher that was killed, and whoever finds it removes it. What
 * the state names is a process only with the time of its start, and is held by a pidfd while it is looked at.
 *
 * Refused is what we would not have made: a link, what is not ours or open to others, a text that is cut
 * short, of another version or too long, processes that are not a launcher and its PID 1.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "host/process.h"

struct running {
	struct pool *pool;
	const char *home_path;
	int home, dir; /* of all, and this one's: it has the lock */
	int process;   /* pidfd of PID 1, of one that was read */

	/* the state */
	const char *name;
	struct process_id launcher, init; /* the latter as it is seen from the host */
	const char *cgroup;		  /* its directory; NULL: none */
	int64_t memory_max;		  /* bytes; STR_INFINITY: no limit */
	const char *profile, *cwd;	  /* NULL: not known */
	int64_t started;		  /* nanoseconds since 1970 */
	str_vec command, options;	  /* "..." stands for what was too long to be written */
};

/* Closes and unlocks; descriptors that are -1 are none. Memory is the pool's. */
void running_done(struct running *r);

/*
 * Takes the name (NULL: makes one from the command), and locks its directory. `home_path` is
 * host->runtime_home. Error EEXIST: the name is another's; any other: names cannot be taken here.
 */
int running_claim(struct running *r, const char *home_path, const char *name, struct err *e);
/* The state, from all fields but the descriptors. */
int running_write(const struct running *r, struct err *e);
/* Removes the directory, and what was claimed is done. */
void running_release(struct running *r);

/* The control socket of this entry: listens, SOCK_SEQPACKET, does not block; -1. */
int running_listen(const struct running *r, struct err *e);
/* A connection to that of a running one; -1, with ENOENT in e->error where nothing of that name listens. */
int running_connect(struct pool *pool, const char *home_path, const char *name, struct err *e);

/* Names of all entries, sorted; of those too that running_read will refuse. */
int running_names(struct pool *pool, const char *home_path, str_vec *ret, struct err *e);
/*
 * 1: it runs, and `process` is open; 0: nothing of that name does, and what a killed launcher left of it is
 * gone; -1: what is there is refused, or cannot be read.
 */
int running_read(struct running *r, const char *home_path, const char *name, struct err *e);
/* What was read still runs: what was learned of its processes meanwhile is true. */
bool running_lives(const struct running *r);
