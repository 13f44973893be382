/* SPDX-License-Identifier: MIT */
/* What a sandbox has used, as the files of its cgroup say it: cgroup-v2.rst. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Each -1 where it is not known: the file came with a later kernel, or the controller is not there. */
struct usage {
	int64_t user, system; /* processor time, microseconds */
	int64_t throttled;    /* microseconds in which processes waited for CPUQuota= */
	int64_t memory, memory_peak, swap_peak; /* bytes */
	int64_t memory_kills;  /* processes that were ended because of MemoryMax= */
	int64_t memory_slowed; /* times that MemoryHigh= slowed one down */
	int64_t tasks, tasks_peak, tasks_refused; /* the last: times that TasksMax= refused one */
	int64_t read, written;			  /* bytes, of all disks */
	bool of_largest; /* memory_peak is that of the largest process, not of all together */
};

extern const struct usage usage_unknown;
/*
 * From the directory of a group, which is open, what the files of these controllers (a set of enum
 * controller) tell; the rest stays as it is. Of memory only whether it was short, and if so the peaks,
 * unless all controllers are asked for.
 */
void usage_read(int group, uint32_t controllers, struct usage *ret);
/* What is not known yet, from the children of this process that have been waited for: getrusage(2). */
void usage_of_children(struct usage *ret);
