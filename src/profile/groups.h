/* SPDX-License-Identifier: MIT */
/*
 * Groups of system calls for SystemCallFilter=, named as systemd.exec(5) names them. Their members
 * are our own choice (groups.c says where and why they differ).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct group {
	const char *name;    /* with its '@' */
	const char *doc;     /* one line */
	const char *members; /* calls and other groups, a blank between two */
};

/* NULL beyond the last one. */
const struct group *group_at(size_t i);
/* By name, with its '@'; NULL if there is none. */
const struct group *group_find(const char *name);
/*
 * The next word of a list of members, which is not terminated; NULL at the end. Starts with *at =
 * members.
 */
const char *group_next(const char **at, size_t *ret_len);
/* Whether a call is a member of any group. */
bool group_has_call(const char *name);
