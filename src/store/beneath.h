/* SPDX-License-Identifier: MIT */
/*
 * Directories below a root, reached from its descriptor and through no link. Paths come sorted, so the
 * directory of the last one is mostly that of the next, and stays open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether `path` is `dir` or below it; both relative to the root, which is "". */
bool beneath_within(const char *path, const char *dir);

struct beneath {
	int root;
	int fd; /* the directory that `path` begins with, or -1 */
	const char *path;
	size_t length;
};

/*
 * Descriptor (O_PATH) of the directory that `path` is an entry of, for as long as this is not called
 * again; *name is the entry. `path` must outlive that. -1 and errno: ELOOP or ENOTDIR where a
 * directory has been replaced.
 */
int beneath_parent(struct beneath *b, const char *path, const char **name);
/* A new descriptor of the directory `path`, to read and to change it; "" is the root. */
int beneath_open(const struct beneath *b, const char *path);
/* What beneath_parent would give for `path` is `fd`, which belongs to b from now on. */
int beneath_keep(struct beneath *b, const char *path, int fd, const char **name);
/* To be called when a directory was moved or removed; and at the end. The root stays open. */
void beneath_forget(struct beneath *b);
