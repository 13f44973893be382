/* SPDX-License-Identifier: MIT */
/* What the rows of `doctor` share; for features*.c only. */
#pragma once

#include "host/attempt.h"
#include "host/features.h"

enum { PROGRAMS = 6 };

struct probe {
	struct pool *pool;
	struct host host; /* with the subordinate ids */
	struct attempt tries[ATTEMPT_COUNT];
	struct attempt programs[PROGRAMS];
	struct attempt target, newuidmap, newgidmap;
	bool confined; /* we are in a sandbox: what root could do on the host does not help here */
	const char *group; /* of the row being added */
	feature_vec *rows;
};

/* A row. The remedy is root's to give; of the second one, the caller's. */
void probe_add(struct probe *p, const char *name, enum feature_state state, const char *found,
	       const char *remedy);
void probe_add_own(struct probe *p, const char *name, enum feature_state state, const char *found,
		   const char *remedy);
/* Of the last row: what is refused for the want of it. */
void probe_refuses(struct probe *p, const char *what);
/* The command that installs a package, by the name that Debian has for it. */
const char *probe_install(struct probe *p, const char *debian, const char *fedora,
			  const char *arch);
/* All of a small or middle-sized file; empty if it cannot be read. */
char *probe_read(struct probe *p, const char *path);
/* A setting of sysctl(8), or NULL if the kernel has none of that name. */
const char *probe_sysctl(struct pool *pool, const char *name);
/* The command that changes it now and for good. */
const char *probe_set_sysctl(struct probe *p, const char *name, const char *value);

/* Why user namespaces are closed to us. */
enum obstacle {
	OBSTACLE_UNKNOWN,
	OBSTACLE_CHROOT,
	OBSTACLE_CLONE_SYSCTL,
	OBSTACLE_APPARMOR,
	OBSTACLE_SANDBOX,
	OBSTACLE_FILTER,
	OBSTACLE_LIMIT,
	OBSTACLE_PROCESSES,
	OBSTACLE_KERNEL,
};
enum obstacle obstacle_find(int error);
const char *obstacle_text(enum obstacle obstacle);

/* features_kernel.c */
void probe_linux(struct probe *p);
void probe_calls(struct probe *p);
void probe_filter(struct probe *p);
void probe_landlock(struct probe *p);
void probe_overlay(struct probe *p);
void probe_settings(struct probe *p);
void probe_user_namespaces(struct probe *p);
void probe_other_namespaces(struct probe *p);
void probe_proc(struct probe *p);
/* features_tools.c */
void probe_start_programs(struct probe *p);
void probe_end_programs(struct probe *p, int64_t deadline);
void probe_ranges(struct probe *p);
void probe_mappers(struct probe *p);
void probe_devices(struct probe *p);
void probe_programs(struct probe *p);
/* features_cgroups.c */
void probe_cgroups(struct probe *p);
void probe_manager(struct probe *p);
