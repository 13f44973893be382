/* SPDX-License-Identifier: MIT */
/* The host side of a run. */
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <termios.h>

#include "base/step.h"
#include "inside/inside.h"
#include "plan/plan.h"
#include "run/network.h"
#include "run/output.h"
#include "run/serve.h"
#include "store/running.h"
#include "store/store.h"

/*
 * Gathers what the profile makes worth knowing about the host, and plans. Looks, changes nothing.
 * `argv` may be empty; Everything is in the
 * profile's pool.
 */
int run_prepare(const struct profile *profile, struct host *host, const char *const *argv,
		const struct plan_wishes *wishes, struct plan *ret, struct err *e);

/* The state of one launch; zeroed, then filled by the steps. */
struct launch {
	const struct plan *plan;
	struct bpf names, arguments, of_cells;
	sigset_t mask;		       /* as the caller had it */
	struct sigaction child_action; /* likewise, of SIGCHLD */
	int signals;		       /* signalfd */
	int terminal;		       /* /dev/tty, or -1 */
	bool foreground;	       /* the program's process group has the terminal */
	struct termios modes;	       /* of the terminal, before */
	bool has_modes;
	bool had_terminal; /* when it started, our process group had it */
	bool has_run;	   /* the program has begun, and may go on */
	bool killed;	   /* the program ended by a signal, or we do not know how */
	int status;	   /* the exit status that comes of it; -1: not known */
	int channel, channel_inside;
	struct progress *progress;
	struct git_state *git; /* one a directory of plan->git_dirs */
	struct inside inside;
	pid_t pid; /* PID 1, as seen from here; 0: none */

	const struct sandbox_request *request;
	struct outcome *outcome;
	struct running running; /* its entry, which has descriptors if there is one */
	struct store store;	/* where plan_uses_store */
	size_t *layers;		/* index in store.trees, one a copy-on-write tree of the plan */
	int groups;		/* directory in which PID 1 makes the sandbox's cgroup; or -1 */
	const char *group_name, *group_path;
	bool timed_out;		/* RuntimeMaxSec= has passed */
	int64_t deadline;	/* of it, by clock_now(); then of the grace. STR_INFINITY: none */
	int64_t enter_at;	/* when it is entered among those that run; likewise */
	struct output output;	/* of a program that does not have the caller's descriptors */
	struct control control; /* who comes while it runs */
	int overlays, overlays_inside; /* mounts of fuse-overlayfs go over this pair to PID 1 */
	int user_namespace;	 /* of the sandbox, where other ids' files may be left; or -1 */
	struct network *network; /* of its own; NULL: it has none */
	struct server *servers;	 /* fuse-overlayfs, one a tree that has it */
	size_t n_servers;
};

/* A process that serves the sandbox: cell.h. */
struct server {
	const char *name; /* of fuse-overlayfs: the path of the tree */
	pid_t pid;	  /* 0: none */
	int process;	  /* pidfd: readable when it has ended */
	int errors;	  /* what it says on standard error */
};

/* Of a sandbox that may be kept, beside the status of its program. */
struct sandbox_request {
	const char *name;	  /* NULL: one is made up */
	const char *cwd;	  /* where it was started */
	const char *const *words; /* the options, for another run */
	size_t n_words;
	const char *const *run_words; /* and those of this one, which may have more behind these */
	size_t n_run_words;
	/* Of one in the background: its program runs, and it has this name. */
	void (*started)(void *context, const char *name);
	void *context;
};
struct outcome {
	const char *kept;      /* its name; NULL: nothing is left of it */
	size_t changes, trees; /* that have changes */
	const char *tree;      /* the last one's path */
	int64_t wall;	       /* microseconds from the program's start to its end */
	bool has_group; /* usage is what the cgroup says; else what could be learned of processes */
	bool timed_out; /* RuntimeMaxSec= has passed */
	struct err
		no_group; /* why there is none, though optional limits want it; else text is empty */
	int refused[KEY_COUNT]; /* see struct progress */
	struct usage usage;
	bool interrupted; /* the program was ended by Ctrl-C: see run_die_likewise */
	struct err store; /* what went wrong behind the program's end; text empty: nothing */
	const struct refused
		*connections; /* that its network has refused; NULL: it had none of its own */
	const char *network;  /* what has ended of it before the program; NULL: nothing */
	struct err unlisted;  /* why it was not among those that run; likewise */
};

extern const struct step launch_steps[];
extern const size_t launch_rows;

/*
 * Runs the plan to its end. Returns the exit status that sandbox should have: the program's own, or
 * 128+N. -1 and an error (with its exit status in e->code) when the program has not been started.
 */
int run_plan(const struct plan *plan, const struct sandbox_request *request, struct outcome *ret,
	     struct err *e);
/*
 * Ctrl-C went to the program alone. A shell that runs us in a loop or a script ends that only if it
 * sees us die of it too.
 */
void run_die_likewise(int signal);

/*
 * enter.c: makes this process root over what the ids of a sandbox own, in a user namespace of its own
 * with the same maps; nothing of the host's that its user may not change becomes writable. Only for a
 * process with a single thread, and for good.
 */
int run_enter_ids(const struct plan_identity *id, struct err *e);

/* Descriptors 0, 1 and 2 exist, none is a directory of the host, and all others close on exec. */
int run_open_standard(void *context, struct err *e);

/* idmap.c: the maps of the user namespace in which process `pid` is. */
int idmap_write(const struct plan_identity *id, pid_t pid, const sigset_t *mask, struct err *e);
/* overlay.c: steps of the launch. */
int overlay_begin(void *context, struct err *e);
void overlay_end(void *context);
int overlay_serve(void *context, struct err *e);
/* Until PID 1, which has been killed, is gone; it may have to wait for fuse-overlayfs. */
void overlay_await_init(struct launch *l);
int overlay_record(void *context, struct err *e);
int overlay_tidy(void *context, struct err *e);
/* -1 and an error that says so: the process has ended while the program runs. */
int overlay_died(struct pool *pool, const struct server *server, const char *when, struct err *e);
/* -1. What failed inside may have failed because such a process has ended: then its reason is the one to give. */
int overlay_reason(const struct launch *l, struct err *e);
/* group.c: steps of the launch. */
int group_begin(void *context, struct err *e);
void group_end(void *context);
int group_sweep(void *context, struct err *e);
/* Until PID 1 has made the group; its descriptor, or -1 and an error. */
int group_await(struct launch *l, struct err *e);
/* Memory was short, and the kernel has ended all of it. */
bool group_was_killed(const struct launch *l);
/* registry.c: steps of the launch; and what enters a sandbox that runs. */
int registry_claim(void *context, struct err *e);
void registry_leave(void *context);
int registry_list(void *context, struct err *e);
int registry_announce(void *context, struct err *e);
void registry_enter(struct launch *l);
/* git.c: steps of the launch. */
int git_remember(void *context, struct err *e);
void git_put_right(void *context);
/* launch.c: what PID 1 says of its own failure, if it has failed; then that is the reason to give. */
bool launch_child_reason(const struct launch *l, struct err *e);
/* supervise.c */
/* A signal that ends us has come, and nobody has read it yet. */
bool run_is_to_end(void);
/* What is paused goes on: it could not end where its fuse-overlayfs is paused with it. */
void run_thaw(const struct launch *l);
/* until the program has ended; its wait status. */
int supervise(struct launch *l, struct err *e);
