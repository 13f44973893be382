/* SPDX-License-Identifier: MIT */
/*
 * Between clone and exec. inside_main is what PID 1 of the sandbox runs: it makes the world by the
 * steps of a table, starts the program by the steps of another, and then reaps until the program
 * has ended.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/seccomp.h"
#include "base/step.h"
#include "inside/channel.h"
#include "plan/plan.h"

/* What a process of the sandbox executes, and what it begins with. */
struct start {
	const char *const *argv, *const *environment; /* NULL-terminated */
	const char *directory;
	int standard[3]; /* become its descriptors 0, 1 and 2; -1: those of PID 1 */
	bool session; /* has one of its own, with `terminal` to control it; else a process group */
	int terminal; /* or -1 */
	bool foreground; /* its process group gets the terminal */
};

/* Who has come over the control socket (visit.c): to execute something in the sandbox. */
struct visitor {
	int connection;
	pid_t pid; /* what it has started; 0: nothing yet */
	struct err *
		err; /* why it could not; in memory shared with that process, whose filter may forbid to send */
};

struct inside {
	/* set by the launcher before the clone */
	const struct plan *plan;
	const struct bpf *names, *arguments;
	int channel;		/* to the launcher */
	const char *store_path; /* the directory with the layers; NULL: none */
	int store;		/* the same, as the launcher has it open */
	const size_t *layers;	/* of each copy-on-write tree: the name of its directory there */
	int groups;		/* directory of cgroups in which ours is made, or -1 */
	const char *group_name;
	int overlays;	 /* where mounts come from that others make (fuse-overlayfs), or -1 */
	int terminal;	 /* the controlling terminal, or -1 */
	bool foreground; /* the program gets the terminal from the start */
	int standard[3]; /* see struct start */
	struct sigaction child_action; /* the caller's, of SIGCHLD */
	sigset_t mask;		       /* the caller's, for the program */
	struct progress *progress;
	char *scrub_begin, *scrub_end; /* the host's environment in this process's memory */

	/* of the set-up; zero before */
	struct pool pool;
	int root, scratch; /* descriptors: the root being built, the file system behind what is
			      empty */
	int nothing; /* a directory with an empty directory and an empty file, to cover with */
	int landlock;
	int *devices; /* mounts of device nodes, in the order of kernelfs.c */
	int *sources; /* one a mount of the plan; -1: none */
	int *cows;    /* overlays, one a copy-on-write tree of the plan */
	int *mounts;  /* what has been mounted, one a mount of the plan */
	int *sealed;  /* mounts that become read-only at the end */
	size_t n_sealed;
	bool *skipped;
	int group,
		program_group; /* the sandbox's cgroup, and that of the program: the same, or below */
	unsigned made;	       /* names given out in scratch */
	uint64_t files_limit, files_limit_max; /* RLIMIT_NOFILE of the program */
	mode_t umask;
	const struct start *start;	/* by the process that executes it */
	const char *const *environment; /* the program's, kept for those that come later */
	pid_t program;
	int events;			 /* epoll: what PID 1 waits for */
	vec_of(struct visitor) visitors; /* memory is malloc's */
	struct err err; /* written by the program's process too, which shares this memory until it
			   execs */
	volatile bool exec_failed;
};

extern const struct step inside_setup[], inside_program[];
extern const size_t inside_setup_rows, inside_program_rows;

_Noreturn void inside_main(struct inside *in);

/* group.c */
int inside_make_group(void *context, struct err *e);
/* What has been used, if `ret` is given; then the group is removed. */
void inside_leave_group(struct inside *in, struct usage *ret);
/* The program was killed for want of memory before it ran; the error says so. */
/* Why the kernel did not take a limit: an errno of struct progress, in words. */
const char *group_refusal(int error);
bool group_killed_program(struct inside *in, struct err *e);
/* A group in which nothing runs any more, and all below it. */
void group_remove(int groups, const char *name);
/* user.c */
int inside_await_ids(void *context, struct err *e);
int inside_join_keyring(void *context, struct err *e);
int inside_hide_self(void *context, struct err *e);
/* overlay.c */
/* The store by its path, for layers have to be of our own mount namespace; checked against `known`. */
int inside_open_store(const char *path, int known, struct err *e);
/* `name` ("upper", "work") of a layer in it: no link, a directory; O_PATH. */
int inside_open_layer(int store, size_t layer, const char *name, struct err *e);
int inside_make_overlays(void *context, struct err *e);
/*
 * What fuse-overlayfs' process sends over inside.overlays before it becomes that program: the mount,
 * or why there is none.
 */
struct overlay_message {
	size_t cow; /* index in plan.cows */
	struct err err;
};
/* mounts.c */
int inside_open_sources(void *context, struct err *e);
int inside_make_root(void *context, struct err *e);
int inside_mount_all(void *context, struct err *e);
int inside_seal(void *context, struct err *e);
int inside_enter_root(void *context, struct err *e);
/* Used by kernelfs.c */
int inside_new_directory(struct inside *in, const char *name, unsigned mode,
			 struct err *e);				  /* a mount, detached */
int inside_attach(int mount, int place, const char *name, struct err *e); /* closes neither */
int inside_set_attributes(int mount, const char *name, uint64_t attributes, bool below,
			  struct err *e);
/* `options` are pairs; a value that is NULL is that of a flag. */
int inside_new_filesystem(const char *type, const char *const *options, uint64_t attributes,
			  struct err *e);
/* kernelfs.c */
int inside_mount_proc(struct inside *in, int dir, const char *name, struct err *e); /* the mount */
int inside_fill_dev(struct inside *in, int dev, struct err *e);
int inside_open_devices(struct inside *in, struct err *e);
int inside_set_hostname(void *context, struct err *e);
/* network.c: loopback up; of a network of its own, until all of it is */
int inside_await_network(void *context, struct err *e);
int inside_loopback_up(struct err *e);
/* landlock.c */
int inside_make_landlock(void *context, struct err *e);
int inside_enter_landlock(void *context, struct err *e);
/* In a process of its own: executes in->start with all restrictions. Returns with the error in `e`. */
void inside_execute(struct inside *in, volatile size_t *at, struct err *e);
/* terminal.c */
/* A pty of the sandbox's own devpts: the slave, or -1 and an error; *master is for who reads from it. */
int inside_new_terminal(const struct plan_identity *id, int *master, struct err *e);
int inside_make_terminal(void *context, struct err *e);
/* visit.c */
void visit_begin(struct inside *in, int connection);
/* Something has come over it: the request, a signal, its end. */
void visit_hear(struct inside *in, int connection);
/* A process has ended. False: it was no visitor's. */
bool visit_ended(struct inside *in, pid_t pid, int status);
/* init.c */
_Noreturn void inside_reap(struct inside *in);
/* To its process group; to itself, should it have left that, or not have it yet. */
void inside_signal(pid_t pid, int signal);
/* The launcher is gone: nothing of the sandbox is to be left. */
_Noreturn void inside_abandon(struct inside *in);
