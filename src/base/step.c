/* SPDX-License-Identifier: MIT */
/* The runner of step tables: see step.h. */
#include "base/step.h"

static bool step_wanted(const struct step *s, const struct plan *plan)
{
	return !s->wanted || s->wanted(plan);
}

void steps_undo(const struct step *rows, size_t done, const struct plan *plan, void *context)
{
	while (done-- > 0) {
		if (rows[done].undo && step_wanted(&rows[done], plan))
			rows[done].undo(context);
	}
}

int steps_run(const struct step *rows, size_t n, const struct plan *plan, void *context,
	      volatile size_t *at, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		*at = i;
		if (!step_wanted(&rows[i], plan) || rows[i].apply(context, e) == 0)
			continue;
		if (!e->step)
			e->step = rows[i].name;
		steps_undo(rows, i, plan, context);
		return -1;
	}
	*at = n;
	return 0;
}
