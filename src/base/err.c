/* SPDX-License-Identifier: MIT */
/* The error that travels up: see err.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

__attribute__((format(printf, 3, 0))) static void err_format(struct err *e, int error,
							     const char *fmt, va_list ap)
{
	e->code = 125;
	e->error = error;
	e->located = 0;
	e->hint[0] = '\0';
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	/* One line, and nothing that drives a terminal; who wants to show such a name makes it safe before. */
	for (char *c = e->text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_format(e, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *e, const char *fmt, ...)
{
	int error = errno;
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	err_format(e, error, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(error));
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}
