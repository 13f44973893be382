/* SPDX-License-Identifier: MIT */
/*
 * What failed, on which object, why, and the cure when we know it.
 *
 * Every function below cli that can fail returns 0 or -1 and fills the caller's `struct err`. The
 * bottom says what failed on which object; the step runner adds the step; main prints it once.
 * Nothing here allocates, so that an error can be reported from a child that shares memory with its
 * parent.
 */
#pragma once

struct err {
	int code;	  /* exit status that fits: 125 unless set otherwise */
	int error;	  /* errno at the time, 0 if there was none */
	int located;	  /* the text begins with FILE:LINE */
	const char *step; /* the step of the launch that failed, or NULL; a static string */
	char text[1024];  /* "WHAT: WHY"; or "FILE:LINE: WHY" */
	char hint[512];	  /* the cure, without parentheses; empty when unknown */
};

/* Each returns -1, so that a caller can write `return err_set(e, ...)`. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, and appends ": " and the text of the current errno. */
int err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds the cure to what has been set; returns -1. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
