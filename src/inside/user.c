/* SPDX-License-Identifier: MIT */
/* Who we are in the new user namespace, and what others may see of us. */
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/inside.h"

int inside_await_ids(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan_identity *id = &in->plan->identity;
	struct message m;

	if (channel_receive(in->channel, &m) != 1 || m.kind != MESSAGE_MAPPED)
		inside_abandon(in); /* the launcher has failed, and says why */
	if (id->by_helper && (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	return 0;
}

int inside_join_keyring(void *context, struct err *e)
{
	(void)context;
	/* ENOSYS: a kernel without keyrings has none to hide. EDQUOT: see keyrings(7), too many
	 * keys. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_errno(e, "cannot make a session keyring");
	return 0;
}

int inside_hide_self(void *context, struct err *e)
{
	const struct inside *in = context;

	/*
	 * The memory belongs to the host's user namespace (it was exec'd there), so once it is not
	 * dumpable even a program with CAP_SYS_PTRACE inside cannot look at it: ptrace(2), "Ptrace
	 * access mode checking".
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_errno(e, "PR_SET_DUMPABLE");
	/* PR_SET_PDEATHSIG is lost when ids change (prctl(2)). */
	if (in->groups < 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return err_errno(e, "PR_SET_PDEATHSIG");
	return 0;
}
