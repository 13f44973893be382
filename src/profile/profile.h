/* SPDX-License-Identifier: MIT */
/*
 * What the author wrote: text to settings, each of which remembers where it stands.
 *
 * A profile is made by applying layers in order: the files that Inherit= names, left to right and
 * each only once, then the file itself, then the options of the command line. A scalar replaces, a
 * list appends, an empty value clears.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "profile/keys.h"

struct origin {
	const char *file; /* or the option: "--rw" */
	int line;	  /* 0: an option, its value is one word; -1: --set, words as in a file */
};
static inline bool origin_is_option(struct origin at)
{
	return at.file && at.line <= 0;
}
/* "FILE:LINE" or "--rw"; from the pool. */
const char *origin_text(struct pool *p, struct origin at);

struct value {
	const char *text; /* without the '-' of an optional path */
	struct origin at;
	bool optional;	/* a path that may be missing */
	int64_t number; /* TYPE_RATES: bytes per second; text is the path */
	size_t order; /* among all values of the profile: a later one has the last word on a path */
};

struct setting {
	bool set;
	struct origin at; /* of the scalar, or of the last change to the list */
	const char *text; /* scalar as written */
	int64_t number;	  /* bool 0/1, choice's index, bytes, microseconds, errno; percentages as
			     below */
	bool is_percent;  /* TYPE_SIZE: number is hundredths of a per cent */
	vec_of(struct value) list;
};

struct profile {
	struct pool *pool;	    /* the caller's; everything below lives in it */
	const char *name;	    /* as it was named */
	vec_of(const char *) files; /* in the order in which they were applied */
	struct setting s[KEY_COUNT];
	size_t values; /* set so far */
};

enum {
	PROFILE_MAX_BYTES = 1024 * 1024,
	PROFILE_MAX_DEPTH = 16,
};

void profile_init(struct profile *p, struct pool *pool);
/*
 * Loads NAME from the first of `dirs` (NULL-terminated) that has NAME.profile, or the file itself
 * if `name` has a slash, with all that it inherits. A file that inherits its own name means the
 * next one in the search order.
 */
int profile_load(struct profile *p, const char *name, const char *const *dirs, struct err *e);
/* One layer from text; `inherit` is called for each name of Inherit= before anything of this text
 * is applied. */
struct profile_text {
	const char *text;
	size_t length;
	const char *file;
	int (*inherit)(struct profile *p, const char *name, struct origin at, void *context,
		       struct err *e);
	void *context;
};
int profile_parse(struct profile *p, const struct profile_text *t, struct err *e);
/* One assignment, checked as one from a file is. The text must live as long as the profile. */
int profile_set(struct profile *p, enum key_id id, const char *text, struct origin at,
		struct err *e);
/* The names of all profiles found in `dirs`, sorted, each with the file that counts. */
struct profile_entry {
	const char *name, *path;
};
typedef vec_of(struct profile_entry) profile_entry_vec;
int profile_list(struct pool *pool, const char *const *dirs, profile_entry_vec *ret, struct err *e);

/* An error that names where: "FILE:LINE: ..." */
int profile_err(struct profile *p, struct origin at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Effective values. A key that is not set has the default given. */
static inline int64_t profile_number(const struct profile *p, enum key_id id, int64_t unset)
{
	return p->s[id].set ? p->s[id].number : unset;
}
static inline const char *profile_text_of(const struct profile *p, enum key_id id,
					  const char *unset)
{
	return p->s[id].set ? p->s[id].text : unset;
}

enum choice_root { ROOT_HOST, ROOT_EMPTY, ROOT_PATH };
enum choice_overlay { OVERLAY_AUTO, OVERLAY_KERNEL, OVERLAY_FUSE };
enum choice_keep { KEEP_AUTO, KEEP_YES, KEEP_NO };
enum choice_git { GIT_ALL, GIT_YES, GIT_NO };
enum choice_landlock { LANDLOCK_AUTO, LANDLOCK_REQUIRED, LANDLOCK_NO };
enum choice_identity { IDENTITY_SELF, IDENTITY_ROOT, IDENTITY_SEPARATE };
enum choice_network { NETWORK_NONE, NETWORK_PRIVATE, NETWORK_HOST };
enum choice_driver { DRIVER_SLIRP, DRIVER_PASTA };
