/* SPDX-License-Identifier: MIT */
/*
 * Where things go in a layer when they are taken back. A commit that is taken back at once finds the
 * layer as it left it. At an undo the sandbox may have run again, or changes may have been discarded
 * since: then the layer shows what the program has seen last, and that stays so. Directories that are
 * missing are made; what the layer has of its own, or hides, is left alone.
 */
#pragma once

#include "store/apply.h"

/* 1: *dir and *name for the path of `op`; 0: the layer decides by itself what is seen there; -1. */
int place_in_layer(struct work *w, const struct op *op, int *dir, const char **name, struct err *e);
/* At an undo: the layer shows nothing at the path of `op`, though the host has something there again. */
int place_whiteout(struct work *w, const struct op *op, struct err *e);
/* At an undo: the layer has a directory at the path of `op`; a new one is like the host's. */
int place_directory(struct work *w, const struct op *op, struct err *e);
/* The directory in slot lI goes back to its place in the layer, or, where one is by now, all of it that
 * this does not have. */
int place_back(struct work *w, size_t i, struct err *e);
