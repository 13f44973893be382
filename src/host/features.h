/* SPDX-License-Identifier: MIT */
/* What this host offers, one row a thing; for `doctor`, and for the hint when namespaces cannot be made. */
#pragma once

#include "base/pool.h"
#include "host/host.h"

enum feature_state { FEATURE_OK, FEATURE_WARNING, FEATURE_MISSING };

struct feature {
	const char *name;	 /* static */
	enum feature_state state;
	const char *found;	 /* what is there */
	const char *remedy;	 /* the one command that mends it, or NULL */
};
typedef vec_of(struct feature) feature_vec;

void features_probe(struct pool *pool, const struct host *h, feature_vec *ret);
/* The likeliest reason why clone3(2) with namespaces failed with this errno. Static text. */
const char *features_namespace_hint(int error);
