/* SPDX-License-Identifier: MIT */
/*
 * A cell: where a program of others runs that serves a sandbox from outside of it (fuse-overlayfs, slirp4netns,
 * pasta, dnsmasq). It speaks with the program in the sandbox, and so may be taken over by it; so it is in the
 * sandbox's user namespace, in a small root of its own with the system's programs and libraries and what it is
 * given, all of it read-only, and has the capabilities that it needs. The program can neither see nor signal
 * it, for it is not in the sandbox's pid namespace.
 *
 * All of this is called in the new process, in the order in which it stands here.
 */
#pragma once

#include <linux/mount.h>
#include <stdint.h>

#include "run/run.h"

#define CELL_CLOSED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Starts `main` in a new process; its pidfd and what it says on standard error are in *ret. */
int cell_start(struct server *ret, const char *name, int group,
	       void (*main)(void *context, int errors), void *context, struct err *e);
/* Waits until it has ended, closes what is open, and zeroes the pid. Kills it first if it is to. */
void cell_end(struct server *server, bool kill_it);
/* Kills it, and does not wait: the kernel needs 10 ms to take a tap device away, and we end before that. */
void cell_leave(struct server *server);
/* What it said last on standard error, or the error that it named; "": nothing. */
const char *cell_words(struct pool *pool, const struct server *server);

/* Our signals are as usual, our process group is our own, and `errors` is standard error. */
int cell_leave_group(int errors, struct err *e);
/* The same, and a session of its own: for what has no throughput (see cell_leave_group). */
int cell_leave_session(int errors, struct err *e);
/* Root of the sandbox's user namespace, in these namespaces (CLONE_NEW*) of it, and a copy of the host's mounts. */
int cell_enter(const struct launch *l, uint64_t namespaces, struct err *e);
/*
 * Goes on as PID 1 of a pid namespace of its own (IPC and UTS too): whatever it starts ends with it, and it sees
 * nobody. The new process is another child of our parent, who has to be told: its number is in *ret of the old one,
 * which returns 1. 0: we are the new one.
 */
int cell_isolate(pid_t *ret, struct err *e);
/* A detached copy of a mount of the host; -1. */
int cell_clone(int dir, const char *path, unsigned flags, struct err *e);
/* The small root: a tmpfs with the system's programs and libraries, /dev/null and /dev/urandom. Its descriptor; -1. */
int cell_make_root(struct pool *pool, struct err *e);
/* A device node of the host, such as "dev/null", under the same name. */
int cell_device(int root, const char *name, struct err *e);
/* A mount at a new directory or (is_file) file of it. Closes neither. */
int cell_attach(int root, int mount, const char *name, bool is_file, struct err *e);
/* A file of it with this text. */
int cell_write(int root, const char *name, const char *text, struct err *e);
/* It becomes read-only, and the root. */
int cell_close(int root, struct err *e);

struct cell_program {
	const char *path;
	const char *const *argv;
	uint64_t capabilities;
	int keep; /* a descriptor that it is given; -1: none */
	bool filters_itself; /* it has a filter of system calls of its own, and calls before that ours has not */
};
/*
 * Becomes it: with standard input and output that lead nowhere, no signals to and no abstract sockets of anybody
 * outside where Landlock can (ABI 6), and under the filter of l->of_cells. Returns only with an error.
 */
int cell_execute(const struct launch *l, const struct cell_program *program, struct err *e);
/* What a cell may call, for l->of_cells. `cache_dir` as for filter_get(). */
int cell_get_filter(const char *cache_dir, struct bpf *ret, struct err *e);
