/* SPDX-License-Identifier: MIT */
/* The script for zsh(1): see completion.c. */
#include "cli/completion.h"

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
	"\tlocal syntax\n"
	"\tnames=(${${(f)\"$(_call_program keys ${(q)_sandbox_binary} profile keys 2>/dev/null)\"}%% *})\n"
	"\tif compset -P '*='; then\n"
	"\t\tsyntax=${${(M)names:#${${IPREFIX%=}##*=}=*}#*=}\n"
	"\t\t[[ $syntax != [a-z]* ]] || compadd -- ${(s:|:)syntax%%\\|[A-Z]*}\n"
	"\telse\n"
	"\t\tcompadd -S = -- ${names%%=*}\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_sandbox_profile() {\n"
	"\t_arguments '--json[machine-readable]' '--resolved[the merged profile]' \\\n"
	"\t\t'(-h --help)'{-h,--help}'[help]' '1:action:(list show check diff keys)' '*:profile:_sandbox_profile_or_path'\n"
	"}\n"
	"\n"
	"_sandbox_names() {\n"
	"\tlocal -a names expl\n"
	"\tnames=(${(f)\"$(_call_program sandboxes ${(q)_sandbox_binary} $@ --names 2>/dev/null)\"})\n"
	"\t_wanted sandboxes expl sandbox compadd -a names\n"
	"}\n"
	"\n"
	"_sandbox_kept() {\n"
	"\t_sandbox_names list --kept\n"
	"}\n"
	"\n"
	"_sandbox_running() {\n"
	"\t_sandbox_names stats\n"
	"}\n"
	"\n"
	"_sandbox_ended() {\n"
	"\tlocal -a kept running expl\n"
	"\tkept=(${(f)\"$(_call_program sandboxes ${(q)_sandbox_binary} list --kept --names 2>/dev/null)\"})\n"
	"\trunning=(${(f)\"$(_call_program sandboxes ${(q)_sandbox_binary} stats --names 2>/dev/null)\"})\n"
	"\t_wanted sandboxes expl sandbox compadd -- ${kept:|running}\n"
	"}\n"
	"\n"
	"_sandbox_changed() {\n"
	"\tlocal -a changed expl\n"
	"\tlocal name=${${(Q)words[2,CURRENT-1]:#-*}[1]}\n"
	"\tchanged=(${(f)\"$(_call_program changes ${(q)_sandbox_binary} changes --names -- ${(q)name} 2>/dev/null)\"})\n"
	"\t_wanted changes expl 'changed path' compadd -a changed\n"
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

static const char *const actions[] = {
	[VALUE_NONE] = "",
	[VALUE_PROFILE] = "_sandbox_profile_or_path",
	[VALUE_PATH] = "_files",
	[VALUE_DIRECTORY] = "_files -/",
	[VALUE_VARIABLE] = "_parameters -g \"*export*\"",
	[VALUE_KEY] = "_sandbox_keys",
	[VALUE_KEPT] = "_sandbox_kept",
	[VALUE_RUNNING] = "_sandbox_running",
	[VALUE_ENDED] = "_sandbox_ended",
	[VALUE_CHANGED] = "_sandbox_changed",
};

static void zsh_value(const struct option_row *row)
{
	printf(row->bare ? "::%s:" : ":%s:", row->name);
	if (value_kind(row) == VALUE_CHOICES || row->bare) {
		putchar('(');
		put_values(row);
		putchar(')');
	} else {
		fputs(actions[value_kind(row)], stdout);
	}
}

static void zsh_option(const struct option_row *row)
{
	const char *value = row->bare ? "=-" : takes_word(row) ? "=" : "";

	if (row->letter)
		printf("\t\t'*'{-%c%s,--%s%s}'[", row->letter, takes_word(row) ? "+" : "",
		       row->name, value);
	else
		printf("\t\t'*--%s%s[", row->name, value);
	put_quoted(row->doc, "'\\''", "[]:\\");
	putchar(']');
	if (row->argument)
		zsh_value(row);
	printf("' \\\n");
}

static void zsh_kept(const struct command *c)
{
	struct kept_words words = kept_words(c);

	for (size_t i = 0; i < store_options_n; i++) {
		const struct store_option *row = &store_options[i];

		if (!store_option_is_of(row, c->name))
			continue;
		if (row->letter)
			printf(" '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
			       row->value ? "+" : "", row->name, row->value ? "=" : "");
		else
			printf(" '--%s[", row->name);
		put_quoted(row->doc, "'\\''", "[]:\\");
		putchar(']');
		if (row->value)
			printf(":%s:", row->value);
		putchar('\'');
	}
	if (words.first)
		printf(" '1:sandbox:%s'", actions[words.first]);
	if (words.others)
		printf(" '*:%s:%s'", words.others == words.first ? "sandbox" : "path",
		       actions[words.others]);
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
	printf("_arguments %s'(-h --help)'{-h,--help}'[help]'", command_is_on_kept(c) ? "-S " : "");
	if (command_is_on_kept(c)) {
		zsh_kept(c);
	} else if (has_choices(c)) {
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

void completion_zsh(void)
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
	       "\t\t[[ -z $words[2] ]] || _sandbox_run\n\t\treturn\n\tfi\n"
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
