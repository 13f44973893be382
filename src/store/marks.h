/* SPDX-License-Identifier: MIT */
/*
 * Marks of the overlays (see layer.h), as we leave them ourselves when a part of what a layer hides is
 * committed or discarded.
 */
#pragma once

#include "store/layer.h"

/* Makes `name` in the open directory `dir` of a layer a deleted one. -1 and errno, as the others. */
int mark_whiteout(int dir, const char *name, bool fuse);
int mark_opaque(int dir, bool fuse);
/* 1, 0, or -1 and errno. */
int mark_is_opaque(int dir, bool fuse);
/* Whether an entry of this name makes the directory it is in an opaque one. */
bool mark_is_opaque_entry(const char *name, bool fuse);
/*
 * Makes an opaque directory an ordinary one in which the same is seen: what the host has in `host`
 * (-1: no directory) gets a whiteout each. At no moment is anything else seen, so this needs no
 * journal. The directory `layer` is open for reading.
 */
int mark_explicitly(struct pool *pool, int host, int layer, bool fuse);
/* Takes the overlay's own attributes away from `name`, before it goes to the host. */
int mark_strip(int dir, const char *name);
