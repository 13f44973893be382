/* SPDX-License-Identifier: MIT */
/*
 * Things that can only be learnt by doing them: each is done in a child of its own, which can
 * neither change this process nor hold it up. All are started first and asked for afterwards, so
 * that they run side by side.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/pool.h"

enum attempt_id {
	/* namespaces: the first alone, each other one together with it */
	ATTEMPT_USER,
	ATTEMPT_MOUNT,
	ATTEMPT_PID,
	ATTEMPT_IPC,
	ATTEMPT_UTS,
	ATTEMPT_NETWORK,
	ATTEMPT_CGROUP,
	ATTEMPT_TIME,
	/* in such namespaces */
	ATTEMPT_PROC,
	ATTEMPT_OVERLAY,
	/* on ourselves */
	ATTEMPT_CALLS,
	ATTEMPT_FILTER,
	ATTEMPT_NOTIFY,
	ATTEMPT_FUSE,
	ATTEMPT_TUN,
	ATTEMPT_COUNT,
};

struct attempt { /* zeroed: not started */
	pid_t pid;
	bool started;
	int output;	/* read end of its standard output and error */
	int error;	/* errno; 0: it worked; ETIMEDOUT: it did not end in time */
	int status;	/* exit status of a program, -1 if it did not exit by itself */
	char text[256]; /* what it wrote; of our own attempts: where it failed */
};

void attempt_start(struct attempt *a, enum attempt_id id);
/* A program, with no input and an empty environment; standard output and error go to `text`. */
void attempt_program(struct attempt *a, const char *const *argv);
/* A process in a new user namespace that waits to be mapped and ended. */
void attempt_target(struct attempt *a);
/* Waits at most until `deadline` (clock.h), then kills it. */
void attempt_end(struct attempt *a, int64_t deadline);
