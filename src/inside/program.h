/* SPDX-License-Identifier: MIT */
/* The steps of the program's own process, between vfork and exec: see the theory of operation in
 * inside.c. */
#pragma once

#include "base/err.h"
#include "base/seccomp.h"

/* group.c */
int program_cgroup_namespace(void *context, struct err *e);
/* program.c */
int program_descriptors(void *context, struct err *e);
int program_group(void *context, struct err *e);
int program_ids(void *context, struct err *e);
int program_directory(void *context, struct err *e);
int program_capabilities(void *context, struct err *e);
int program_no_new_privs(void *context, struct err *e);
int program_filter(void *context, struct err *e);
/* `what` it is of, for messages; none without instructions. */
int program_load_filter(const struct bpf *filter, const char *what, struct err *e);
int program_exec(void *context, struct err *e);
