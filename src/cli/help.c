/* SPDX-License-Identifier: MIT */
/* `sandbox help`, `sandbox --help`, `sandbox version`. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/str.h"
#include "cli/completion.h"

void help_options(FILE *out)
{
	fprintf(out,
		"Usage: sandbox [RUN-OPTIONS] [--] COMMAND [ARG...]\n"
		"       sandbox SUBCOMMAND [...]\n\n"
		"Runs COMMAND so that it sees no home directory, no network, no other process and no key,\n"
		"and changes a copy, or what the profile says. Without root, without a daemon.\n\n"
		"  sandbox ./install.sh              run it on a copy of this directory\n"
		"  sandbox changes NAME              what it has changed there; NAME is said at the end\n"
		"  sandbox commit NAME               apply that; `sandbox undo NAME` takes it back\n"
		"  sandbox --profile build make      compile the project in this directory, offline\n"
		"  sandbox explain -p build make     what that would do, line by line\n"
		"  sandbox doctor                    what this host lacks, and how to mend it\n\n"
		"Run options:\n");
	for (size_t i = 0; i < option_rows_n; i++) {
		const struct option_row *row = &option_rows[i];
		char text[80];

		snprintf(text, sizeof(text), "--%s%s%s%s", row->name,
			 row->bare	 ? "[="
			 : row->argument ? " "
					 : "",
			 row->argument ? row->argument : "", row->bare ? "]" : "");
		fprintf(out, "  %c%c%c %-36s %s\n", row->letter ? '-' : ' ',
			row->letter ? row->letter : ' ', row->letter ? ',' : ' ', text, row->doc);
	}
	fprintf(out, "\nSubcommands:\n");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run)
			fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].doc);
	}
	fprintf(out,
		"\nExit status: the command's own; 128+N if signal N ended it; 125 if sandbox failed;\n"
		"126 found but not executable; 127 not found.\n"
		"Manual: man sandbox, man sandbox-changes, man sandbox-network, man sandbox-profile\n");
}

/* One word a line, for scripts: `help --options`, `help --commands`. */
static void print_words(bool options)
{
	for (size_t i = 0; options && i < option_rows_n; i++)
		printf("--%s\n", option_rows[i].name);
	for (size_t i = 0; !options && i < commands_n; i++) {
		if (commands[i].run)
			printf("%s\n", commands[i].name);
	}
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run && str_eq(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int help_command(const char *name)
{
	const struct command *c = find(name);

	if (!c)
		return EXIT_SANDBOX;
	printf("Usage: sandbox %s %s\n%s\n", c->name, c->arguments, c->doc);
	return 0;
}

/* Nothing is near an empty word. */
static const char *name_at(size_t i, const void *context)
{
	(void)context;
	return i >= commands_n ? NULL : commands[i].run ? commands[i].name : "";
}

const char *help_likely(const char *word)
{
	/* As podman and docker have it, where no spelling leads to our word. */
	static const char *const others[][2] = {{"ps", "list"},	     {"rm", "remove"},
						{"kill", "stop"},    {"top", "stats"},
						{"diff", "changes"}, {"unpause", "resume"}};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_eq(word, others[i][0]))
			return others[i][1];
	}
	return nearest(word, name_at, NULL);
}

static const char *page_of(const struct command *c)
{
	static const char *const of_changes[] = {"list",    "changes", "commit",
						 "discard", "undo",    "remove"};

	if (str_eq(c->name, "profile"))
		return "sandbox-profile";
	for (size_t i = 0; i < sizeof(of_changes) / sizeof(of_changes[0]); i++) {
		if (str_eq(c->name, of_changes[i]))
			return "sandbox-changes";
	}
	return "sandbox";
}

/* Returns if there is no such page, or no man(1). */
static void open_manual(const char *page)
{
	char *const where[] = {(char *)"man", (char *)"-w", (char *)(uintptr_t)page, NULL};
	char *const show[] = {(char *)"man", (char *)(uintptr_t)page, NULL};
	posix_spawn_file_actions_t quiet;
	int status;
	pid_t pid;

	if (posix_spawn_file_actions_init(&quiet) ||
	    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0))
		return;
	if (posix_spawnp(&pid, "man", &quiet, NULL, where, environ) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0)
		execvp("man", show);
	posix_spawn_file_actions_destroy(&quiet);
}

int cmd_help(int argc, char **argv)
{
	const struct command *c;
	const char *likely;
	struct err e = {0};

	if (argc == 1 || str_eq(argv[1], "-h") || str_eq(argv[1], "--help")) {
		help_options(stdout);
		return 0;
	}
	if (str_eq(argv[1], "--options") || str_eq(argv[1], "--commands")) {
		print_words(str_eq(argv[1], "--options"));
		return 0;
	}
	c = find(argv[1]);
	if (!c) {
		err_set(&e, "help: there is no command \"%s\"", argv[1]);
		likely = help_likely(argv[1]);
		if (likely)
			err_hint(&e, "did you mean %s?", likely);
		else
			err_hint(&e, "`sandbox help` lists them");
		return cli_error(&e);
	}
	if (isatty(STDOUT_FILENO))
		open_manual(page_of(c));
	return store_help(c->name);
}

int cmd_version(int argc, char **argv)
{
	struct jsonw j = {.out = stdout};
	struct err e = {0};

	if (argc > 1 && (str_eq(argv[1], "-h") || str_eq(argv[1], "--help")))
		return help_command("version");
	if (argc > 1 && !str_eq(argv[1], "--json")) {
		err_set(&e, "version: there is no option %s", argv[1]);
		return cli_error(&e);
	}
	if (argc == 1) {
		printf("sandbox %s\n", VERSION);
		return 0;
	}
	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "version", VERSION);
	jsonw_close(&j, '}');
	return 0;
}
