/* SPDX-License-Identifier: MIT */
/*
 * `sandbox completion bash|zsh|fish`: scripts made from the rows of options and commands, so that
 * they know what this program knows. What a value can be comes from its placeholder: PATH, DIR,
 * a|b|c. Profiles, keys, names of sandboxes and what these have changed are asked for when they
 * are completed. Behind the options, the command and its own arguments complete as they do without
 * us.
 */
#include <string.h>

#include "cli/completion.h"
#include "profile/net_word.h"

bool takes_word(const struct option_row *row)
{
	return row->argument && !row->bare;
}

enum value_kind value_kind(const struct option_row *row)
{
	const char *a = row->argument;

	if (str_eq(row->name, "profile"))
		return VALUE_PROFILE;
	if (str_eq(row->name, "name"))
		return VALUE_KEPT;
	if (str_eq(a, "DIR"))
		return VALUE_DIRECTORY;
	if (str_begins(a, "PATH") || str_begins(a, "SRC:"))
		return VALUE_PATH;
	if (str_begins(a, "SECTION.KEY"))
		return VALUE_KEY;
	if (row->key == KEY_ENVIRONMENT)
		return VALUE_VARIABLE;
	if (row->key == KEY_ALLOW_HOSTS)
		return VALUE_CHOICES;
	return strchr(a, '|') && *a >= 'a' && *a <= 'z' ? VALUE_CHOICES : VALUE_NONE;
}

bool has_run_options(const struct command *c)
{
	return str_begins(c->arguments, "[RUN-OPTIONS]");
}

bool has_choices(const struct command *c)
{
	return *c->arguments >= 'a' && *c->arguments <= 'z';
}

bool has_commands(const struct command *c)
{
	return str_eq(c->arguments, "[COMMAND]");
}

bool command_is_on_kept(const struct command *c)
{
	for (size_t i = 0; i < store_options_n; i++) {
		if (store_option_is_of(&store_options[i], c->name))
			return true;
	}
	return strstr(c->arguments, "NAME");
}

/* Which sandboxes it can do something with. */
static enum value_kind names_of(const struct command *c)
{
	static const char *const running[] = {"stats", "inspect", "stop", "pause",  "resume",
					      "exec",  "attach",  "wait", "publish"},
				 *const ended[] = {"start", "commit", "discard", "undo"};

	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++) {
		if (str_eq(c->name, running[i]))
			return VALUE_RUNNING;
	}
	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
		if (str_eq(c->name, ended[i]))
			return VALUE_ENDED;
	}
	return VALUE_KEPT;
}

struct kept_words kept_words(const struct command *c)
{
	struct kept_words words = {names_of(c), VALUE_NONE};

	if (!strstr(c->arguments, "NAME"))
		words.first = VALUE_NONE;
	else if (strstr(c->arguments, "PATH"))
		words.others = VALUE_CHANGED;
	else if (strstr(c->arguments,
			"COMMAND")) /* it is looked up inside; a path is the best guess */
		words.others = VALUE_PATH;
	else if (strstr(c->arguments, "NAME..."))
		words.others = words.first;
	return words;
}

void put_choices(const char *choices)
{
	for (; *choices && *choices != ' '; choices++)
		putchar(*choices == '|' ? ' ' : *choices);
}

void put_values(const struct option_row *row)
{
	if (row->key != KEY_ALLOW_HOSTS)
		put_choices(row->argument);
	for (size_t i = 0; row->key == KEY_ALLOW_HOSTS && host_group_names[i]; i++)
		printf("%s%s", i ? " " : "", host_group_names[i]);
}

void put_commands(const char *separator, bool with_run_options)
{
	const char *before = "";

	for (size_t i = 0; i < commands_n; i++) {
		if (!commands[i].run || (with_run_options && !has_run_options(&commands[i])))
			continue;
		printf("%s%s", before, commands[i].name);
		before = separator;
	}
}

void put_quoted(const char *text, const char *quote, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, stdout);
		else
			printf("%s%c", strchr(special, *text) ? "\\" : "", *text);
	}
}

int cmd_completion(int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {
		{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
	const char *shell = argc == 2 ? argv[1] : "";
	struct pool pool = {0};
	struct err e = {0};
	bool found = false;
	int rc = 0;

	if (str_eq(shell, "-h") || str_eq(shell, "--help"))
		return printf("Usage: sandbox completion bash|zsh|fish\n\n"
			      "  bash   source <(sandbox completion bash)\n"
			      "  zsh    sandbox completion zsh >DIR/_sandbox, with DIR in $fpath\n"
			      "  fish   sandbox completion fish >~/.config/fish/completions/sandbox.fish\n") <
		       0;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (str_eq(shell, shells[i].shell)) {
			shells[i].print();
			found = true;
		}
	}
	if (!found && argc == 1)
		rc = err_set(&e, "completion: for which shell?"), err_hint(&e, "bash, zsh or fish");
	else if (!found)
		rc = err_set(&e, "completion: unexpected: %s",
			     str_safe(&pool, argv[argc > 2 ? 2 : 1])),
		err_hint(&e, "bash, zsh or fish");
	if (rc < 0)
		rc = cli_error(&e);
	pool_done(&pool);
	return rc;
}
