/* SPDX-License-Identifier: MIT */
/* What the program says: see greeting.h. */
#include <stdio.h>

#include "greeting.h"

int greeting_format(char *text, unsigned long size, const char *name)
{
	int n = snprintf(text, size, "Hello, %s. This program was compiled and works.", name);

	return n < 0 || (unsigned long)n >= size ? -1 : n;
}
