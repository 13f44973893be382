/* SPDX-License-Identifier: MIT */
/*
 * What can stand in a profile: one row a key in keys.inc. The same rows give the parser, `profile
 * keys`, the check of the man page, the options' targets and `explain`, so that none of them can
 * drift.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum key_type {
	/* scalars: a later file replaces an earlier one's value; twice in one file is an error */
	TYPE_TEXT,
	TYPE_BOOL,
	TYPE_CHOICE,
	TYPE_SIZE, /* bytes, or a percentage of the memory */
	TYPE_PERCENT,
	TYPE_TIME,
	TYPE_NUMBER,
	TYPE_OCTAL,
	TYPE_ERRNO,
	TYPE_PATH,
	TYPE_ROOT,	/* host, empty or a path */
	TYPE_RATE_PAIR, /* RATE [RATE] */
	/* lists: a later file appends; an empty value clears what came before */
	TYPE_WORDS,
	TYPE_PATHS,
	TYPE_BINDS,  /* SRC:DST[:ro] */
	TYPE_TMPFS,  /* PATH[:SIZE] */
	TYPE_RATES,  /* PATH RATE: one an assignment */
	TYPE_CPUS,   /* N, N-M, several with commas or spaces */
	TYPE_FILTER, /* words of SystemCallFilter */
	TYPE_FAMILIES,
	TYPE_CAPS,
	TYPE_NAMES, /* environment names, * allowed */
	TYPE_ASSIGNMENTS,
	TYPE_KEYS,
	TYPE_HOSTS, /* these two: net_word.h */
	TYPE_PORTS,
};

enum key_id {
#define KEY(id, section, name, type, syntax, doc) KEY_##id,
#include "profile/keys.inc"
#undef KEY
	KEY_COUNT,
};

struct key {
	const char *section, *name;
	enum key_type type;
	const char *syntax; /* choices as a|b|c, or a placeholder */
	const char *doc;    /* one line */
};
extern const struct key keys[KEY_COUNT];

bool key_is_list(enum key_id id);
/* The key, or -1. `section` may be NULL: any. */
int key_find(const char *section, const char *name);
bool key_section_exists(const char *section);
/* What the author may have meant, or NULL. */
const char *key_nearest(const char *section, const char *name);
const char *key_nearest_section(const char *section);
