/* SPDX-License-Identifier: MIT */
/* `sandbox help`, `sandbox --help`, `sandbox version`. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/str.h"
#include "cli/completion.h"

enum { WIDTH = 80, OPTION_WIDTH = 31 };

/* Up to a space, but for those in brackets: "[--since TIME]" is one. */
static size_t word_length(const char *text)
{
	size_t n = 0, depth = 0;

	for (; text[n] && (text[n] != ' ' || depth); n++)
		depth += (text[n] == '[') - (text[n] == ']');
	return n;
}

/* The line has `column` letters by now; those behind it begin at `indent`. */
static void put_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	const char *separator = "";

	while (*text) {
		size_t n = word_length(text);

		if (*separator && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			separator = "";
		}
		fprintf(out, "%s%.*s", separator, (int)n, text);
		column += strlen(separator) + n;
		separator = " ";
		text += n + strspn(text + n, " ");
	}
	fputc('\n', out);
}

void help_row(FILE *out, size_t width, const char *head, const char *doc)
{
	const size_t indent = 2 + width + 1;

	fprintf(out, "  %-*s", (int)width, head);
	if (strlen(head) > width)
		fprintf(out, "\n%*s", (int)indent, "");
	else
		fputc(' ', out);
	put_wrapped(out, doc, indent, indent);
}

static void put_run_options(FILE *out)
{
	fputs("Run options:\n", out);
	for (size_t i = 0; i < option_rows_n; i++) {
		const struct option_row *row = &option_rows[i];
		char head[80];

		snprintf(head, sizeof(head), "%c%c%c --%s%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
			 row->bare	 ? "[="
			 : row->argument ? " "
					 : "",
			 row->argument ? row->argument : "", row->bare ? "]" : "");
		help_row(out, OPTION_WIDTH, head, row->doc);
	}
}

static void print_general(void)
{
	puts("Usage: sandbox [RUN-OPTIONS] [--] COMMAND [ARG...]\n"
	     "       sandbox SUBCOMMAND [...]\n\n"
	     "Runs COMMAND so that it sees no home directory, no network, no other process and\n"
	     "no key, and changes a copy, or what the profile says. Without root, without a\n"
	     "daemon.\n\n"
	     "  sandbox ./install.sh            run it on a copy of this directory\n"
	     "  sandbox changes NAME            what it has changed; NAME is said at the end\n"
	     "  sandbox commit NAME             apply that; `sandbox undo NAME` takes it back\n"
	     "  sandbox --profile build make    compile the project in this directory, offline\n"
	     "  sandbox explain -p build make   what that would do, line by line\n"
	     "  sandbox doctor                  what this host lacks, and how to mend it\n");
	put_run_options(stdout);
	printf("\nSubcommands:\n");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run)
			printf("  %-11s %s\n", commands[i].name, commands[i].doc);
	}
	puts("\nExit status: the command's own; 128+N if signal N ended it; 125 if sandbox\n"
	     "failed; 126 found but not executable; 127 not found.\n"
	     "Manual: man sandbox, sandbox-changes, sandbox-network, sandbox-profile");
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
	for (size_t i = 0; name && i < commands_n; i++) {
		if (commands[i].run && str_eq(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int help_command(const char *name)
{
	const struct command *c = find(name);
	size_t indent;

	if (!c) {
		print_general();
		return 0;
	}
	indent = (size_t)printf("Usage: sandbox %s", c->name);
	if (*c->arguments)
		indent += (size_t)printf(" ");
	put_wrapped(stdout, c->arguments, indent, indent);
	puts(c->doc);
	if (has_run_options(c)) {
		putchar('\n');
		put_run_options(stdout);
	}
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

	if (argc == 1)
		return help_command(NULL);
	if (str_eq(argv[1], "-h") || str_eq(argv[1], "--help"))
		return help_command("help");
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
	return c->run(2, (char *[]){argv[1], "--help", NULL});
}

int cmd_version(int argc, char **argv)
{
	struct jsonw j = {.out = stdout};
	struct err e = {0};

	if (argc > 1 && (str_eq(argv[1], "-h") || str_eq(argv[1], "--help")))
		return help_command("version");
	if (argc > 2 || (argc > 1 && !str_eq(argv[1], "--json"))) {
		err_set(&e, "version: unexpected: %s", argv[1 + str_eq(argv[1], "--json")]);
		err_hint(&e, "it takes no arguments, but --json");
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
