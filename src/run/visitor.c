/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/visit.h"
#include "run/visitor.h"

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* --- what is asked for --- */

static int write_words(int fd, const str_vec *words)
{
	for (size_t i = 0; i < words->n; i++) {
		size_t n = strlen(words->v[i]) + 1;

		if (write(fd, words->v[i], n) != (ssize_t)n)
			return -1;
	}
	return 0;
}

static int ask(int connection, const struct visitor_command *c, struct err *e)
{
	const char *directory = c->directory ? c->directory : "";
	_cleanup_fd_ int text = memfd_create("command", MFD_CLOEXEC);
	const int fds[FDS_MAX] = {text, 0, 1, 2};
	struct visit v;
	struct stat st;

	/* Padding goes over the socket, too. */
	memset(&v, 0, sizeof(v));
	v.kind = VISIT_EXEC;
	v.words = (uint32_t)c->words.n;
	v.assignments = (uint32_t)c->assignments.n;
	v.terminal = c->terminal;
	if (text < 0 || write(text, directory, strlen(directory) + 1) < 0 ||
	    write_words(text, &c->words) || write_words(text, &c->assignments) || fstat(text, &st))
		return err_errno(e, "the command");
	if (st.st_size > VISIT_TEXT_MAX)
		return err_set(e, "the command is too long");
	v.length = (uint32_t)st.st_size;
	if (c->terminal)
		ioctl(STDIN_FILENO, TIOCGWINSZ, &v.size);
	/* EPIPE: we have been turned away already, and the reason is there to be read. */
	return fd_send_all(connection, &v, sizeof(v), fds, c->terminal ? 1 : FDS_MAX) &&
			       errno != EPIPE
		       ? err_errno(e, "%s: its control socket", c->name)
		       : 0;
}

/* --- while it runs --- */

struct visiting {
	int connection, signals, master;
	struct terminal terminal;
	bool relays;
	struct relay relay;
};

static int watch_signals(struct err *e)
{
	static const int passed[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
				     SIGUSR2, SIGCONT, SIGTSTP, SIGWINCH};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		sigaddset(&set, passed[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_errno(e, "signalfd") : fd;
}

static void pass_signal(struct visiting *v, int signal)
{
	if (signal == SIGWINCH && v->master >= 0) {
		terminal_copy_size(STDIN_FILENO, v->master);
		return;
	}
	/* The command leads a session: nobody in it could continue it, so SIGTSTP would do nothing. */
	channel_send(v->connection, MESSAGE_SIGNAL, signal == SIGTSTP ? SIGSTOP : signal, NULL);
	if (signal == SIGTSTP) {
		terminal_restore(&v->terminal);
		kill(getpid(), SIGSTOP);
	}
	if (signal == SIGCONT && v->master >= 0)
		terminal_copy_size(STDIN_FILENO, v->master);
}

static void pass_signals(struct visiting *v)
{
	struct signalfd_siginfo info;

	while (read(v->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_signal(v, (int)info.ssi_signo);
}

static int begin_relay(struct visiting *v, int master, struct err *e)
{
	v->master = master;
	v->relays = true;
	return relay_init(&v->relay, STDIN_FILENO, STDOUT_FILENO, master, e) ||
			       terminal_raw(&v->terminal, STDIN_FILENO, e)
		       ? -1
		       : 0;
}

/* 1: it has ended, with *status; 0: not yet; -1. */
static int hear(struct visiting *v, int *status, struct err *e)
{
	struct message m;
	int fd, rc = fd_receive(v->connection, &m, sizeof(m), &fd);

	if (rc <= 0) {
		err_set(e, "the sandbox has ended, and the command with it");
		e->code = 128 + SIGKILL;
		return -1;
	}
	if (m.kind == MESSAGE_TERMINAL)
		return begin_relay(v, fd, e);
	fd_closep(&fd);
	if (m.kind == MESSAGE_FAILED) {
		*e = m.err;
		return -1;
	}
	*status = m.value;
	return m.kind == MESSAGE_ENDED;
}

static int visit(struct visiting *v, int *status, struct err *e)
{
	for (;;) {
		struct pollfd fds[2 + RELAY_FDS] = {{.fd = v->connection, .events = POLLIN},
						    {.fd = v->signals, .events = POLLIN}};
		struct err ignored;
		int rc, patience = v->relays ? relay_fds(&v->relay, fds + 2) : -1;

		if (poll(fds, 2 + (v->relays ? RELAY_FDS : 0), patience) < 0 && errno != EINTR)
			return err_errno(e, "poll");
		if (fds[1].revents)
			pass_signals(v);
		if (v->relays) {
			/* We may have come to the foreground. */
			terminal_raw(&v->terminal, STDIN_FILENO, &ignored);
			rc = relay_work(&v->relay, fds + 2, &ignored);
			v->relays = rc > 0;
			/* Keys that are signals are ours again. */
			if (rc <= 0)
				terminal_restore(&v->terminal);
			/* Who reads is gone: a hang-up for the command. */
			if (rc < 0)
				fd_closep(&v->master);
		}
		if (!fds[0].revents)
			continue;
		rc = hear(v, status, e);
		if (rc)
			return rc;
	}
}

int visitor_execute(int connection, const struct visitor_command *command, struct err *e)
{
	static struct visiting v; /* large */
	int status = 0, rc;
	struct err ignored;

	v = (struct visiting){.connection = connection, .master = -1};

	v.signals = watch_signals(e);
	if (v.signals < 0)
		return -1;
	rc = ask(connection, command, e) ? -1 : visit(&v, &status, e);
	if (v.relays)
		relay_drain(&v.relay, &ignored);
	terminal_restore(&v.terminal);
	fd_closep(&v.master);
	fd_closep(&v.signals);
	return rc < 0 ? -1 : status_of(status);
}

int visitor_wait(int connection, const char *name, struct err *e)
{
	struct visit v;
	struct message m;

	memset(&v, 0, sizeof(v));
	v.kind = VISIT_WAIT;
	if (send(connection, &v, sizeof(v), MSG_NOSIGNAL) < 0 && errno != EPIPE) /* see ask */
		return err_errno(e, "%s: its control socket", name);
	for (;;) {
		int rc = channel_receive(connection, &m);

		if (rc <= 0)
			return err_set(e, "%s: its launcher was killed: nobody knows how it ended",
				       name);
		if (m.kind == MESSAGE_FAILED) {
			*e = m.err;
			return -1;
		}
		if (m.kind == MESSAGE_ENDED)
			return m.value;
	}
}
