/* SPDX-License-Identifier: MIT */
/* Making layers; what opens them is in store.h. */
#pragma once

#include "store/store.h"

/*
 * Directories for the layer of a tree, and what tells its root on the host (dev, ino, born). The layer's
 * root is what will be seen at the tree's: it gets the same mode, times and access control lists.
 */
int tree_make_layer(struct store *s, size_t tree, struct err *e);
