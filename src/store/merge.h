/* SPDX-License-Identifier: MIT */
/* Lines of the host and of the sandbox in one file, by diff3(1). */
#pragma once

#include "store/change.h"

/*
 * 1 and the text: merged; 0 and the reason: it cannot be; -1. Only regular files whose first content
 * was kept (change->saved) can.
 */
int merge_change(struct store *s, const struct change *c, const char **text, size_t *length,
		 const char **reason, struct err *e);
