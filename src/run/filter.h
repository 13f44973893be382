/* SPDX-License-Identifier: MIT */
/* The two compiled filter programs of a sandbox, from the cache where possible. */
#pragma once

#include "plan/filter.h"

/*
 * Load `ret_args` first and `ret_names` last, and neither if it has no instructions. Of an
 * allow-list everything is in `ret_names`, which need not let seccomp(2) through; beside an OCI
 * file, or without a list, the arguments have a program of their own.
 *
 * `cache_dir` is made if it is missing (0700, with its parents); NULL: no cache. A cache that
 * cannot be read, written or trusted is not an error, it only costs the time of compiling.
 */
int filter_get(const struct filter_spec *spec, const char *cache_dir, struct bpf *ret_names,
	       struct bpf *ret_args, struct err *e);
