/* SPDX-License-Identifier: MIT */
/* What the processes of a sandbox use, where no cgroup counts it. */
#pragma once

#include <sys/types.h>

#include "inside/usage.h"

/*
 * What is not known yet of processor time, memory, tasks and bytes, from /proc of all processes below PID 1
 * of a sandbox, which is not counted itself. Memory that several of them share counts for each. Returns
 * whether something was learned.
 */
bool processes_usage(pid_t init, struct usage *ret);
