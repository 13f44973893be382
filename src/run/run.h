/* SPDX-License-Identifier: MIT */
/* The host side of a run. */
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <termios.h>

#include "base/step.h"
#include "inside/inside.h"
#include "plan/plan.h"

/*
 * Gathers what the profile makes worth knowing about the host, and plans. Looks, changes nothing.
 * `argv` may be empty. Everything is in the profile's pool.
 */
int run_prepare(const struct profile *profile, struct host *host, const char *const *argv,
		struct plan *ret, struct err *e);

/* The state of one launch; zeroed, then filled by the steps. */
struct launch {
	const struct plan *plan;
	struct bpf names, arguments;
	sigset_t mask;		       /* as the caller had it */
	struct sigaction child_action; /* likewise, of SIGCHLD */
	int signals;		       /* signalfd */
	int terminal;		       /* /dev/tty, or -1 */
	bool foreground;	       /* the program's process group has the terminal */
	struct termios modes;	       /* of the terminal, before */
	bool has_modes;
	bool had_terminal; /* when it started, our process group had it */
	bool killed;	   /* the program ended by a signal, or we do not know how */
	int channel, channel_inside;
	struct progress *progress;
	struct git_state *git; /* one a directory of plan->git_dirs */
	struct inside inside;
	pid_t pid; /* PID 1, as seen from here; 0: none */
};

extern const struct step launch_steps[];
extern const size_t launch_rows;

/*
 * Runs the plan to its end. Returns the exit status that sandbox should have: the program's own, or
 * 128+N. -1 and an error (with its exit status in e->code) when the program has not been started.
 */
int run_plan(const struct plan *plan, struct err *e);

/* idmap.c: the maps of the user namespace in which process `pid` is. */
int idmap_write(const struct plan_identity *id, pid_t pid, const sigset_t *mask, struct err *e);
/* git.c: steps of the launch. */
int git_remember(void *context, struct err *e);
void git_put_right(void *context);
/* supervise.c: until the program has ended; its wait status. */
int supervise(struct launch *l, struct err *e);
