/* SPDX-License-Identifier: MIT */
/* From decisions about changes to operations. */
#pragma once

#include "store/apply.h"
#include "store/commit.h"

/*
 * Fills w->journal:
 *
 *	what the host loses	children before their directories
 *	what it gets		directories before what goes into them
 *	the layer		what is pending no more leaves it: whole directories where nothing
 *				below stays pending, single entries in the others
 *	times			of all directories in which that changes entries
 *
 * Looks at both sides, and changes nothing.
 */
int operations_build(const struct commit *c, struct work *w, struct err *e);
/*
 * What has to be there before the first operation: results of merges, directories for OP_RAISE, and
 * explicit marks in the place of opaque ones. None of it changes what is seen in the layer. Then the
 * operations know what they put.
 */
int operations_prepare(const struct commit *c, struct work *w, struct err *e);
