/* SPDX-License-Identifier: MIT */
/* The options of a run: one row each. Options override the profile; --set reaches every key. */
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "cli/cli.h"

const struct option_row option_rows[] = {
	{'p', "profile", "NAME|PATH", -1, "the profile; else `default`", NULL},
	{'n', "name", "NAME", -1, "a name for the sandbox", NULL},
	{'d', "detach", NULL, -1, "run in the background, print its name", NULL},
	{0, "rw", "PATH", KEY_READ_WRITE, "PATH may be changed for real", NULL},
	{0, "ro", "PATH", KEY_READ_ONLY, "PATH is visible", NULL},
	{0, "hide", "PATH", KEY_INACCESSIBLE, "PATH is empty", NULL},
	{0, "tmpfs", "PATH[:SIZE]", KEY_TMPFS, "PATH is an empty directory in memory", NULL},
	{0, "cow", "PATH", KEY_COW, "PATH may be changed, the real tree does not", NULL},
	{0, "bind", "SRC:DST[:ro]", KEY_BIND, "SRC of the host at DST", NULL},
	{0, "net", "none|private|host", KEY_NETWORK, "the network", NULL},
	{0, "allow", "HOST[:PORT]|@GROUP", KEY_ALLOW_HOSTS, "the only hosts that can be reached",
	 NULL},
	{0, "publish", "[ADDR:]HOSTPORT:PORT[/udp]", KEY_PUBLISH,
	 "a port of the sandbox on the host", NULL},
	{0, "memory", "SIZE", KEY_MEMORY_MAX, "memory at most", NULL},
	{0, "cpus", "N", KEY_CPU_QUOTA, "processors at most", NULL},
	{0, "pids", "N", KEY_TASKS_MAX, "processes and threads at most", NULL},
	{0, "io-read", "RATE", KEY_IO_READ, "bytes read per second at most", NULL},
	{0, "io-write", "RATE", KEY_IO_WRITE, "bytes written per second at most", NULL},
	{0, "timeout", "TIME", KEY_RUNTIME_MAX, "time at most", NULL},
	{0, "env", "NAME[=VALUE]", KEY_ENVIRONMENT, "pass or set an environment variable", NULL},
	{0, "user", "self|root|separate", KEY_IDENTITY, "who the program is", NULL},
	{'C', "chdir", "DIR", KEY_WORKING_DIRECTORY, "where the program starts", NULL},
	{0, "keep", "yes|no", KEY_KEEP, "keep the sandbox and its changes; else if there are any",
	 "yes"},
	{0, "tty", "auto|never|always", -1, "a terminal of its own", NULL},
	{0, "set", "SECTION.KEY=VALUE", -1, "any key of a profile", NULL},
	{0, "stats", NULL, -1, "say at the end what it has used", NULL},
	{0, "explain", NULL, -1, "print the plan and the steps, run nothing", NULL},
	{0, "json", NULL, -1, "machine-readable output, wherever something is printed", NULL},
	{0, "verbose", NULL, -1, "say more", NULL},
	{0, "quiet", NULL, -1, "say nothing but errors", NULL},
	{'h', "help", NULL, -1, "this list", NULL},
	{0, "version", NULL, -1, "the version", NULL},
};
const size_t option_rows_n = sizeof(option_rows) / sizeof(option_rows[0]);

static const char *name_at(size_t i, const void *context)
{
	(void)context;
	return i < option_rows_n ? option_rows[i].name : NULL;
}

static const struct option_row *find_long(const char *word, const char **value)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);

	*value = equals ? equals + 1 : NULL;
	for (size_t i = 0; i < option_rows_n; i++) {
		if (strlen(option_rows[i].name) == n && memcmp(option_rows[i].name, word, n) == 0)
			return &option_rows[i];
	}
	return NULL;
}

static const struct option_row *find_short(const char *word, const char **value)
{
	*value = word[1] ? word + 1 : NULL;
	for (size_t i = 0; i < option_rows_n; i++) {
		if (option_rows[i].letter && option_rows[i].letter == *word)
			return &option_rows[i];
	}
	return NULL;
}

static int unknown(struct pool *pool, const char *word, struct err *e)
{
	const char *likely = word[1] == '-' ? nearest(word + 2, name_at, NULL) : NULL;

	err_set(e, "%s: there is no such option", str_safe(pool, pool_strndup(pool, word, 80)));
	return likely ? err_hint(e, "did you mean --%s?", likely)
		      : err_hint(e, "`sandbox --help` lists them");
}

static void add_set(struct pool *pool, struct run_options *o, int key, const char *text,
		    struct origin at)
{
	*vec_add(pool, &o->sets) = (struct option_set){(enum key_id)key, text, at};
}

/* SECTION.KEY=VALUE */
static int parse_set(struct pool *pool, struct run_options *o, const char *value, struct err *e)
{
	const char *dot = strchr(value, '.'), *equals = strchr(value, '='), *section, *name,
		   *likely;
	int key;

	if (!dot || !equals || equals < dot)
		return err_set(e, "--set: expected SECTION.KEY=VALUE, not \"%s\"",
			       str_safe(pool, pool_strndup(pool, value, 80)));
	section = pool_strndup(pool, value, (size_t)(dot - value));
	name = pool_strndup(pool, dot + 1, (size_t)(equals - dot - 1));
	key = key_find(section, name);
	if (key < 0) {
		err_set(e, "--set: there is no key %s.%s", str_safe(pool, section),
			str_safe(pool, name));
		likely = key_nearest(section, name);
		return likely ? err_hint(e, "did you mean %s.%s?",
					 keys[key_find(NULL, likely)].section, likely)
			      : err_hint(e, "`sandbox profile keys` lists them");
	}
	if (key == KEY_INHERIT)
		return err_set(e, "--set: Profile.Inherit works in files only"),
		       err_hint(e, "-p names a profile");
	add_set(pool, o, key, equals + 1, (struct origin){"--set", -1});
	return 0;
}

int options_tty(const char *value, enum plan_tty *ret, struct err *e)
{
	static const char *const words[] = {
		[TTY_AUTO] = "auto", [TTY_NEVER] = "never", [TTY_ALWAYS] = "always"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq(value, words[i])) {
			*ret = (enum plan_tty)i;
			return 0;
		}
	}
	return err_set(e, "--tty: expected auto, never or always, not \"%.80s\"", value);
}

/* Options whose value is not simply the key's. */
static int parse_special(struct pool *pool, struct run_options *o, const struct option_row *row,
			 const char *value, struct err *e)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"explain", &o->explain}, {"json", &o->json},    {"verbose", &o->verbose},
		     {"quiet", &o->quiet},     {"help", &o->help},    {"version", &o->version},
		     {"stats", &o->stats},     {"detach", &o->detach}};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (str_eq(row->name, flags[i].name)) {
			*flags[i].flag = true;
			return 0;
		}
	}
	if (str_eq(row->name, "profile"))
		o->profile = value;
	else if (str_eq(row->name, "name"))
		o->name = value;
	else if (str_eq(row->name, "set"))
		return parse_set(pool, o, value, e);
	else /* tty */
		return options_tty(value, &o->tty, e);
	return 0;
}

static int parse_keyed(struct pool *pool, struct run_options *o, const struct option_row *row,
		       const char *value, struct err *e)
{
	struct origin at = {pool_printf(pool, "--%s", row->name), 0};
	int64_t n;

	if (!*value)
		return err_set(e, "--%s: an empty value", row->name);
	if (row->key == KEY_ENVIRONMENT && !strchr(value, '=')) {
		add_set(pool, o, KEY_PASS_ENVIRONMENT, value, at);
		return 0;
	}
	if (row->key == KEY_CPU_QUOTA) {
		if (str_percent(pool_printf(pool, "%s%%", value), &n) || n == 0 || n > 100000 * 100)
			return err_set(e, "--cpus: not a number of processors: %s",
				       str_safe(pool, value));
		value = pool_printf(pool, "%lld%%", (long long)n);
	}
	/* The disk of the project need not be that of the root. */
	if (row->key == KEY_IO_READ || row->key == KEY_IO_WRITE) {
		add_set(pool, o, row->key, pool_printf(pool, "/ %s", value), at);
		value = pool_printf(pool, "-. %s", value);
	}
	add_set(pool, o, row->key, value, at);
	return 0;
}

static int parse_one(struct pool *pool, struct run_options *o, char ***next, struct err *e)
{
	const char *word = *(*next)++, *value;
	const struct option_row *row = word[1] == '-' ? find_long(word + 2, &value)
						      : find_short(word + 1, &value);

	if (!row)
		return unknown(pool, word, e);
	if (!row->argument && value)
		return err_set(e, "--%s: takes no value", row->name);
	if (!value)
		value = row->bare;
	if (row->argument && !value) {
		value = *(*next);
		if (!value)
			return err_set(e, "--%s: needs a value", row->name),
			       err_hint(e, "--%s %s", row->name, row->argument);
		(*next)++;
	}
	return row->key >= 0 && value ? parse_keyed(pool, o, row, value, e)
				      : parse_special(pool, o, row, value, e);
}

int options_parse(struct pool *pool, int argc, char **argv, struct run_options *ret, struct err *e)
{
	char **next = argv + (argc > 0);
	bool ended = false; /* by "--", which is no option */

	ret->profile = "default";
	while (*next && (*next)[0] == '-' && (*next)[1]) {
		if (str_eq(*next, "--")) {
			ended = true;
			next++;
			break;
		}
		if (parse_one(pool, ret, &next, e))
			return -1;
	}
	ret->words = (const char *const *)argv + (argc > 0);
	ret->n_words = (size_t)(next - argv) - (argc > 0);
	ret->n_words -= ended;
	ret->argv = (const char *const *)next;
	return 0;
}
