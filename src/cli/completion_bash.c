/* SPDX-License-Identifier: MIT */
/* The script for bash(1): see completion.c. */
#include "cli/completion.h"

static const char bash_head[] =
	"# bash completion for sandbox, made by `sandbox completion bash`.\n"
	"\n"
	"_sandbox_lines() {\n"
	"\t\"${COMP_WORDS[0]/#\\~/$HOME}\" \"$@\" 2>/dev/null\n"
	"}\n"
	"\n"
	"# _sandbox_ask SUFFIX WORD...: the first word of each line that the command prints, up to a \"=\".\n"
	"_sandbox_ask() {\n"
	"\t_sandbox_lines \"${@:2}\" | while read -r word _; do printf '%s\\n' \"${word%%=*}$1\"; done\n"
	"}\n"
	"\n"
	"# _sandbox_choices KEY: the words that its value can be.\n"
	"_sandbox_choices() {\n"
	"\tlocal line\n"
	"\tline=$(_sandbox_lines profile keys | grep \"^$1=[a-z]\") || line=none\n"
	"\tline=${line#*=}\n"
	"\tline=${line%% *}\n"
	"\tline=${line%%|[A-Z]*}\n"
	"\tprintf '%s\\n' \"${line//|/ }\"\n"
	"}\n"
	"\n"
	"# _sandbox_ended: kept and not running.\n"
	"_sandbox_ended() {\n"
	"\t_sandbox_lines list --kept --names | grep -vxFf <(_sandbox_lines stats --names)\n"
	"}\n"
	"\n"
	"# _sandbox_changed NAME WORD: quoted, so that a path may have spaces.\n"
	"_sandbox_changed() {\n"
	"\tlocal line\n"
	"\t_sandbox_lines changes --names -- \"$1\" | while IFS= read -r line; do\n"
	"\t\tprintf -v line %q \"$line\"\n"
	"\t\t[[ $line != \"$2\"* ]] || printf '%s\\n' \"$line\"\n"
	"\tdone\n"
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
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask '' profile list)\" -- \"$2\")\n"
	"\t\t;;\n"
	"\tkept) mapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask '' list --kept --names)\" -- \"$2\") ;;\n"
	"\trunning) mapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask '' stats --names)\" -- \"$2\") ;;\n"
	"\tended) mapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ended)\" -- \"$2\") ;;\n"
	"\tchanged) mapfile -t COMPREPLY < <(_sandbox_changed \"$name\" \"$2\") ;;\n"
	"\tpath | directory)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -A \"${1/path/file}\" -- \"$2\")\n"
	"\t\t;;\n"
	"\tvariable) mapfile -t COMPREPLY < <(compgen -A export -- \"$2\") ;;\n"
	"\tkey)\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_sandbox_ask = profile keys)\" -- \"$2\")\n"
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
	"# _sandbox_run FIRST: options from this word on, then a program. A \"=\", \":\" or \"@\" is a word of its own here.\n"
	"_sandbox_run() {\n"
	"\tlocal i=$1 value word kind cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\t[[ ${COMP_WORDS[COMP_CWORD - 1]} != ?(=)@ ]] || cur=@$cur\n";

static const char bash_run[] =
	"\twhile ((i < COMP_CWORD)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ $word == -- ]]; then\n"
	"\t\t\t_sandbox_program $((i + 1))\n"
	"\t\t\treturn\n"
	"\t\telif [[ $word != -* ]]; then\n"
	"\t\t\t_sandbox_program \"$i\"\n"
	"\t\t\treturn\n"
	"\t\telif [[ -n ${kinds[$word]-} ]]; then\n"
	"\t\t\tkind=${kinds[$word]} value=$((i + 1))\n"
	"\t\t\t[[ ${COMP_WORDS[value]} != @(=|@|=@) ]] || value=$((value + 1))\n"
	"\t\t\twhile ((value < COMP_CWORD)) && [[ ${COMP_WORDS[value + 1]} == +([=:]) ]]; do\n"
	"\t\t\t\t[[ $kind != key ]] || kind=$(_sandbox_choices \"${COMP_WORDS[value]}\")\n"
	"\t\t\t\tvalue=$((value + 2))\n"
	"\t\t\tdone\n"
	"\t\t\tif ((value >= COMP_CWORD)); then\n"
	"\t\t\t\t_sandbox_value \"$kind\" \"${cur#[=:]}\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\t\ti=$value\n"
	"\t\telif [[ -n ${joined[$word]-} && ${COMP_WORDS[i + 1]} == = ]]; then\n"
	"\t\t\tif ((i + 2 >= COMP_CWORD)); then\n"
	"\t\t\t\t_sandbox_value \"${joined[$word]}\" \"${cur#=}\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\t\ti=$((i + 2))\n"
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
	"# _sandbox_kept OPTIONS FIRST OTHERS: options anywhere, a first word, others; their kinds.\n"
	"_sandbox_kept() {\n"
	"\tlocal i name kind=$2 options=yes cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ -n $options && ${COMP_WORDS[i]} == -- ]]; then\n"
	"\t\t\toptions=\n"
	"\t\telif [[ -z $options || ${COMP_WORDS[i]} != -* ]]; then\n"
	"\t\t\tkind=$3 name=${name:-${COMP_WORDS[i]}}\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t[[ -z $options || $cur != -* ]] || kind=$1\n"
	"\t_sandbox_value \"$kind\" \"$cur\"\n"
	"}\n"
	"\n"
	"_sandbox() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tCOMPREPLY=()\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\t[[ -z $cur ]] || _sandbox_run 1\n";

static const char *const kinds[] = {
	[VALUE_NONE] = "none",		 [VALUE_PROFILE] = "profile",	[VALUE_PATH] = "path",
	[VALUE_DIRECTORY] = "directory", [VALUE_VARIABLE] = "variable", [VALUE_KEY] = "key",
	[VALUE_KEPT] = "kept",		 [VALUE_RUNNING] = "running",	[VALUE_ENDED] = "ended",
	[VALUE_CHANGED] = "changed",
};

static void bash_options(void)
{
	printf("\tlocal -A kinds=(\n");
	for (size_t i = 0; i < option_rows_n; i++) {
		const struct option_row *row = &option_rows[i];

		for (int is_long = 0; takes_word(row) && is_long < 2; is_long++) {
			if (!is_long && !row->letter)
				continue;
			printf("\t\t[%s%.*s]='", is_long ? "--" : "-", is_long ? 80 : 1,
			       is_long ? row->name : &row->letter);
			if (value_kind(row) == VALUE_CHOICES)
				put_values(row);
			else
				fputs(kinds[value_kind(row)], stdout);
			printf("'\n");
		}
	}
	printf("\t)\n\tlocal -A joined=(");
	for (size_t i = 0; i < option_rows_n; i++) {
		if (!option_rows[i].bare)
			continue;
		printf("[--%s]='", option_rows[i].name);
		put_choices(option_rows[i].argument);
		putchar('\'');
	}
	printf(")\n\tlocal flags='");
	for (size_t i = 0; i < option_rows_n; i++) {
		if (!takes_word(&option_rows[i]))
			printf("--%s ", option_rows[i].name);
	}
	printf("-h -d'\n");
}

static void bash_kept(const struct command *c)
{
	struct kept_words words = kept_words(c);

	printf("_sandbox_kept '--help");
	for (size_t i = 0; i < store_options_n; i++) {
		if (store_option_is_of(&store_options[i], c->name))
			printf(" --%s", store_options[i].name);
	}
	printf("' %s %s ;;\n", kinds[words.first], kinds[words.others]);
}

static void bash_command(const struct command *c)
{
	printf("\t%s) ", c->name);
	if (has_run_options(c)) {
		printf("_sandbox_run 2 ;;\n");
		return;
	}
	if (command_is_on_kept(c)) {
		bash_kept(c);
		return;
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

void completion_bash(void)
{
	fputs(bash_head, stdout);
	bash_options();
	fputs(bash_run, stdout);
	printf("\t\tif [[ $cur != -* ]]; then\n\t\t\tmapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W '");
	put_commands(" ", false);
	printf("' -- \"$cur\")\n\t\tfi\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < commands_n; i++) {
		if (commands[i].run)
			bash_command(&commands[i]);
	}
	printf("\t*) _sandbox_run 1 ;;\n\tesac\n}\n\ncomplete -o bashdefault -o default -F _sandbox sandbox\n");
}
