/* SPDX-License-Identifier: MIT */
/* Terminals of the sandbox's own devpts: only there the program finds their names. */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/inside.h"

int inside_new_terminal(const struct plan_identity *id, int *master, struct err *e)
{
	_cleanup_fd_ int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;
	const int unlocked = 0;

	if (ours < 0 || ioctl(ours, TIOCSPTLCK, &unlocked))
		return err_errno(e, "/dev/ptmx");
	slave = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	/* It belongs to whoever opened it, and that is not the program where ids are switched. */
	if (slave < 0 || (id->switch_ids && fchown(slave, id->uid, id->gid)))
		return err_errno(e, "pty");
	*master = fd_take(&ours);
	return fd_take(&slave);
}

int inside_make_terminal(void *context, struct err *e)
{
	struct inside *in = context;
	const struct message m = {.kind = MESSAGE_TERMINAL};
	_cleanup_fd_ int master = -1;

	in->terminal = inside_new_terminal(&in->plan->identity, &master, e);
	if (in->terminal < 0)
		return -1;
	if (fd_send(in->channel, &m, offsetof(struct message, err), master))
		return err_errno(e, "channel");
	if (setsid() < 0 || ioctl(in->terminal, TIOCSCTTY, 0))
		return err_errno(e, "pty");
	in->foreground = true;
	for (int i = 0; i < 3; i++)
		in->standard[i] = in->terminal;
	return 0;
}
