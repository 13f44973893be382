/* SPDX-License-Identifier: MIT */
/* What the commands on kept sandboxes have in common: see store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/store.h"
#include "run/run.h"
#include "store/commit.h"

const struct store_option store_options[] = {
	{0, "diff", STORE_DIFF, "changes", "what changed in text files, line by line", NULL},
	{0, "stat", STORE_STAT, "changes", "how much changed in each file", NULL},
	{0, "names", STORE_NAMES, "changes", "only the paths, one a line", NULL},
	{0, "changes", STORE_CHANGES, "list", "count the changes of each (takes longer)", NULL},
	{0, "all", STORE_ALL, "list", "those that run and those that are kept, as without it",
	 NULL},
	{'a', "all", STORE_ALL, "remove", "all that are kept; with --force all that run, too",
	 NULL},
	{0, "kept", STORE_KEPT, "list", "only those that are kept", NULL},
	{0, "names", STORE_NAMES, "list stats", "only the names, one a line", NULL},
	{0, "no-stream", STORE_NO_STREAM, "stats", "once, on a terminal too", NULL},
	{'i', "interactive", STORE_INTERACTIVE, "commit discard", "ask for each path", NULL},
	{'n', "dry-run", STORE_DRY_RUN, "commit discard undo", "say what would be done, do nothing",
	 NULL},
	{0, "allow-executed", STORE_ALLOW_EXECUTED, "commit",
	 "also files that the host runs later (.git/hooks, .envrc...)", NULL},
	{0, "theirs", STORE_THEIRS, "commit", "where both have changed: take the sandbox's", NULL},
	{0, "ours", STORE_OURS, "commit", "where both have changed: keep the host's", NULL},
	{0, "merge", STORE_MERGE, "commit", "where both have changed: lines of both", NULL},
	{0, "tty", 0, "exec", "a terminal of its own; else if it is used from one",
	 "auto|never|always"},
	{0, "env", 0, "exec", "set an environment variable", "NAME=VALUE"},
	{'C', "chdir", 0, "exec", "where the command starts", "DIR"},
	{0, "detach-keys", 0, "attach", "leave with these; else ctrl-p,ctrl-q", "KEYS"},
	{'t', "timeout", 0, "stop", "then SIGKILL; without it after 10s", "TIME"},
	{'f', "force", STORE_FORCE, "stop", "SIGKILL at once", NULL},
	{'f', "force", STORE_FORCE, "remove", "end those that run first", NULL},
	{'f', "follow", STORE_FOLLOW, "logs", "go on until the sandbox has ended", NULL},
	{0, "since", 0, "logs", "not what is older: 10min, or a date", "TIME"},
	{0, "tail", 0, "logs", "only the last lines, so many", "N"},
	{0, "timestamps", STORE_TIMESTAMPS, "logs", "each line begins with its time", NULL},
	{0, "events", STORE_EVENTS, "logs", "also when it was started, and how it ended", NULL},
	{0, "json", STORE_JSON, "changes list commit discard undo stats inspect logs",
	 "machine-readable output", NULL},
};
const size_t store_options_n = sizeof(store_options) / sizeof(store_options[0]);

/* --- words --- */

bool store_option_is_of(const struct store_option *row, const char *command)
{
	size_t n = strlen(command);

	for (const char *at = row->commands; (at = strstr(at, command)); at += n) {
		if ((at == row->commands || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	}
	return false;
}

int store_help(const char *command)
{
	struct pool pool = {0};

	help_command(command);
	for (size_t i = 0; i < store_options_n; i++) {
		const struct store_option *row = &store_options[i];

		if (store_option_is_of(row, command))
			help_row(stdout, 21,
				 pool_printf(&pool, "%c%c%c --%s%s%s", row->letter ? '-' : ' ',
					     row->letter ? row->letter : ' ',
					     row->letter ? ',' : ' ', row->name,
					     row->value ? " " : "", row->value ? row->value : ""),
				 row->doc);
	}
	pool_done(&pool);
	return 0;
}

static const char *name_at(size_t i, const void *context)
{
	return i >= store_options_n				? NULL
	       : store_option_is_of(&store_options[i], context) ? store_options[i].name
								: "";
}

static int unknown(struct store_words *w, const char *word, struct err *e)
{
	const char *likely = word[1] == '-' ? nearest(word + 2, name_at, w->command) : NULL;

	err_set(e, "%s: there is no option %s", w->command,
		str_safe(&w->pool, pool_strndup(&w->pool, word, 80)));
	return likely && *likely ? err_hint(e, "did you mean --%s?", likely)
				 : err_hint(e, "`sandbox %s --help` lists them", w->command);
}

static int usage(const struct store_words *w, struct err *e, const char *why)
{
	err_set(e, "%s: %s", w->command, why);
	return err_hint(e, "`sandbox %s --help`", w->command);
}

/* What stands behind the option in the word: "", "=VALUE", or behind a letter "VALUE". NULL: it is another. */
static const char *behind(const struct store_option *row, const char *word)
{
	const char *rest = word[1] == '-'			   ? str_after(word + 2, row->name)
			   : row->letter && word[1] == row->letter ? word + 2
								   : NULL;

	if (!rest || !*rest)
		return rest;
	return row->value && (word[1] != '-' || *rest == '=') ? rest : NULL;
}

/* The number of words that it took; -1. */
static int parse_option(struct store_words *w, const char *word, const char *next, struct err *e)
{
	const char *rest;

	if (str_eq(word, "-h") || str_eq(word, "--help")) {
		w->help = true;
		return 1;
	}
	for (size_t i = 0; i < store_options_n; i++) {
		const struct store_option *row = &store_options[i];

		rest = store_option_is_of(row, w->command) ? behind(row, word) : NULL;
		if (!rest)
			continue;
		w->flags |= row->flag;
		if (!row->value)
			return 1;
		if (!*rest && !next)
			return usage(
				w, e,
				pool_printf(&w->pool, "--%s needs a %s", row->name, row->value));
		*vec_add(&w->pool, &w->values) =
			(struct store_value){row, *rest ? rest + (*rest == '=') : next};
		return 1 + !*rest;
	}
	return unknown(w, word, e);
}

const char *store_value(const struct store_words *w, const char *option)
{
	for (size_t i = w->values.n; i-- > 0;) {
		if (str_eq(w->values.v[i].option->name, option))
			return w->values.v[i].text;
	}
	return NULL;
}

int store_words_parse(struct store_words *w, enum store_arguments arguments, int argc, char **argv,
		      struct err *e)
{
	bool takes_names = arguments == ARGUMENTS_NAMES || arguments == ARGUMENTS_ANY_NAMES;
	bool options = true;

	w->command = argv[0];
	for (int i = 1; i < argc && !w->help; i++) {
		bool first = w->names.n == 0;

		if (options && str_eq(argv[i], "--"))
			options = false;
		else if (options && argv[i][0] == '-' && argv[i][1]) {
			int words = parse_option(w, argv[i], argv[i + 1], e);

			if (words < 0)
				return -1;
			i += words - 1;
		} else if (arguments == ARGUMENTS_NONE || (arguments == ARGUMENTS_NAME && !first)) {
			return usage(w, e,
				     pool_printf(&w->pool, "unexpected: %s",
						 str_safe(&w->pool, argv[i])));
		} else if (!*argv[i] && (first || arguments != ARGUMENTS_NAME_COMMAND)) {
			return usage(w, e, "an empty word");
		} else {
			*vec_add(&w->pool, first || takes_names ? &w->names : &w->paths) = argv[i];
			if (arguments == ARGUMENTS_NAME_COMMAND && first)
				options = i + 1 < argc && str_eq(argv[i + 1], "--");
		}
	}
	if (!w->help && arguments != ARGUMENTS_NONE && arguments != ARGUMENTS_ANY_NAMES &&
	    w->names.n == 0)
		return usage(w, e, "the name of a sandbox is missing");
	return 0;
}

int store_command(enum store_arguments arguments, int (*run)(struct store_words *w, struct err *e),
		  int argc, char **argv)
{
	struct store_words w = {0};
	struct err e = {0};
	int rc = store_words_parse(&w, arguments, argc, argv, &e);

	if (rc == 0 && w.help) {
		store_help(w.command);
	} else if (rc == 0) {
		host_init(&w.host, &w.pool, (const char *const *)environ);
		rc = run(&w, &e);
	}
	store_hide_progress();
	if (rc < 0)
		rc = cli_error(&e);
	pool_done(&w.pool);
	return rc;
}

/* --- opening --- */

static void tell_recovery(struct store_words *w, const struct store *s, const struct recovery *r)
{
	static const char *const what[] = {
		[RECOVERED_COMMIT] = "a commit that was cut short has been taken back",
		[RECOVERED_DISCARD] = "a discard that was cut short has been taken back",
		[RECOVERED_UNDO] = "an undo that was cut short has been finished"};

	if (r->what == RECOVERED_NOTHING)
		return;
	fprintf(stderr, "sandbox: note: %s: %s\n", s->name, what[r->what]);
	for (size_t i = 0; i < r->strange.n; i++)
		fprintf(stderr,
			"sandbox: note: %s: something else is there by now and stays; what it had is in %s\n",
			str_safe(&w->pool, r->strange.v[i]),
			r->kept ? str_safe(&w->pool, r->kept) : "the sandbox's directory");
}

static int recover(struct store_words *w, struct store *s, struct err *e)
{
	struct recovery r = {0};

	if (commit_recover(s, &r, e))
		return -1;
	tell_recovery(w, s, &r);
	return 0;
}

static int check_helpers(const struct plan_identity *id, struct err *e)
{
	if (!id->by_helper || (id->newuidmap && id->newgidmap))
		return 0;
	err_set(e,
		"newuidmap and newgidmap are not installed, and files of subordinate ids need them");
	return err_hint(e, "apt-get install uidmap");
}

int store_enter(struct store_words *w, const char *name, bool lock, struct store *ret,
		struct err *e)
{
	*ret = (struct store){.pool = &w->pool};
	if (store_open(ret, w->host.state_home, name, lock, e))
		return -1;
	/* Something is to be finished first, by whoever has the lock. */
	if (!lock && (commit_interrupted(ret) || (ret->running && !store_in_use(ret)))) {
		store_done(ret);
		if (store_open(ret, w->host.state_home, name, true, e))
			return -1;
	}
	if (check_helpers(&ret->identity, e) || run_enter_ids(&ret->identity, e) ||
	    (ret->locked && recover(w, ret, e))) {
		store_done(ret);
		return -1;
	}
	if (w->host.home)
		*vec_add(&w->pool, &ret->homes) = w->host.home;
	if (w->host.home && w->host.home_registered &&
	    !str_eq(w->host.home_registered, w->host.home))
		*vec_add(&w->pool, &ret->homes) = w->host.home_registered;
	store_show_progress(ret);
	return 0;
}

int store_in_child(int (*f)(void *context), void *context, struct err *e)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_errno(e, "fork");
	if (pid == 0) {
		status = f(context);
		if ((fflush(stdout) || ferror(stdout)) && status != EXIT_SANDBOX) {
			err_errno(e, "standard output");
			status = cli_error(e);
		}
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(e, "waitpid");
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : err_set(e, "killed by signal %d", WTERMSIG(status));
}

bool store_runs_elsewhere(struct store_words *w, const char *name, struct err *e)
{
	struct store s = {.pool = &w->pool, .home = -1, .dir = -1};
	struct err ignored;
	bool found = w->host.state_home &&
		     store_open(&s, w->host.state_home, name, false, &ignored) == 0 && s.running &&
		     store_in_use(&s);

	store_done(&s);
	if (!found)
		return false;
	err_set(e, "%s: it runs, but is not listed in %s", name,
		w->host.runtime_home ? str_safe(&w->pool, w->host.runtime_home)
				     : "$XDG_RUNTIME_DIR, which is not set");
	err_hint(e, "set XDG_RUNTIME_DIR as it was where it was started, if it was");
	return true;
}

int store_not_running(struct store_words *w, const char *name, struct err *e)
{
	struct store s = {.pool = &w->pool, .home = -1, .dir = -1};
	int rc;

	if (store_runs_elsewhere(w, name, e))
		return -1;
	rc = store_open(&s, w->host.state_home, name, false, e);
	store_done(&s);
	/* There is none that could run, as far as what runs can be looked up. */
	if (rc && e->error == ENOENT && w->host.runtime_home)
		return -1;
	err_set(e, "%s: no sandbox of that name runs", str_safe(&w->pool, name));
	e->error = ENOENT;
	return err_hint(e, "`sandbox list` shows those that do");
}

/* --- paths --- */

static bool is_in_tree(const struct store *s, const char *path)
{
	for (size_t i = 0; i < s->trees.n; i++) {
		if (path_within(path, s->trees.v[i].path) || path_within(s->trees.v[i].path, path))
			return true;
	}
	return false;
}

static const char *real_path(struct store_words *w, const char *path)
{
	struct host_path p = {.path = path};

	host_path_probe(&w->pool, &p);
	return p.real;
}

/* A link is named itself: its target may be a change of its own, or lie anywhere. */
static const char *resolve(struct store_words *w, const struct store *s, const char *path)
{
	const char *name = path_name(path), *above;

	if (!*name || str_eq(name, ".."))
		return real_path(w, path);
	above = real_path(
		w, path_join(&w->pool, "/", pool_strndup(&w->pool, path, (size_t)(name - path))));
	if (above && is_in_tree(s, path_join(&w->pool, above, pool_printf(&w->pool, "./%s", name))))
		return path_join(&w->pool, above, pool_printf(&w->pool, "./%s", name));
	return real_path(w, path);
}

int store_paths(struct store_words *w, const struct store *s, str_vec *ret, struct err *e)
{
	for (size_t i = 0; i < w->paths.n; i++) {
		const char *word = w->paths.v[i], *path, *safe = str_safe(&w->pool, word);

		if (*word != '/' && !w->host.cwd)
			return err_set(e, "%s: relative to the working directory, and %s", safe,
				       w->host.cwd_error);
		path = resolve(w, s, path_join(&w->pool, w->host.cwd ? w->host.cwd : "/", word));
		if (!path || !is_in_tree(s, path)) {
			err_set(e, "%s: not in a tree of %s", safe, s->name);
			return s->trees.n ? err_hint(e, "its first is %s",
						     str_safe(&w->pool, s->trees.v[0].path))
					  : -1;
		}
		*vec_add(&w->pool, ret) = path;
	}
	return 0;
}

const char *store_shown_path(struct store_words *w, const struct store *s, const struct change *c)
{
	const char *path = change_path(s, c), *cwd = w->host.cwd;

	if (cwd && cwd[1] && path_within(path, cwd))
		path = path[strlen(cwd)] ? path + strlen(cwd) + 1 : ".";
	return str_safe(&w->pool, path);
}

const char *store_date(struct pool *p, int64_t nanoseconds)
{
	time_t seconds = nanoseconds / 1000000000;
	struct tm tm;
	char text[32];

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
		return "-";
	return pool_strdup(p, text);
}

const char *store_fit(struct pool *p, const char *text, size_t width)
{
	if (!text[str_cut(text, width)])
		return text;
	return width <= 3 ? "" : pool_printf(p, "%.*s...", (int)str_cut(text, width - 3), text);
}

const char *store_command_text(struct pool *p, const str_vec *words, size_t width)
{
	const char *text = "";

	for (size_t i = 0; i < words->n && !text[str_cut(text, width)]; i++)
		text = pool_printf(p, "%s%s%s", text, i ? " " : "", str_quoted(p, words->v[i]));
	return store_fit(p, text, width);
}

size_t store_screen(const char *variable, bool rows)
{
	const char *value = getenv(variable);
	struct winsize size;
	int64_t n;

	if (value && str_number(value, 1, 10000, &n) == 0)
		return (size_t)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return rows ? size.ws_row : size.ws_col;
}

/* --- progress --- */

enum { PROGRESS_FIRST = 500 * 1000, PROGRESS_EACH = 100 * 1000, PROGRESS_WIDTH = 30 };

static struct {
	int64_t next; /* when it is shown next */
	bool shown;
} progress;

static void show(void *context, const char *what, size_t done, size_t total)
{
	int64_t now = clock_now();

	(void)context;
	if (now < progress.next)
		return;
	progress.next = now + PROGRESS_EACH;
	progress.shown = true;
	if (total) {
		int full = (int)(done * PROGRESS_WIDTH / total);

		full = full < PROGRESS_WIDTH ? full : PROGRESS_WIDTH;
		fprintf(stderr, "\r%s [%.*s%*s] %zu of %zu\033[K", what, full,
			"##############################", PROGRESS_WIDTH - full, "", done, total);
	} else {
		fprintf(stderr, "\r%s %zu\033[K", what, done);
	}
	fflush(stderr);
}

void store_show_progress(struct store *s)
{
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO) || !term || str_eq(term, "dumb"))
		return;
	progress.next = clock_now() + PROGRESS_FIRST;
	s->progress = show;
}

void store_hide_progress(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
}
