/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * The launcher clones PID 1 into all its new namespaces at once. PID 1 has every capability in the
 * new user namespace and none outside. What it does in which order is the first table; every row
 * says what has to be true before it.
 *
 *	keyring		a session keyring of its own: the caller's would come along
 *	group		the cgroup of the program, with its limits, where there are any. From here it is
 *			us who remove it, so we do not die with the launcher at once but see its end
 *	sources		every part of the host's tree that will be seen is opened while the tree is
 *			as the host has it
 *	ids		the launcher maps them meanwhile; before it nothing can be created, for we
 *			are nobody
 *	overlays	of the tree as the host has it: nothing is read-only or covered yet
 *	root		the root to be, private and read-only; nothing below it can change or be
 *			propagated any more
 *	mounts		parents first. Destinations are looked up below the root's descriptor, never
 *			by a path twice
 *	seal		directories in which we made mount points become read-only
 *	network		loopback up; of a network that others make meanwhile, until it is there
 *	hostname
 *	enter		a root that is not the host's becomes the root
 *	terminal	a pty, whose session is ours: then the program can be stopped in it (Ctrl-Z)
 *			and continued, as by a shell
 *	landlock-rules	they name what is visible now
 *	landlock	here and not in the program's process: what is executed later (visit.c) is to
 *			be in the same domain, for two that only look alike may not send each other
 *			signals
 *	hidden		not dumpable: no /proc/1/mem for the program. From here our own /proc entries
 *			are closed to us too
 *
 * The program's process is made by vfork: it shares PID 1's memory until it execs, so a failure is
 * simply written into struct inside. What is executed later is made by fork, for PID 1 must not wait
 * for it. Nothing that was not ours runs before the exec. The second table goes from the loosest to the strictest: each row takes something away that the rows behind
 * it do not need.
 *
 *	cgroup		a namespace that begins at the cgroup in which the process has been made
 *	descriptors	0, 1 and 2, where they are not those of PID 1
 *	group		a process group of its own (kill(0) would reach the launcher's), the terminal,
 *			signals, umask, limits
 *	ids		the program's ids and no other groups; needs CAP_SETUID
 *	directory	looked up by path from the root: an inherited one would be in the host's tree
 *	capabilities	needs CAP_SETPCAP for the bounding set, so after ids
 *	no-new-privs	before seccomp, which needs it of a process without CAP_SYS_ADMIN
 *	filter		last: it need not allow anything but exec
 *	exec
 */
#include <errno.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/features.h"
#include "inside/inside.h"
#include "inside/program.h"

static bool plan_has_network(const struct plan *p)
{
	return p->network != NETWORK_HOST;
}

static bool plan_has_own_root(const struct plan *p)
{
	return p->root != ROOT_HOST || p->root_cow;
}

static bool plan_has_cows(const struct plan *p)
{
	return p->cows.n > 0;
}

static bool plan_uses_landlock(const struct plan *p)
{
	return p->landlock_abi > 0;
}

static bool plan_sets_ids(const struct plan *p)
{
	return p->identity.switch_ids || p->identity.drop_groups;
}

static bool plan_has_terminal(const struct plan *p)
{
	return p->tty == TTY_ALWAYS;
}

const struct step inside_setup[] = {
	{"keyring", NULL, inside_join_keyring, NULL},
	{"group", plan_has_group, inside_make_group, NULL},
	{"sources", NULL, inside_open_sources, NULL},
	{"ids", NULL, inside_await_ids, NULL},
	{"overlays", plan_has_cows, inside_make_overlays, NULL},
	{"root", NULL, inside_make_root, NULL},
	{"mounts", NULL, inside_mount_all, NULL},
	{"seal", NULL, inside_seal, NULL},
	{"network", plan_has_network, inside_await_network, NULL},
	{"hostname", NULL, inside_set_hostname, NULL},
	{"enter", plan_has_own_root, inside_enter_root, NULL},
	{"terminal", plan_has_terminal, inside_make_terminal, NULL},
	{"landlock-rules", plan_uses_landlock, inside_make_landlock, NULL},
	{"landlock", plan_uses_landlock, inside_enter_landlock, NULL},
	{"hidden", NULL, inside_hide_self, NULL},
};
const size_t inside_setup_rows = sizeof(inside_setup) / sizeof(inside_setup[0]);

const struct step inside_program[] = {
	{"cgroup", plan_has_group, program_cgroup_namespace, NULL},
	{"descriptors", NULL, program_descriptors, NULL},
	{"group", NULL, program_group, NULL},
	{"ids", plan_sets_ids, program_ids, NULL},
	{"directory", NULL, program_directory, NULL},
	{"capabilities", NULL, program_capabilities, NULL},
	{"no-new-privs", NULL, program_no_new_privs, NULL},
	{"filter", NULL, program_filter, NULL},
	{"exec", NULL, program_exec, NULL},
};
const size_t inside_program_rows = sizeof(inside_program) / sizeof(inside_program[0]);

static _Noreturn void fail(struct inside *in)
{
	/* A host that gives user namespaces without their capabilities (AppArmor) is found out here. */
	if (in->err.error == EPERM && !in->err.hint[0] && in->err.code == 125)
		err_hint(&in->err, "%s", features_namespace_hint(EPERM));
	inside_leave_group(in, NULL);
	channel_send(in->channel, MESSAGE_FAILED, 0, &in->err);
	_exit(125);
}

void inside_execute(struct inside *in, volatile size_t *at, struct err *e)
{
	steps_run(inside_program, inside_program_rows, in->plan, in, at, e);
}

/* In the program's process. The memory is PID 1's, which is suspended until we exec or end. */
static _Noreturn void execute(struct inside *in)
{
	inside_execute(in, &in->progress->program, &in->err);
	in->exec_failed = true;
	_exit(125);
}

/*
 * vfork(2), into a cgroup. A function of its own that does nothing else: the child shares our stack, and
 * may write below this frame but must not return from it.
 */
static __attribute__((noinline)) pid_t start_in_group(struct inside *in)
{
	struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP,
				  .exit_signal = SIGCHLD,
				  .cgroup = (uint64_t)in->program_group};
	long pid = fd_vfork3(&args);

	if (pid == 0)
		execute(in);
	if (pid < 0)
		errno = (int)-pid;
	return (pid_t)(pid < 0 ? -1 : pid);
}

static pid_t start_program(struct inside *in)
{
	pid_t pid;

	if (in->group >= 0)
		return start_in_group(in);
	pid = vfork();
	if (pid == 0)
		execute(in);
	return pid;
}

_Noreturn void inside_main(struct inside *in)
{
	static struct start first;

	/* Dies with the launcher; if that has died already, the channel is at its end, which init.c
	 * sees. */
	if (in->groups < 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	in->umask = umask(0); /* modes are as written; the program has the caller's again */
	in->root = in->scratch = in->landlock = in->group = -1;
	if (steps_run(inside_setup, inside_setup_rows, in->plan, in, &in->progress->setup,
		      &in->err))
		fail(in);
	first = (struct start){.argv = in->plan->argv,
			       .environment = in->plan->environment,
			       .directory = in->plan->working_directory,
			       .terminal = -1};
	first.session = in->plan->tty == TTY_NEVER;
	first.foreground = in->foreground;
	memcpy(first.standard, in->standard, sizeof(first.standard));
	in->start = &first;
	in->program = start_program(in);
	if (in->program < 0) {
		err_errno(&in->err, "cannot make a process");
		fail(in);
	}
	if (in->exec_failed)
		fail(in);
	/* Killed on the way: the launcher says in which step, if we do not know why. */
	if (in->progress->program + 1 < inside_program_rows) {
		if (group_killed_program(in, &in->err))
			fail(in);
		inside_abandon(in);
	}
	if (channel_send(in->channel, MESSAGE_STARTED, 0, NULL))
		inside_abandon(in);
	inside_reap(in);
}
