/* SPDX-License-Identifier: MIT */
/*
 * A process of the host, as /proc/PID tells it: proc(5). A number alone names nobody: when its process has
 * ended it is given to another one. With the time of the start, which no process can choose, it is one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_id {
	pid_t pid;
	int64_t started; /* in ticks of the clock, since the boot */
};

/* From /proc/PID/stat. Times are microseconds. */
struct process {
	struct process_id id;
	pid_t parent;
	char name[16]; /* of the program, cut; any bytes */
	bool ended;    /* and not waited for yet */
	bool ending;   /* or is on its way, whatever it still has to close */
	bool stopped;  /* by a signal, or by who traces it */
	bool blocked;  /* in the kernel: it takes no signal until that is over */
	int64_t user, system;
	int64_t children_user, children_system; /* of those that it has waited for */
	int64_t threads;
	int64_t memory; /* bytes that are resident */
};

/* 0, or -1 and errno: there is none of that number, or it cannot be seen. */
int process_read(pid_t pid, struct process *ret);
/* A pidfd of it; -1 and errno: ESRCH, it has ended, whoever has its number now. */
int process_open(const struct process_id *id);
/* It has not ended. */
bool process_lives(const struct process_id *id);
/* It is PID 1 of a PID namespace below ours. */
bool process_is_init(pid_t pid);
/* Microseconds since it started. */
int64_t process_age(const struct process_id *id);
