/* SPDX-License-Identifier: MIT */
/* What executed_later (change.h) cannot tell from a path alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A directory of this name is looked for by programs of the host: a link in its place leads them to files
 * whose own paths say nothing.
 */
bool executed_through(const char *absolute_path);
/*
 * Git takes a directory with HEAD, objects and refs for a repository, whatever its name, and runs what
 * its configuration and hooks say. If `path` is a part of that in some directory above it: the length of
 * that directory's path. The next one up is found by calling again with `below` that length; begin with
 * SIZE_MAX. -1: none.
 */
ssize_t executed_repository(const char *path, size_t below);
