/* SPDX-License-Identifier: MIT */
/* What executed_later (change.h) cannot tell from a path alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

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
/*
 * A link of a home, `~/.bashrc -> dotfiles/bashrc`, that leads into one of the trees, or to a directory
 * with a tree in it: what the host finds at `target` and below it, it runs under the link's name.
 */
struct executed_link {
	const char *name, *target;
};
typedef vec_of(struct executed_link) executed_link_vec;
/* All of s->homes. Where a link leads through others, each place on the way is a target. */
int executed_links(const struct store *s, executed_link_vec *ret, struct err *e);
