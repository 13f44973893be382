/* SPDX-License-Identifier: MIT */
/* What was typed. One file a command; the table of commands is in main.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "host/host.h"
#include "plan/plan.h"
#include "profile/profile.h"

enum { EXIT_SANDBOX = 125 };

struct command {
	const char *name;
	int (*run)(int argc,
		   char **argv); /* argv[0] is the command; NULL: reserved for a later version */
	const char *arguments;
	const char *doc;
};
extern const struct command commands[];
extern const size_t commands_n;

/* One option of `run` and `explain`: the rows give the parser, --help, completion and the check of
 * the man page. */
struct option_row {
	char letter; /* or 0 */
	const char *name;
	const char *argument; /* placeholder, or NULL; choices as a|b|c */
	int key;	      /* the key that it sets, or -1 */
	const char *doc;
	const char *bare; /* the value when none follows a `=`; NULL: it needs one */
};
extern const struct option_row option_rows[];
extern const size_t option_rows_n;

struct option_set {
	enum key_id key;
	const char *text;
	struct origin at;
};

struct run_options {
	const char *profile, *name;
	bool explain, json, verbose, quiet, stats, help, version, detach;
	enum plan_tty tty;
	vec_of(struct option_set) sets; /* in their order, applied behind the profile */
	const char *const *words;	/* the options as they were typed */
	size_t n_words;
	const char *const *argv; /* the program; argv[0] is NULL if none was given */
};

/* Parses argv[1..]; the first word that is no option is the program. */
int options_tty(const char *value, enum plan_tty *ret, struct err *e);
int options_parse(struct pool *pool, int argc, char **argv, struct run_options *ret, struct err *e);

/* Everything from words to plan: host, profile, options. */
struct session {
	struct pool pool;
	struct host host;
	struct profile profile;
	struct plan plan;
	struct run_options options;
	const char *kept;   /* the name of a sandbox that runs again, or NULL */
	str_vec kept_words; /* and its options */
	bool kept_copies;   /* and whether it has changes of its own */
};
int session_plan(struct session *s, struct err *e);
/*
 * The plan of a run with these options, which began in `cwd` (NULL: not known), as it would be now. The
 * working directory of this process is that one from then on.
 */
int session_plan_again(struct session *s, const char *name, const char *cwd, const str_vec *options,
		       const str_vec *command, struct err *e);

/* `sandbox: WHAT: WHY (HINT)`, or `FILE:LINE: WHY (HINT)`; returns e->code. */
int cli_error(const struct err *e);
/* Standard output is a terminal that can, and NO_COLOR does not forbid it. */
bool cli_wants_color(void);

int cmd_run(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_changes(int argc, char **argv);
int cmd_commit(int argc, char **argv);
int cmd_discard(int argc, char **argv);
int cmd_undo(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_publish(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* detach.c: runs the plan in the background, and prints the name when its program has begun. */
struct sandbox_request;
int detach(const struct session *s, struct sandbox_request *request, struct err *e);
/* report.c: what is said on standard error when a run is over, of limits and use. */
struct outcome;
void report_print(const struct session *s, const struct outcome *out, int status);
/* -1 gives null. */
void report_json_count(struct jsonw *j, const char *key, int64_t n);
/* explain.c */
void explain_print(struct session *s, FILE *out);
/* help.c */
/* Usage of one command, by its name, or if it is of none the general one; returns 0. */
int help_command(const char *name);
/* "  HEAD DOC", with DOC in a column behind `width` letters, and wrapped there. */
void help_row(FILE *out, size_t width, const char *head, const char *doc);
/* The subcommand that somebody who typed this word may have meant, or NULL. */
const char *help_likely(const char *word);
