/* SPDX-License-Identifier: MIT */
/*
 * PID 1: reaps whatever ends, passes signals on, and ends with the program or with the launcher.
 *
 * It tells the launcher that the program has ended only when nothing else is left in the sandbox:
 * background processes are killed and reaped first. What remains then is this process, which does
 * nothing more; so the launcher need not wait while the kernel takes the namespaces down.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/inside.h"

/* For what is executed later. */
static void copy_environment(struct inside *in)
{
	const struct plan *p = in->plan;
	const char **copy = pool_alloc(&in->pool, (p->n_environment + 1) * sizeof(*copy));

	for (size_t i = 0; i < p->n_environment; i++)
		copy[i] = pool_strdup(&in->pool, p->environment[i]);
	copy[p->n_environment] = NULL;
	in->environment = copy;
}

/*
 * Of the host's environment nothing stays in this process but what the program has got. The program's
 * words lie just before it and are shown by /proc/1/cmdline, so they go too.
 */
static void clean_up(struct inside *in)
{
	pool_done(&in->pool);
	copy_environment(in);
	explicit_bzero(in->scrub_begin, (size_t)(in->scrub_end - in->scrub_begin));
}

/* Also reaches what has been stopped, and what was made by a fork that is under way. */
static void end_others(void)
{
	while (waitpid(-1, NULL, WNOHANG) >= 0 || errno == EINTR) {
		kill(-1, SIGKILL);
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			break;
	}
}

_Noreturn void inside_abandon(struct inside *in)
{
	/* Paused as well, fuse-overlayfs would not let end who waits for it. */
	if (in->group >= 0)
		fd_write_path(in->group, "cgroup.freeze", "0", 1);
	end_others();
	inside_leave_group(in, NULL);
	_exit(125);
}

static _Noreturn void end(struct inside *in, int status)
{
	struct usage usage = usage_unknown;

	end_others();
	inside_leave_group(in, &usage);
	usage_of_children(&usage);
	channel_send_end(in->channel, status, &usage);
	_exit(0);
}

enum { REAP_AT_ONCE = 64 };

/* True if there may be more: the launcher's words must not wait for a program that only forks. */
static bool reap(struct inside *in)
{
	int status;

	for (int i = 0; i < REAP_AT_ONCE; i++) {
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);

		if (pid <= 0)
			return false;
		if (pid != in->program) {
			if (!WIFSTOPPED(status))
				visit_ended(in, pid, status);
			continue;
		}
		if (WIFSTOPPED(status))
			channel_send(in->channel, MESSAGE_STOPPED, WSTOPSIG(status), NULL);
		else
			end(in, status);
	}
	return true;
}

void inside_signal(pid_t pid, int signal)
{
	if (kill(-pid, signal) && errno == ESRCH)
		kill(pid, signal);
}

static void obey(struct inside *in)
{
	struct message m;
	int connection;

	if (fd_receive(in->channel, &m, sizeof(m), &connection) != 1)
		inside_abandon(in); /* the launcher is gone */
	if (m.kind == MESSAGE_VISITOR && connection >= 0)
		visit_begin(in, connection);
	if (m.kind == MESSAGE_FOREGROUND && in->terminal >= 0)
		tcsetpgrp(in->terminal, in->program);
	if (m.kind == MESSAGE_FOREGROUND)
		inside_signal(in->program, SIGCONT);
	if (m.kind == MESSAGE_SIGNAL)
		inside_signal(in->program, m.value);
}

/*
 * What this process has open: the standard descriptors, the channel, the terminal. The program has
 * none of the others, they are close-on-exec; here they would keep file systems of the host busy.
 */
static void close_others(const int *keep, size_t n)
{
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++) {
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

/* epoll, because poll(2) asks for RLIMIT_NOFILE, which the program may set for us (prlimit(2)). */
static int watch(int events, int children, int channel)
{
	struct epoll_event of_children = {.events = EPOLLIN, .data.fd = children};
	struct epoll_event of_channel = {.events = EPOLLIN, .data.fd = channel};

	return epoll_ctl(events, EPOLL_CTL_ADD, children, &of_children) ||
	       epoll_ctl(events, EPOLL_CTL_ADD, channel, &of_channel);
}

_Noreturn void inside_reap(struct inside *in)
{
	int children;
	struct signalfd_siginfo info;
	struct epoll_event event;
	sigset_t child;
	bool more;

	in->events = epoll_create1(EPOLL_CLOEXEC);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (in->events < 0 || children < 0 || watch(in->events, children, in->channel))
		inside_abandon(in);
	close_others((int[]){in->channel, in->terminal, in->events, children, in->groups, in->group,
			     in->program_group},
		     7);
	clean_up(in);
	for (more = reap(in);; more = reap(in)) {
		int n = epoll_wait(in->events, &event, 1, more ? 0 : -1);

		if (n < 0 && errno != EINTR)
			inside_abandon(in);
		if (n == 1 && event.data.fd == children)
			(void)!read(children, &info, sizeof(info));
		if (n == 1 && event.data.fd == in->channel)
			obey(in);
		else if (n == 1 && event.data.fd != children)
			visit_hear(in, event.data.fd);
	}
}
