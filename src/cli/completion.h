/* SPDX-License-Identifier: MIT */
/* What the scripts of `sandbox completion` have in common: see completion.c. */
#pragma once

#include <stdio.h>

#include "base/str.h"
#include "cli/store.h"

enum value_kind {
	VALUE_NONE,
	VALUE_CHOICES,
	VALUE_PROFILE,
	VALUE_PATH,
	VALUE_DIRECTORY,
	VALUE_VARIABLE,
	VALUE_KEY,
	VALUE_KEPT,    /* the name of a sandbox */
	VALUE_RUNNING, /* likewise */
	VALUE_ENDED,   /* of one that is kept and does not run */
	VALUE_CHANGED, /* a path that the sandbox has changed whose name stands before it */
};
enum value_kind value_kind(const struct option_row *row);
/* The word behind the option is its value; else it has none, or one behind a `=` only. */
bool takes_word(const struct option_row *row);

bool has_run_options(const struct command *c);
/* First words "a|b|c" of a command, as `profile` and `completion` have them. */
bool has_choices(const struct command *c);
bool has_commands(const struct command *c);
/* One of those on sandboxes: options of store_options, then what kept_words says. */
bool command_is_on_kept(const struct command *c);
/* What stands behind such a command: the kind of the first word, and of all that follow. */
struct kept_words {
	enum value_kind first, others;
};
struct kept_words kept_words(const struct command *c);

/* The words "a b c" of "a|b|c ...". */
void put_choices(const char *choices);
/* Those that a value of VALUE_CHOICES can be. */
void put_values(const struct option_row *row);
void put_commands(const char *separator, bool with_run_options);
/* Text within '...'; `special` gets a backslash too. */
void put_quoted(const char *text, const char *quote, const char *special);

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);
