/* SPDX-License-Identifier: MIT */
/*
 * PID 1: reaps whatever ends, passes signals on, and ends with the program or with the launcher.
 *
 * It tells the launcher that the program has ended only when nothing else is left in the sandbox:
 * background processes are killed and reaped first. What remains then is this process, which does
 * nothing more; so the launcher need not wait while the kernel takes the namespaces down.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/inside.h"

/*
 * Nothing of the host's environment stays in this process. The program's words lie just before it
 * and are shown by /proc/1/cmdline, so they go too.
 */
static void clean_up(struct inside *in)
{
	explicit_bzero(in->scrub_begin, (size_t)(in->scrub_end - in->scrub_begin));
	for (size_t i = 0; i < in->plan->n_environment; i++) {
		char *v = (char *)(uintptr_t)in->plan->environment[i];

		explicit_bzero(v, strlen(v));
	}
	pool_done(&in->pool);
}

static _Noreturn void end(struct inside *in, int status)
{
	/* Also reaches what has been stopped, and what was made by a fork that is under way. */
	while (waitpid(-1, NULL, WNOHANG) >= 0 || errno == EINTR) {
		kill(-1, SIGKILL);
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			break;
	}
	channel_send(in->channel, MESSAGE_ENDED, status, NULL);
	_exit(0);
}

static void reap(struct inside *in)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != in->program)
			continue;
		if (WIFSTOPPED(status))
			channel_send(in->channel, MESSAGE_STOPPED, WSTOPSIG(status), NULL);
		else
			end(in, status);
	}
}

static void obey(struct inside *in)
{
	struct message m;

	if (channel_receive(in->channel, &m) != 1)
		_exit(125); /* the launcher is gone; the kernel kills the rest of the namespace */
	if (m.kind == MESSAGE_FOREGROUND && in->terminal >= 0)
		tcsetpgrp(in->terminal, in->program);
	if (m.kind == MESSAGE_FOREGROUND)
		kill(-in->program, SIGCONT);
	if (m.kind == MESSAGE_SIGNAL)
		kill(-in->program, m.value);
}

/*
 * What this process has open: the standard descriptors, the channel, the terminal. The program has
 * none of the others, they are close-on-exec; here they would keep file systems of the host busy.
 */
static void close_others(struct inside *in, int events)
{
	int keep[] = {in->channel, in->terminal, events};
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < 3; i++) {
			if (keep[i] >= (int)from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		}
		if (next > from)
			close_range(from, next == ~0U ? next : next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

_Noreturn void inside_reap(struct inside *in)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.fd = in->channel, .events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	fds[0].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[0].fd < 0)
		_exit(125);
	close_others(in, fds[0].fd);
	clean_up(in);
	for (reap(in);; reap(in)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			_exit(125);
		if (fds[0].revents)
			(void)!read(fds[0].fd, &info, sizeof(info));
		if (fds[1].revents)
			obey(in);
	}
}
