/* SPDX-License-Identifier: MIT */
/* The processes of a sandbox; and what they use, where no cgroup counts it. */
#pragma once

#include <sys/types.h>

#include "base/pool.h"
#include "host/process.h"
#include "inside/usage.h"

typedef vec_of(struct process) process_vec;

/*
 * The children of PID 1 of a sandbox, those that have ended and are not waited for too; `deep`: and all below
 * them, each behind the one that made it. -1: PID 1 is gone, or this kernel does not tell
 * (CONFIG_PROC_CHILDREN).
 */
int processes_below(struct pool *p, pid_t init, bool deep, process_vec *ret);

/*
 * What is not known yet of processor time, memory, tasks and bytes, from /proc of all processes below PID 1
 * of a sandbox, which is not counted itself. Memory that several of them share counts for each. Returns
 * whether something was learned.
 */
bool processes_usage(pid_t init, struct usage *ret);
