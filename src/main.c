/* SPDX-License-Identifier: MIT */
/* The commands. The first word chooses; anything else is a program to run. */
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "cli/cli.h"

const struct command commands[] = {
	{"run", cmd_run, "[RUN-OPTIONS] [--] COMMAND [ARG...]", "run a command in a sandbox"},
	{"explain", cmd_explain, "[RUN-OPTIONS] [COMMAND [ARG...]]",
	 "print the plan and the steps, run nothing"},
	{"profile", cmd_profile, "list|show|check|diff|keys ...",
	 "look at profiles and check them"},
	{"doctor", cmd_doctor, "[--json]", "what this host offers, and how to mend what it lacks"},
	{"list", cmd_list, "[--all|--kept] [--changes] [--names] [--json]",
	 "kept and running sandboxes"},
	{"changes", cmd_changes, "NAME [--diff] [--stat] [--names] [--json] [PATH...]",
	 "what a sandbox has changed"},
	{"commit", cmd_commit,
	 "NAME [-i] [-n] [--theirs|--ours|--merge] [--allow-executed] [PATH...]",
	 "apply changes to the real tree"},
	{"discard", cmd_discard, "NAME [-i] [-n] [PATH...]", "throw changes away"},
	{"undo", cmd_undo, "NAME [-n]", "take the last commit back"},
	{"remove", cmd_remove, "NAME... | --all [--force]",
	 "remove sandboxes, and what they have changed"},
	{"stats", cmd_stats, "[NAME...] [--no-stream] [--names] [--json]",
	 "what running sandboxes use"},
	{"inspect", cmd_inspect, "NAME [--json]", "all that is known of a sandbox"},
	{"exec", cmd_exec, "[--tty WHEN] [--env NAME=VALUE] [-C DIR] NAME COMMAND [ARG...]",
	 "run one more command in a running sandbox"},
	{"publish", cmd_publish, "NAME [ADDR:]HOSTPORT:PORT[/udp]...",
	 "more ports of a running sandbox on the host"},
	{"attach", cmd_attach, "NAME [--detach-keys KEYS]",
	 "see and type what a sandbox in the background shows"},
	{"logs", cmd_logs, "NAME [-f] [--since TIME] [--tail N] [--timestamps] [--events] [--json]",
	 "what a sandbox in the background has printed"},
	{"wait", cmd_wait, "NAME...", "until sandboxes have ended, and how they did"},
	{"start", cmd_start, "NAME...", "run kept sandboxes again, in the background"},
	{"stop", cmd_stop, "NAME... [--timeout TIME] [--force]", "end running sandboxes"},
	{"pause", cmd_pause, "NAME...", "stop running sandboxes for a while"},
	{"resume", cmd_resume, "NAME...", "let paused sandboxes go on"},
	{"completion", cmd_completion, "bash|zsh|fish", "print completions for a shell"},
	{"help", cmd_help, "[COMMAND]", "the manual"},
	{"version", cmd_version, "", "the version"},
	{"selftest", NULL, NULL, NULL},
};
const size_t commands_n = sizeof(commands) / sizeof(commands[0]);

static int reserved(const char *name)
{
	struct err e = {0};

	err_set(&e, "%s: not in this version", name);
	err_hint(&e, "a program of that name: sandbox -- %s", name);
	return cli_error(&e);
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < commands_n; i++) {
		if (!str_eq(argv[1], commands[i].name))
			continue;
		return commands[i].run ? commands[i].run(argc - 1, argv + 1) : reserved(argv[1]);
	}
	return cmd_run(argc, argv);
}

int main(int argc, char **argv)
{
	int status = run_command(argc, argv);
	struct err e = {0};

	/* Whoever failed has said why, and need not have got as far as all of its output. */
	if (status == EXIT_SANDBOX || (fflush(stdout) == 0 && !ferror(stdout)))
		return status;
	err_errno(&e, "standard output");
	return cli_error(&e);
}
