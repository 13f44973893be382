/* SPDX-License-Identifier: MIT */
/* What the commands on kept sandboxes have in common: their options, opening, paths, progress. */
#pragma once

#include "cli/cli.h"
#include "store/change.h"

enum store_flag {
	STORE_JSON = 1 << 0,
	STORE_DIFF = 1 << 1,
	STORE_STAT = 1 << 2,
	STORE_CHANGES = 1 << 3,
	STORE_NAMES = 1 << 4,
	STORE_DRY_RUN = 1 << 5,
	STORE_INTERACTIVE = 1 << 6,
	STORE_ALLOW_EXECUTED = 1 << 7,
	STORE_THEIRS = 1 << 8,
	STORE_OURS = 1 << 9,
	STORE_MERGE = 1 << 10,
	STORE_NO_STREAM = 1 << 11,
	STORE_ALL = 1 << 12,
	STORE_KEPT = 1 << 13,
	STORE_FORCE = 1 << 14,
	STORE_FOLLOW = 1 << 15,
	STORE_EVENTS = 1 << 16,
	STORE_TIMESTAMPS = 1 << 17,
};

/* One option: the rows give the parser, --help and completion. */
struct store_option {
	char letter; /* or 0 */
	const char *name;
	uint32_t flag;
	const char *commands; /* that have it: "changes list" */
	const char *doc;
	const char
		*value; /* placeholder of its value, which words.values gets; NULL: it takes none */
};
extern const struct store_option store_options[];
extern const size_t store_options_n;
bool store_option_is_of(const struct store_option *row, const char *command);

/* What an option that takes a value was given. */
struct store_value {
	const struct store_option *option;
	const char *text;
};

struct store_words {
	struct pool pool;
	struct host host;
	const char *command;
	uint32_t flags; /* enum store_flag */
	vec_of(struct store_value) values;
	bool help;
	str_vec names, paths; /* as they were typed; `paths` is what stands behind NAME */
};

enum store_arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_NAME,		/* NAME */
	ARGUMENTS_NAMES,	/* NAME... */
	ARGUMENTS_ANY_NAMES,	/* [NAME...] */
	ARGUMENTS_NAME_PATHS,	/* NAME [PATH...] */
	ARGUMENTS_NAME_COMMAND, /* NAME COMMAND [ARG...]: behind NAME nothing is an option of ours */
};
/* argv[0] is the command. With help set nothing else is. */
int store_words_parse(struct store_words *w, enum store_arguments arguments, int argc, char **argv,
		      struct err *e);
/* The last value of an option; NULL: it was not given. */
const char *store_value(const struct store_words *w, const char *option);
/* Usage and options of a command; 0. */
int store_help(const char *command);
/* The frame of such a command: words, `run`, the error if there is one; the exit status. */
int store_command(enum store_arguments arguments, int (*run)(struct store_words *w, struct err *e),
		  int argc, char **argv);

/*
 * Opens a sandbox, finishes what a killed command has left half done and says so, and enters the user
 * namespace that owns its files (for good: one sandbox a process). `lock` false: only to read, which
 * needs no lock; one that runs can be read too.
 */
int store_enter(struct store_words *w, const char *name, bool lock, struct store *ret,
		struct err *e);
/* w->paths, absolute and without links, but for a link that is the last component itself. */
int store_paths(struct store_words *w, const struct store *s, str_vec *ret, struct err *e);
/* Runs `f` in a process of its own, for those that enter more than one; its exit status, or -1. */
int store_in_child(int (*f)(void *context), void *context, struct err *e);

/* With an error that says so: somebody holds it, but $XDG_RUNTIME_DIR does not have it. */
bool store_runs_elsewhere(struct store_words *w, const char *name, struct err *e);
/* -1: no sandbox of that name runs, or it does so elsewhere, or there is none. */
int store_not_running(struct store_words *w, const char *name, struct err *e);

/* lifecycle.c: kills those of w->names that run, and waits until they have ended; the exit status. */
int store_end_running(struct store_words *w);
/* exec.c: a connection to the control socket of one that runs; -1, with ENOENT in e->error: none does. */
int visit_connect(struct store_words *w, const char *name, struct err *e);
/* -1: it is paused or stopped; nothing would happen before it goes on, and nobody would tell why. */
int visit_check_paused(struct store_words *w, const char *name, struct err *e);

/* A time since 1970, for people. */
const char *store_date(struct pool *p, int64_t nanoseconds);
/* The text, or so much of it and "..." that it has at most `width` columns. */
const char *store_fit(struct pool *p, const char *text, size_t width);
/* Size of the terminal that standard output is, or as the environment says; 0: no limit. */
size_t store_screen(const char *variable, bool rows);
/* The words of a command on one line of at most `width` columns, safe to print. */
const char *store_command_text(struct pool *p, const str_vec *words, size_t width);

/* Shows, on standard error if that is a terminal, how far it is, from half a second on. */
void store_show_progress(struct store *s);
/* Takes the line away again. Before anything else is printed. */
void store_hide_progress(void);

/* Path of a change as it is shown: relative to the working directory if below it; safe to print. */
const char *store_shown_path(struct store_words *w, const struct store *s, const struct change *c);
