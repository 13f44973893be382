/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox leaves behind may belong to subordinate ids, or be closed by its modes to the user
 * who owns it. In a user namespace with the sandbox's maps both are ours: CAP_DAC_OVERRIDE and its
 * like hold for files whose ids are mapped (capabilities(7)), and no others are.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/run.h"

/* In the process that stays behind: the maps have to be written from the namespace above. */
static _Noreturn void write_maps(int socket, const struct plan_identity *id, pid_t target)
{
	struct err e = {0};
	sigset_t mask;
	char word;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	if (read(socket, &word, 1) != 1)
		_exit(125);
	if (idmap_write(id, target, &mask, &e) == 0)
		e.code = 0;
	_exit(fd_send(socket, &e, sizeof(e), -1) ? 125 : 0);
}

static int unshare_and_wait(int socket, struct err *e)
{
	struct err theirs = {0};
	int none;

	if (unshare(CLONE_NEWUSER))
		return err_errno(e, "cannot make a user namespace");
	if (write(socket, "m", 1) != 1 || fd_receive(socket, &theirs, sizeof(theirs), &none) != 1)
		return err_set(e, "the process that maps ids was killed");
	if (!theirs.code)
		return 0;
	*e = theirs;
	return -1;
}

int run_enter_ids(const struct plan_identity *id, struct err *e)
{
	pid_t self = getpid(), pid;
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_errno(e, "socketpair");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		write_maps(pair[1], id, self);
	}
	close(pair[1]);
	rc = pid < 0 ? err_errno(e, "fork") : unshare_and_wait(pair[0], e);
	close(pair[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && id->by_helper &&
	    (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	return rc;
}
