/* SPDX-License-Identifier: MIT */
/* The script for fish(1): see completion.c. */
#include "cli/completion.h"

static const char fish_head[] =
	"# fish completion for sandbox, made by `sandbox completion fish`.\n"
	"\n"
	"function __sandbox_ask\n"
	"\tset -l words (commandline -opc)\n"
	"\t$words[1] $argv 2>/dev/null\n"
	"end\n"
	"\n"
	"function __sandbox_profiles\n"
	"\t__sandbox_ask profile list | string replace -r ' +' \\t\n"
	"end\n"
	"\n"
	"# Behind KEY= the words that its value can be.\n"
	"function __sandbox_keys\n"
	"\tset -l keys (__sandbox_ask profile keys | string replace -r ' .*' '')\n"
	"\tset -l key (commandline -ct | string match -r '[A-Z]\\w+\\.\\w+(?==)')\n"
	"\tif test -z \"$key\"\n"
	"\t\tstring replace -r '=.*' '=' -- $keys\n"
	"\t\treturn\n"
	"\tend\n"
	"\tfor value in (string match -r -- \"^$key=[a-z].*\" $keys | string replace -r '.*=' '' | string split '|' | string match -r '^[a-z].*')\n"
	"\t\techo $key=$value\n"
	"\tend\n"
	"end\n"
	"\n"
	"# __sandbox_is COMMAND...: whether the first word is one of these.\n"
	"function __sandbox_is\n"
	"\tset -l words (commandline -opc)\n"
	"\ttest (count $words) -gt 1; and contains -- $words[2] $argv\n"
	"end\n"
	"\n"
	"# Whether the word behind the subcommand, which names a sandbox, is still to come.\n"
	"function __sandbox_wants_name\n"
	"\tset -l words (commandline -opc)\n"
	"\tfor word in $words[3..]\n"
	"\t\tstring match -q -- '-*' $word; or return 1\n"
	"\tend\n"
	"end\n"
	"\n"
	"function __sandbox_ended\n"
	"\tset -l running (__sandbox_ask stats --names)\n"
	"\tfor name in (__sandbox_ask list --kept --names)\n"
	"\t\tcontains -- $name $running; or echo $name\n"
	"\tend\n"
	"end\n"
	"\n"
	"# Of the sandbox whose name is the first word behind the subcommand.\n"
	"function __sandbox_changed\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l names (string match -v -- '-*' $words[3..])\n"
	"\t__sandbox_ask changes --names -- $names[1]\n"
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
				"\tif __sandbox_first; and test -z (commandline -ct)\n"
				"\t\treturn\n"
				"\tend\n"
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

static const char *const values[] = {
	[VALUE_NONE] = "-x",
	[VALUE_PROFILE] = "-r -a '(__sandbox_profiles)'",
	[VALUE_PATH] = "-r -F",
	[VALUE_DIRECTORY] = "-x -a '(__fish_complete_directories)'",
	[VALUE_VARIABLE] = "-x -a '(set -nx)'",
	[VALUE_KEY] = "-x -a '(__sandbox_keys)'",
	[VALUE_KEPT] = "-x -a '(__sandbox_ask list --kept --names)'",
	[VALUE_RUNNING] = "-x -a '(__sandbox_ask stats --names)'",
	[VALUE_ENDED] = "-x -a '(__sandbox_ended)'",
	[VALUE_CHANGED] = "-x -a '(__sandbox_changed)'",
};

static void fish_option(const struct option_row *row)
{
	printf("complete -c sandbox -n __sandbox_options -l %s ", row->name);
	if (row->letter)
		printf("-s %c ", row->letter);
	/* Without -x a value is one that stands behind a `=`. */
	if (row->bare || (takes_word(row) && value_kind(row) == VALUE_CHOICES)) {
		printf("%s-a '", row->bare ? "" : "-x ");
		put_values(row);
		printf("' ");
	} else if (takes_word(row)) {
		printf("%s ", values[value_kind(row)]);
	}
	printf("-d '");
	put_quoted(row->doc, "\\'", "\\");
	printf("'\n");
}

static void fish_kept(const struct command *c)
{
	struct kept_words words = kept_words(c);

	for (size_t i = 0; i < store_options_n; i++) {
		const struct store_option *row = &store_options[i];

		if (!store_option_is_of(row, c->name))
			continue;
		printf("complete -c sandbox -n '__sandbox_is %s' -l %s ", c->name, row->name);
		if (row->letter)
			printf("-s %c ", row->letter);
		printf("%s-d '", row->value ? "-x " : "");
		put_quoted(row->doc, "\\'", "\\");
		printf("'\n");
	}
	if (words.first)
		printf("complete -c sandbox -n '__sandbox_is %s%s' %s\n", c->name,
		       words.others == words.first ? "" : "; and __sandbox_wants_name",
		       values[words.first]);
	if (words.others && words.others != words.first)
		printf("complete -c sandbox -n '__sandbox_is %s; and not __sandbox_wants_name' %s\n",
		       c->name, values[words.others]);
}

static void fish_command(const struct command *c)
{
	printf("complete -c sandbox -n __sandbox_first -a %s -d '", c->name);
	put_quoted(c->doc, "\\'", "\\");
	printf("'\n");
	if (has_run_options(c))
		return;
	printf("complete -c sandbox -n '__sandbox_is %s' -s h -l help -d 'help'\n", c->name);
	if (command_is_on_kept(c)) {
		fish_kept(c);
	} else if (has_choices(c)) {
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

void completion_fish(void)
{
	fputs(fish_head, stdout);
	printf("\t__sandbox_is ");
	put_commands(" ", true);
	printf("; and set i 3\n");
	fputs(fish_program, stdout);
	printf("\t\t\tcase");
	for (size_t i = 0; i < option_rows_n; i++) {
		if (takes_word(&option_rows[i]) && option_rows[i].letter)
			printf(" -%c", option_rows[i].letter);
		if (takes_word(&option_rows[i]))
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
