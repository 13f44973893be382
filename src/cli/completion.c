/* SPDX-License-Identifier: MIT */
/*
 * `sandbox completion bash|zsh|fish`: scripts made from the rows of options and commands, so that
 * they know what this program knows. What a value can be comes from its placeholder: PATH, DIR,
 * a|b|c. Profiles and keys are asked for when they are completed. Behind the options, the command
 * and its own arguments complete as they do without us.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"

enum value_kind {
	VALUE_NONE,
	VALUE_CHOICES,
	VALUE_PROFILE,
	VALUE_PATH,
	VALUE_DIRECTORY,
	VALUE_VARIABLE,
	VALUE_KEY
};

static enum value_kind value_kind(const struct option_row *row)
{
	const char *a = row->argument;

	if (str_eq(row->name, "profile"))
		return VALUE_PROFILE;
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

/* The words "a b c" of "a|b|c ...". */
static void put_choices(const char *choices)
{
	for (; *choices && *choices != ' '; choices++)
		putchar(*choices == '|' ? ' ' : *choices);
}

static bool has_run_options(const struct command *c)
{
	return str_begins(c->arguments, "[RUN-OPTIONS]");
}

/* First words "a|b|c" of a command, as `profile` and `completion` have them. */
static bool has_choices(const struct command *c)
{
	return *c->arguments >= 'a' && *c->arguments <= 'z';
}

static bool has_commands(const struct command *c)
{
	return str_eq(c->arguments, "[COMMAND]");
}

static void put_commands(const char *separator, bool with_run_options)
{
	const char *before = "";

	for (size_t i = 0; i < commands_n; i++) {
		if (!commands[i].run || (with_run_options && !has_run_options(&commands[i])))
			continue;
		printf("%s%s", before, commands[i].name);
		before = separator;
	}
}

/* Text within '...'; `special` gets a backslash too. */
static void put_quoted(const char *text, const char *quote, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, stdout);
		else
			printf("%s%c", strchr(special, *text) ? "\\" : "", *text);
	}
}

/* --- bash --- */

static const char bash_head[] =
	"# bash completion for sandbox, made by `sandbox completion bash`.\n"
	"\n"
	"_sandbox_ask() {\n"
	"\t\"${COMP_WORDS[0]/#\\~/$HOME}\" profile \"$1\" 2>/dev/null |\n"
	"\t\twhile read -r word _; do printf '%s\\n' \"${word%%=*}$2\"; done\n"
	"}\n"
	"\n"
	"# _sandbox_value KIND WORD\n"
	"_sandbox_value() {\n"
	"\tcase $1 in\n"
	"\tprofile)\n"
	"\t\tif [[ $2 == */* ]]; then\n"
	"\t\t\t_sandbox_value path \"$2\"\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask list '')\" -- \"$2\")\n"
	"\t\t;;\n"
	"\tpath | directory)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -A \"${1/path/file}\" -- \"$2\")\n"
	"\t\t;;\n"
	"\tvariable) mapfile -t COMPREPLY < <(compgen -A export -- \"$2\") ;;\n"
	"\tkey)\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask keys =)\" -- \"$2\")\n"
	"\t\t;;\n"
	"\tnone) compopt +o default +o bashdefault 2>/dev/null ;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\") ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# _sandbox_program INDEX: the program, or one of its arguments.\n"
	"_sandbox_program() {\n"
	"\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset \"$1\"\n"
	"\telif [[ $1 == \"$COMP_CWORD\" ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -A command -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# _sandbox_run FIRST: options from this word on, then a program. A \"=\" is a word of its own here.\n"
	"_sandbox_run() {\n"
	"\tlocal i=$1 value word cur=${COMP_WORDS[COMP_CWORD]}\n";

static const char bash_run[] = "\twhile ((i < COMP_CWORD)); do\n"
			       "\t\tword=${COMP_WORDS[i]}\n"
			       "\t\tif [[ $word == -- ]]; then\n"
			       "\t\t\t_sandbox_program $((i + 1))\n"
			       "\t\t\treturn\n"
			       "\t\telif [[ $word != -* ]]; then\n"
			       "\t\t\t_sandbox_program \"$i\"\n"
			       "\t\t\treturn\n"
			       "\t\telif [[ -n ${kinds[$word]-} ]]; then\n"
			       "\t\t\tvalue=$((i + 1))\n"
			       "\t\t\t[[ ${COMP_WORDS[value]} != = ]] || value=$((i + 2))\n"
			       "\t\t\tif ((value >= COMP_CWORD)); then\n"
			       "\t\t\t\t_sandbox_value \"${kinds[$word]}\" \"${cur#=}\"\n"
			       "\t\t\t\treturn\n"
			       "\t\t\tfi\n"
			       "\t\t\ti=$value\n"
			       "\t\tfi\n"
			       "\t\ti=$((i + 1))\n"
			       "\tdone\n"
			       "\tif [[ $cur == -* ]]; then\n"
			       "\t\t_sandbox_value \"${!kinds[*]} $flags\" \"$cur\"\n"
			       "\telse\n"
			       "\t\t_sandbox_program \"$COMP_CWORD\"\n"
			       "\tfi\n"
			       "}\n"
			       "\n"
			       "# _sandbox_profile ACTIONS WORD\n"
			       "_sandbox_profile() {\n"
			       "\tif ((COMP_CWORD == 2)); then\n"
			       "\t\t_sandbox_value \"$1\" \"$2\"\n"
			       "\telif [[ $2 == -* ]]; then\n"
			       "\t\t_sandbox_value '--json --resolved' \"$2\"\n"
			       "\telif [[ ${COMP_WORDS[2]} == check ]]; then\n"
			       "\t\t_sandbox_value path \"$2\"\n"
			       "\telse\n"
			       "\t\t_sandbox_value profile \"$2\"\n"
			       "\tfi\n"
			       "}\n"
			       "\n"
			       "_sandbox() {\n"
			       "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
			       "\tCOMPREPLY=()\n"
			       "\tif ((COMP_CWORD == 1)); then\n"
			       "\t\t_sandbox_run 1\n";

static void bash_options(void)
{
	printf("\tlocal -A kinds=(\n");
	for (size_t i = 0; i < option_rows_n; i++) {
		static const char *const kinds[] = {
			[VALUE_NONE] = "none",	       [VALUE_PROFILE] = "profile",
			[VALUE_PATH] = "path",	       [VALUE_DIRECTORY] = "directory",
			[VALUE_VARIABLE] = "variable", [VALUE_KEY] = "key"};
		const struct option_row *row = &option_rows[i];

		for (int is_long = 0; row->argument && is_long < 2; is_long++) {
			if (!is_long && !row->letter)
				continue;
			printf("\t\t[%s%.*s]='", is_long ? "--" : "-", is_long ? 80 : 1,
			       is_long ? row->name : &row->letter);
			if (value_kind(row) == VALUE_CHOICES)
				put_choices(row->argument);
			else
				fputs(kinds[value_kind(row)], stdout);
			printf("'\n");
		}
	}
	printf("\t)\n\tlocal flags='");
	for (size_t i = 0; i < option_rows_n; i++) {
		if (!option_rows[i].argument)
			printf("--%s ", option_rows[i].name);
	}
	printf("-h -d'\n");
}

static void print_bash(void)
{
	fputs(bash_head, stdout);
	bash_options();
	fputs(bash_run, stdout);
	printf("\t\tif [[ $cur != -* ]]; then\n\t\t\tmapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W '");
	put_commands(" ", false);
	printf("' -- \"$cur\")\n\t\tfi\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = &commands[i];

		if (!c->run)
			continue;
		printf("\t%s) ", c->name);
		if (has_run_options(c)) {
			printf("_sandbox_run 2 ;;\n");
			continue;
		}
		if (has_choices(c)) {
			printf("%s '--help ",
			       str_eq(c->name, "profile") ? "_sandbox_profile" : "_sandbox_value");
			put_choices(c->arguments);
		} else {
			printf("_sandbox_value '--help ");
			if (has_commands(c))
				put_commands(" ", false);
			else
				printf("%s", *c->arguments ? "--json" : "");
		}
		printf("' \"$cur\" ;;\n");
	}
	printf("\t*) _sandbox_run 1 ;;\n\tesac\n}\n\ncomplete -o bashdefault -o default -F _sandbox sandbox\n");
}

/* --- zsh --- */

static const char zsh_head[] =
	"#compdef sandbox\n"
	"# zsh completion for sandbox, made by `sandbox completion zsh`: as _sandbox into a directory of $fpath.\n"
	"\n"
	"_sandbox_profiles() {\n"
	"\tlocal -a names\n"
	"\tnames=(${${(f)\"$(_call_program profiles ${(q)_sandbox_binary} profile list 2>/dev/null)\"}/ ##/:})\n"
	"\t_describe -t profiles profile names\n"
	"}\n"
	"\n"
	"_sandbox_profile_or_path() {\n"
	"\t_alternative 'profiles:profile:_sandbox_profiles' 'files:file:_files'\n"
	"}\n"
	"\n"
	"_sandbox_keys() {\n"
	"\tlocal -a names\n"
	"\tnames=(${${(f)\"$(_call_program keys ${(q)_sandbox_binary} profile keys 2>/dev/null)\"}%%=*})\n"
	"\tcompadd -S = -a names\n"
	"}\n"
	"\n"
	"_sandbox_profile() {\n"
	"\t_arguments '--json[machine-readable]' '--resolved[the merged profile]' \\\n"
	"\t\t'(-h --help)'{-h,--help}'[help]' '1:action:(list show check diff keys)' '*:profile:_sandbox_profile_or_path'\n"
	"}\n"
	"\n"
	"_sandbox_commands() {\n"
	"\tlocal -a list\n"
	"\tlist=(\n";

static const char zsh_middle[] = "\t)\n"
				 "\t_describe -t commands subcommand list\n"
				 "}\n"
				 "\n"
				 "_sandbox_run() {\n"
				 "\t_arguments -S \\\n";

static const char zsh_tail[] = "\tesac\n"
			       "}\n"
			       "\n"
			       "if [[ $funcstack[1] == _sandbox ]]; then\n"
			       "\t_sandbox \"$@\"\n"
			       "else\n"
			       "\tcompdef _sandbox sandbox\n"
			       "fi\n";

static void zsh_option(const struct option_row *row)
{
	static const char *const actions[] = {[VALUE_NONE] = "",
					      [VALUE_PROFILE] = "_sandbox_profile_or_path",
					      [VALUE_PATH] = "_files",
					      [VALUE_DIRECTORY] = "_files -/",
					      [VALUE_VARIABLE] = "_parameters -g \"*export*\"",
					      [VALUE_KEY] = "_sandbox_keys"};
	const char *value = row->argument ? "=" : "";

	if (row->letter)
		printf("\t\t'*'{-%c%s,--%s%s}'[", row->letter, row->argument ? "+" : "", row->name,
		       value);
	else
		printf("\t\t'*--%s%s[", row->name, value);
	put_quoted(row->doc, "'\\''", "[]:\\");
	putchar(']');
	if (row->argument) {
		printf(":%s:", row->name);
		if (value_kind(row) == VALUE_CHOICES) {
			putchar('(');
			put_choices(row->argument);
			putchar(')');
		} else {
			fputs(actions[value_kind(row)], stdout);
		}
	}
	printf("' \\\n");
}

static void zsh_case(const struct command *c)
{
	printf("\t%s) ", c->name);
	if (has_run_options(c)) {
		printf("_sandbox_run ;;\n");
		return;
	}
	if (str_eq(c->name, "profile")) {
		printf("_sandbox_profile ;;\n");
		return;
	}
	printf("_arguments '(-h --help)'{-h,--help}'[help]'");
	if (has_choices(c)) {
		printf(" '1:what:(");
		put_choices(c->arguments);
		printf(")'");
	} else if (has_commands(c)) {
		printf(" '1:command:_sandbox_commands'");
	} else if (*c->arguments) {
		printf(" '--json[machine-readable]'");
	}
	printf(" ;;\n");
}

static void print_zsh(void)
{
	fputs(zsh_head, stdout);
	for (size_t i = 0; i < commands_n; i++) {
		if (!commands[i].run)
			continue;
		printf("\t\t'%s:", commands[i].name);
		put_quoted(commands[i].doc, "'\\''", ":\\");
		printf("'\n");
	}
	fputs(zsh_middle, stdout);
	for (size_t i = 0; i < option_rows_n; i++)
		zsh_option(&option_rows[i]);
	printf("\t\t'(-):command: _command_names -e' '*:: :_normal'\n}\n\n"
	       "_sandbox() {\n\tlocal _sandbox_binary=$words[1]\n"
	       "\tif ((CURRENT == 2)); then\n"
	       "\t\t[[ $words[2] == -* ]] || _sandbox_commands\n"
	       "\t\t_sandbox_run\n\t\treturn\n\tfi\n"
	       "\tcase $words[2] in\n\t");
	put_commands("|", false);
	printf(")\n\t\tshift words\n\t\t((CURRENT--))\n\t\t;;\n\t*)\n\t\t_sandbox_run\n\t\treturn\n\t\t;;\n\tesac\n"
	       "\tcase $words[1] in\n");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run)
			zsh_case(&commands[i]);
	}
	fputs(zsh_tail, stdout);
}

/* --- fish --- */

static const char fish_head[] =
	"# fish completion for sandbox, made by `sandbox completion fish`.\n"
	"\n"
	"function __sandbox_ask\n"
	"\tset -l words (commandline -opc)\n"
	"\t$words[1] profile $argv[1] 2>/dev/null\n"
	"end\n"
	"\n"
	"function __sandbox_profiles\n"
	"\t__sandbox_ask list | string replace -r ' +' \\t\n"
	"end\n"
	"\n"
	"function __sandbox_keys\n"
	"\t__sandbox_ask keys | string replace -r '=.*' '='\n"
	"end\n"
	"\n"
	"# __sandbox_is COMMAND...: whether the first word is one of these.\n"
	"function __sandbox_is\n"
	"\tset -l words (commandline -opc)\n"
	"\ttest (count $words) -gt 1; and contains -- $words[2] $argv\n"
	"end\n"
	"\n"
	"function __sandbox_first\n"
	"\ttest (count (commandline -opc)) -eq 1\n"
	"end\n"
	"\n"
	"# The index of the program among the words; fails while options come.\n"
	"function __sandbox_program\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l i 2\n";

static const char fish_program[] = "\twhile test $i -le (count $words)\n"
				   "\t\tswitch $words[$i]\n"
				   "\t\t\tcase --\n"
				   "\t\t\t\tmath $i + 1\n"
				   "\t\t\t\treturn\n";

static const char fish_tail[] = "\t\t\t\tset i (math $i + 2)\n"
				"\t\t\tcase '-*'\n"
				"\t\t\t\tset i (math $i + 1)\n"
				"\t\t\tcase '*'\n"
				"\t\t\t\techo $i\n"
				"\t\t\t\treturn\n"
				"\t\tend\n"
				"\tend\n"
				"\treturn 1\n"
				"end\n"
				"\n"
				"# The command and its arguments, as they complete without us.\n"
				"function __sandbox_rest\n"
				"\tset -l words (commandline -opc)\n"
				"\tset -l i (__sandbox_program)\n"
				"\tset -l before\n"
				"\tif test -n \"$i\"; and test $i -le (count $words)\n"
				"\t\tset before (string escape -- $words[$i..])\n"
				"\telse if string match -q -- '-*' (commandline -ct)\n"
				"\t\treturn\n"
				"\tend\n"
				"\tset -l line (string join ' ' -- $before (commandline -ct))\n"
				"\tcomplete -C \"$line\"\n"
				"end\n"
				"\n"
				"complete -c sandbox -f\n";

static void fish_option(const struct option_row *row)
{
	static const char *const values[] = {[VALUE_NONE] = "-x",
					     [VALUE_PROFILE] = "-r -a '(__sandbox_profiles)'",
					     [VALUE_PATH] = "-r -F",
					     [VALUE_DIRECTORY] =
						     "-x -a '(__fish_complete_directories)'",
					     [VALUE_VARIABLE] = "-x -a '(set -nx)'",
					     [VALUE_KEY] = "-x -a '(__sandbox_keys)'"};

	printf("complete -c sandbox -n __sandbox_options -l %s ", row->name);
	if (row->letter)
		printf("-s %c ", row->letter);
	if (row->argument && value_kind(row) == VALUE_CHOICES) {
		printf("-x -a '");
		put_choices(row->argument);
		printf("' ");
	} else if (row->argument) {
		printf("%s ", values[value_kind(row)]);
	}
	printf("-d '");
	put_quoted(row->doc, "\\'", "\\");
	printf("'\n");
}

static void fish_command(const struct command *c)
{
	printf("complete -c sandbox -n __sandbox_first -a %s -d '", c->name);
	put_quoted(c->doc, "\\'", "\\");
	printf("'\n");
	if (has_run_options(c))
		return;
	printf("complete -c sandbox -n '__sandbox_is %s' -s h -l help -d 'help'\n", c->name);
	if (has_choices(c)) {
		printf("complete -c sandbox -n '__sandbox_is %s; and test (count (commandline -opc)) -eq 2' -a '",
		       c->name);
		put_choices(c->arguments);
		printf("'\n");
	} else if (has_commands(c)) {
		printf("complete -c sandbox -n '__sandbox_is %s' -a '", c->name);
		put_commands(" ", false);
		printf("'\n");
	} else if (*c->arguments) {
		printf("complete -c sandbox -n '__sandbox_is %s' -l json -d 'machine-readable'\n",
		       c->name);
	}
}

static void print_fish(void)
{
	fputs(fish_head, stdout);
	printf("\t__sandbox_is ");
	put_commands(" ", true);
	printf("; and set i 3\n");
	fputs(fish_program, stdout);
	printf("\t\t\tcase");
	for (size_t i = 0; i < option_rows_n; i++) {
		if (option_rows[i].argument && option_rows[i].letter)
			printf(" -%c", option_rows[i].letter);
		if (option_rows[i].argument)
			printf(" --%s", option_rows[i].name);
	}
	printf("\n");
	fputs(fish_tail, stdout);
	printf("\nfunction __sandbox_options\n\tnot __sandbox_program >/dev/null; and not __sandbox_is");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run && !has_run_options(&commands[i]))
			printf(" %s", commands[i].name);
	}
	printf("\nend\n\nfunction __sandbox_runs\n\t__sandbox_program >/dev/null; or __sandbox_options; and not __sandbox_is");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run && !has_run_options(&commands[i]))
			printf(" %s", commands[i].name);
	}
	printf("\nend\n\n");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run)
			fish_command(&commands[i]);
	}
	for (size_t i = 0; i < option_rows_n; i++)
		fish_option(&option_rows[i]);
	printf("complete -c sandbox -n '__sandbox_is profile' -l json -d 'machine-readable'\n"
	       "complete -c sandbox -n '__sandbox_is profile' -l resolved -d 'the merged profile'\n"
	       "complete -c sandbox -n '__sandbox_is profile; and test (count (commandline -opc)) -gt 2'"
	       " -F -a '(__sandbox_profiles)'\n"
	       "complete -c sandbox -n __sandbox_runs -a '(__sandbox_rest)'\n");
}

int cmd_completion(int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
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
	else if (fflush(stdout) || ferror(stdout))
		rc = err_errno(&e, "standard output");
	if (rc < 0)
		rc = cli_error(&e);
	pool_done(&pool);
	return rc;
}
