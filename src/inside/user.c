/* SPDX-License-Identifier: MIT */
/* Who we are in the new user namespace, and what others may see of us. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/inside.h"

static int write_self(const char *file, const char *text, struct err *e)
{
	if (fd_write_path(AT_FDCWD, file, text, strlen(text)) == 0)
		return 0;
	err_errno(e, "%s", file);
	return err_hint(e, "`sandbox doctor` names what keeps you from using user namespaces");
}

/* user_namespaces(7): one line that maps the writer's own id needs no privilege, once setgroups(2) is given up. */
static int map_self(const struct plan_identity *id, struct err *e)
{
	char line[64];

	if (write_self("/proc/self/setgroups", "deny", e))
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", id->uids[0].inside, id->uids[0].outside);
	if (write_self("/proc/self/uid_map", line, e))
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", id->gids[0].inside, id->gids[0].outside);
	return write_self("/proc/self/gid_map", line, e);
}

int inside_map_ids(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan_identity *id = &in->plan->identity;
	struct message m;

	if (!id->by_helper)
		return map_self(id, e);
	if (channel_receive(in->channel, &m) != 1 || m.kind != MESSAGE_MAPPED)
		_exit(125); /* the launcher has failed, and says why */
	if (!id->switch_ids && id->uid == 0 &&
	    (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	return 0;
}

int inside_join_keyring(void *context, struct err *e)
{
	(void)context;
	/* ENOSYS: a kernel without keyrings has none to hide. EDQUOT: see keyrings(7), too many keys. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_errno(e, "cannot make a session keyring");
	return 0;
}

int inside_hide_self(void *context, struct err *e)
{
	(void)context;
	/*
	 * The memory belongs to the host's user namespace (it was exec'd there), so once it is not dumpable even a
	 * program with CAP_SYS_PTRACE inside cannot look at it: ptrace(2), "Ptrace access mode checking".
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_errno(e, "PR_SET_DUMPABLE");
	/* PR_SET_PDEATHSIG is lost when ids change (prctl(2)). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return err_errno(e, "PR_SET_PDEATHSIG");
	return 0;
}
