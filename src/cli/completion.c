/* SPDX-License-Identifier: MIT */
/*
 * `sandbox completion bash|zsh|fish`: scripts made from the rows of options and commands, so that
 * they know what this program knows. What a value can be comes from its placeholder: PATH, DIR,
 * a|b|c. Profiles, keys and names of sandboxes are asked for when they are completed. Behind the
 * options, the command and its own arguments complete as they do without us.
 */
#include <string.h>

#include "cli/completion.h"

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

bool command_is_on_running(const struct command *c)
{
	static const char *const names[] = {"stats",  "inspect", "stop",   "pause",
					    "resume", "exec",	 "attach", "wait"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(c->name, names[i]))
			return true;
	}
	return false;
}

struct kept_words kept_words(const struct command *c)
{
	enum value_kind kind = command_is_on_running(c) ? VALUE_RUNNING : VALUE_KEPT;

	if (!strstr(c->arguments, "NAME"))
		return (struct kept_words){VALUE_NONE, VALUE_NONE};
	/* What is executed is looked up inside; a path is the best guess. */
	return (struct kept_words){
		kind, strstr(c->arguments, "PATH") || strstr(c->arguments, "COMMAND") ? VALUE_PATH
		      : strstr(c->arguments, "NAME...")				      ? kind
										      : VALUE_NONE};
}

void put_choices(const char *choices)
{
	for (; *choices && *choices != ' '; choices++)
		putchar(*choices == '|' ? ' ' : *choices);
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
