/* SPDX-License-Identifier: MIT */
/* Removal of directories that somebody else has filled. */
#pragma once

#include "store/store.h"

/*
 * Removes `name` in `dir`, and all below it if it is a directory: whatever its depth and its modes,
 * never through a link. What is not there is no error. Goes on when something cannot be removed; the
 * error is the first of them. `what` begins the message.
 */
int remove_below(int dir, const char *name, const char *what, struct err *e);
