// SPDX-License-Identifier: MIT
// The verdict of a probe: 0 = the attack worked, 1 = it was refused, 2 = the probe itself is
// broken.
#ifndef PROBE_H
#define PROBE_H

#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKED = 0, REFUSED = 1, BROKEN = 2 };

static inline _Noreturn void verdict(int code, const char *fmt, ...)
{
	static const char *const word[] = {"worked", "refused", "broken"};
	va_list ap;

	printf("%s: ", word[code]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	exit(code);
}

// The verdict of one call: ret >= 0 means that the attack worked.
static inline _Noreturn void verdict_call(long ret, const char *what)
{
	if (ret >= 0)
		verdict(WORKED, "%s", what);
	verdict(REFUSED, "%s: %s", what, strerror(errno));
}

static inline const char *need_arg(int argc, char **argv, int n)
{
	if (n >= argc)
		verdict(BROKEN, "argument %d is missing", n);
	return argv[n];
}

#endif
