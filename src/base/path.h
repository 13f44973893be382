/* SPDX-License-Identifier: MIT */
/* Paths as text. Nothing here looks at a file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

/*
 * An absolute path from `path` (relative ones below `base`): no double slash, no `.`, no slash at
 * the end.
 * `..` is kept where it stands: only the file system knows what it means behind a symbolic link.
 */
char *path_join(struct pool *p, const char *base, const char *path);
/* True for the directory itself and all below it. Both normal and absolute. */
bool path_within(const char *path, const char *dir);
bool path_has_dotdot(const char *path);
const char *path_name(const char *path); /* last component */
/* Order in which parents come before what is below them: `/a`, `/a/b`, `/a-b`. */
int path_compare(const char *a, const char *b);
