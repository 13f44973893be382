/* SPDX-License-Identifier: MIT */
/*
 * Steps that are done in the order of a table and undone backwards. The order in the array is the
 * order in the world: no priorities, no registration.
 *
 * A failing apply cleans up its own half; the runner then undoes the rows before it. Undo never
 * fails: it does what it can and goes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct plan;

struct step {
	const char *name;
	bool (*wanted)(const struct plan *plan); /* NULL: always */
	int (*apply)(void *context, struct err *e);
	void (*undo)(void *context); /* NULL: nothing lasts */
};

/*
 * Runs the rows that are wanted. *at follows the row being done (a word that another process may be
 * reading, so that it can name the step in which this one died). On failure everything done is
 * undone, and -1 is returned; e->step names the row, unless the row has named a step of its own
 * (the child's).
 */
int steps_run(const struct step *rows, size_t n, const struct plan *plan, void *context,
	      volatile size_t *at, struct err *e);
/* Undoes the first `done` rows, last one first. */
void steps_undo(const struct step *rows, size_t done, const struct plan *plan, void *context);
