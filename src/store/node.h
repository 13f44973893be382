/* SPDX-License-Identifier: MIT */
/* One thing that stands at a path: read, and compared with another. Nothing here follows a link. */
#pragma once

#include "store/change.h"

struct node_name {
	const char *name;
	unsigned char type; /* DT_*; DT_UNKNOWN on some file systems */
};
typedef vec_of(struct node_name) node_name_vec;
/* All entries of an open directory but `.` and `..`, sorted by strcmp. */
int node_list(struct pool *pool, int dir, node_name_vec *ret);

/*
 * `name` in the directory `dir`; "" is the directory itself. 0, also for what is not there
 * (NODE_NONE); -1 and errno. The target of a link is from `pool`.
 */
int node_read(struct pool *pool, int dir, const char *name, struct node *ret);

/*
 * Extended attributes that count: a program's own, access control lists, capabilities. Not those in
 * which an overlay keeps its own matters, nor what the host gives by place (security.selinux).
 */
bool node_xattr_counts(const char *name);
/* Copies those from one open file or directory to another, as far as its file system takes them; an
 * O_PATH descriptor has none. -1 and errno. */
int node_copy_xattrs(int from, int to);
/* 1: the same names with the same values; 0; -1 and errno. */
int node_same_xattrs(int a, int b);
/* Whether an open file has any. */
bool node_has_xattrs(int fd);
/* Whether the file `name` in `dir` has file capabilities. */
bool node_has_capability(int dir, const char *name);

/* The regular file `name` in `dir`, for reading; -1 and errno (EINVAL: it is another thing now). */
int node_open_file(int dir, const char *name);
/* As many of `size` bytes as there are at `at`; -1 and errno. */
ssize_t node_read_at(int fd, char *buffer, size_t size, off_t at);
/* Content of two files of `size` bytes; holes in both are not read. 1, 0, or -1 and errno. */
int node_same_content(int a, int b, off_t size);
