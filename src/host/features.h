/* SPDX-License-Identifier: MIT */
/* What this host offers: for `doctor`, and for the hint when namespaces cannot be made. */
#pragma once

#include "base/pool.h"
#include "host/host.h"

enum feature_state {
	FEATURE_OK,
	FEATURE_WARNING, /* something is lost, but sandboxes run */
	FEATURE_MISSING, /* something that this version does cannot be done */
};

struct feature {
	const char *group, *name; /* static */
	enum feature_state state;
	const char *found;   /* what is there */
	const char *remedy;  /* the one command that mends it, or NULL */
	bool as_root;	     /* the remedy needs root */
	const char *refused; /* what is refused for the want of it, or NULL; sandboxes run */
};
typedef vec_of(struct feature) feature_vec;

/* Tries things in children, and ends within seconds even if they do not. Groups stay together. */
void features_probe(struct pool *pool, const struct host *h, feature_vec *ret);
const char *feature_state_name(enum feature_state state);
/* Whether there is a clone3(2), which every launch needs: a filter around us may forbid it, and other
 * things that fail then would not tell why. */
int features_check_clone(struct err *e);
/* The likeliest reason why clone3(2) with namespaces failed with this errno. Static text. */
const char *features_namespace_hint(int error);
