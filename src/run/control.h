/* SPDX-License-Identifier: MIT */
/*
 * What is done from outside to a sandbox that runs: to pause it, to let it go on, to end it.
 *
 * Its launcher takes part only as it does anyhow: it passes SIGTERM on; it stops and goes on with its
 * program; it settles everything when PID 1 says that the program was killed. So whoever may signal its
 * processes needs no word with it, and no process is signalled but through a pidfd.
 */
#pragma once

#include "store/running.h"

/* The directory of its cgroup; -1: it has none, or that is not to be seen from here. */
int control_group(const struct running *r);

/* By control_pause, or stopped by the user as any job is (Ctrl-Z). */
bool control_is_paused(const struct running *r);
/* Until nothing of it runs; *ret_by_group: by its cgroup, else each process has got SIGSTOP. */
int control_pause(const struct running *r, bool *ret_by_group, struct err *e);
int control_resume(const struct running *r, struct err *e);

/* SIGTERM, as from the user's terminal; one that is paused goes on. `launcher` is a pidfd. */
int control_terminate(const struct running *r, int launcher, struct err *e);
/*
 * SIGKILL for the program, of which PID 1 takes everything else along and tells the launcher. Has to be
 * repeated until the launcher has ended: what is stopped can be stopped again.
 */
void control_kill(const struct running *r);
