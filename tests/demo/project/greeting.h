/* SPDX-License-Identifier: MIT */
/* What the program says. */
#pragma once

/* Writes a greeting for `name` into `text`; returns its length, or -1 if it does not fit. */
int greeting_format(char *text, unsigned long size, const char *name);
