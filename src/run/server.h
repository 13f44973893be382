/* SPDX-License-Identifier: MIT */
/* Processes of fuse-overlayfs. */
#pragma once

#include "run/run.h"

/* Starts one for tree `i` of the plan. Its mount, or what went wrong, goes to PID 1. */
int server_start(struct launch *l, size_t i, int group, struct server *ret, struct err *e);
/*
 * standins.c: puts those below `path` into the layer of this tree, unless the program has replaced them
 * or what is above them. As root of the sandbox's user namespace; only one process at a time. `tree` is
 * the tree on the host, the other two are the layer's directories.
 */
int standins_place(const host_standin_vec *standins, const char *path, int tree, int upper,
		   int work, struct err *e);
