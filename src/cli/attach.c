/* SPDX-License-Identifier: MIT */
/*
 * `sandbox attach NAME`: a terminal for a sandbox in the background. What it shows comes out of the log, so
 * that nobody who looks on makes the program wait; what is typed goes over the control socket.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/store.h"
#include "inside/visit.h"
#include "run/run.h"
#include "run/terminal.h"
#include "store/log.h"

struct attached {
	const char *name;
	int connection, signals, watch;
	bool has_terminal; /* the program */
	bool reads;	   /* what is typed; without has_terminal only to find the keys in it */
	struct terminal terminal;
	struct keys keys;
	struct log_reader log;
};

enum { DETACHED = -2 };

static int send_input(const struct attached *a, struct input *in, size_t n)
{
	n += offsetof(struct input, bytes);
	return send(a->connection, in, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

static int send_size(const struct attached *a)
{
	struct input in;

	memset(&in, 0, sizeof(in));
	in.kind = INPUT_SIZE;
	return ioctl(STDIN_FILENO, TIOCGWINSZ, &in.size) == 0 ? send_input(a, &in, 0) : 0;
}

static int set_terminal(struct attached *a, struct err *e)
{
	if (!a->reads)
		return 0;
	return a->has_terminal ? terminal_raw(&a->terminal, STDIN_FILENO, e)
			       : terminal_keys(&a->terminal, STDIN_FILENO, e);
}

static void send_signal(const struct attached *a, int signal)
{
	struct input in;

	memset(&in, 0, sizeof(in));
	in.kind = INPUT_SIGNAL;
	in.value = signal;
	send_input(a, &in, 0);
}

/* --- what comes --- */

static int show(struct attached *a, struct err *e)
{
	struct log_record r;
	int rc;

	while ((rc = log_next(&a->log, &r, e)) > 0) {
		FILE *out = r.stream == LOG_ERR ? stderr : stdout;

		if (r.stream == LOG_EVENT && !log_is_loss(&r))
			continue;
		if (r.stream == LOG_EVENT)
			fprintf(stderr, "sandbox: note: %s: %.*s\n", a->name, (int)r.n, r.data);
		else if (fwrite(r.data, 1, r.n, out) != r.n)
			return err_errno(e, "standard output");
	}
	if (fflush(stdout) || fflush(stderr))
		return err_errno(e, "standard output");
	return rc;
}

/* DETACHED, or 0. */
static int obey(struct attached *a)
{
	struct signalfd_siginfo info;

	while (read(a->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signal = (int)info.ssi_signo;

		if (signal == SIGHUP || signal == SIGTERM)
			return DETACHED;
		if (signal == SIGTSTP) {
			terminal_restore(&a->terminal);
			kill(getpid(), SIGSTOP);
		}
		if (signal == SIGINT || signal == SIGQUIT)
			send_signal(a, signal);
		if ((signal == SIGWINCH || signal == SIGCONT) && a->has_terminal)
			send_size(a);
	}
	return 0;
}

/* DETACHED, -1, or 0. */
static int type(struct attached *a, struct err *e)
{
	char typed[sizeof(((struct input *)0)->bytes) - KEYS_MAX];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
	struct input in;
	size_t kept;
	bool leave;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : err_errno(e, "standard input");
	if (n == 0) {
		a->reads = false;
		return 0;
	}
	memset(&in, 0, offsetof(struct input, bytes));
	in.kind = INPUT_BYTES;
	leave = keys_filter(&a->keys, typed, (size_t)n, in.bytes, &kept);
	/* Who typed it saw the size of that moment: the program is to hear of that first. */
	if (obey(a))
		leave = true;
	if (kept && a->has_terminal)
		send_input(a, &in, kept);
	return leave ? DETACHED : 0;
}

static int nobody_reads(struct err *e)
{
	errno = EPIPE;
	return err_errno(e, "standard output");
}

/* The exit status, DETACHED, or -1. */
static int follow(struct attached *a, struct err *e)
{
	for (;;) {
		/* In the background the keys are not for us. */
		bool away = a->reads && terminal_in_background(STDIN_FILENO);
		struct pollfd fds[] = {
			{.fd = a->connection, .events = POLLIN},
			{.fd = a->signals, .events = POLLIN},
			{.fd = a->watch, .events = POLLIN},
			{.fd = a->reads && !away ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = STDOUT_FILENO}};
		struct err ignored;
		struct message m;
		int rc = 0;

		if (set_terminal(a, &ignored) > 0 && a->has_terminal)
			send_size(a);
		if (poll(fds, 5, away ? TERMINAL_AGAIN : -1) < 0 && errno != EINTR)
			return err_errno(e, "poll");
		if (fds[2].revents && show(a, e))
			return -1;
		if (fds[4].revents)
			return nobody_reads(e);
		if (fds[3].revents)
			rc = type(a, e);
		if (rc == 0 && fds[1].revents)
			rc = obey(a);
		if (rc)
			return rc;
		if (!fds[0].revents)
			continue;
		rc = channel_receive(a->connection, &m);
		if (show(a, e))
			return -1;
		if (rc <= 0)
			return err_set(e, "%s: its launcher was killed: nobody knows how it ended",
				       a->name);
		if (m.kind == MESSAGE_ENDED)
			return m.value;
	}
}

/* --- beginning --- */

static int in_foreground(const struct attached *a, struct err *e)
{
	err_set(e, "%s: it was not started with --detach", a->name);
	return err_hint(
		e, "its terminal is where it was started; `sandbox exec %s` runs a command in it",
		a->name);
}

static int ask(struct attached *a, struct err *e)
{
	struct message m;
	struct visit v;

	memset(&v, 0, sizeof(v));
	v.kind = VISIT_ATTACH;
	ioctl(STDIN_FILENO, TIOCGWINSZ, &v.size);
	/* EPIPE: we have been turned away already, and the reason is there to be read. */
	if (send(a->connection, &v, sizeof(v), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return err_errno(e, "%s: its control socket", a->name);
	if (channel_receive(a->connection, &m) != 1)
		return err_set(e, "%s: it has just ended", a->name);
	if (m.kind == MESSAGE_FAILED)
		*e = m.err;
	if (m.kind != MESSAGE_STARTED)
		return -1;
	a->has_terminal = m.value & RUNS_ON_PTY;
	return m.value & RUNS_DETACHED ? 0 : in_foreground(a, e);
}

static int watch_signals(struct err *e)
{
	static const int watched[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		sigaddset(&set, watched[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_errno(e, "signalfd") : fd;
}

static int open_log(struct store_words *w, struct attached *a, struct store *s, struct err *e)
{
	int rc;

	*s = (struct store){.pool = &w->pool, .home = -1, .dir = -1};
	rc = w->host.state_home ? store_open(s, w->host.state_home, a->name, false, e) : -1;
	rc = rc ? (e->error == ENOENT ? 0 : -1) : log_open(&a->log, s->dir, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return in_foreground(a, e);
	a->watch = log_watch(&a->log, e);
	return a->watch < 0 ? -1 : log_seek_end(&a->log, e);
}

static int run(struct store_words *w, struct attached *a, struct err *e)
{
	const char *sequence = store_value(w, "detach-keys");
	struct store s;
	int status;

	if (keys_parse(&a->keys, sequence ? sequence : "ctrl-p,ctrl-q", e))
		return -1;
	a->connection = visit_connect(w, a->name, e);
	if (a->connection < 0 || visit_check_paused(w, a->name, e) || open_log(w, a, &s, e))
		return -1;
	a->signals = watch_signals(e);
	if (a->signals < 0 || ask(a, e))
		return -1;
	a->reads = a->has_terminal || isatty(STDIN_FILENO);
	if (set_terminal(a, e) < 0)
		return -1;
	status = follow(a, e);
	terminal_restore(&a->terminal);
	log_close(&a->log);
	store_done(&s);
	if (status == -1 && e->error == EPIPE)
		run_die_likewise(SIGPIPE);
	if (status == DETACHED)
		fprintf(stderr, "%ssandbox: %s goes on in the background\n",
			a->has_terminal ? "\r\n" : "", a->name);
	return status == DETACHED ? 0 : status;
}

static int attach(struct store_words *w, struct err *e)
{
	static struct attached a; /* large */

	a = (struct attached){.name = w->names.v[0], .connection = -1, .signals = -1, .watch = -1};
	return run(w, &a, e);
}

int cmd_attach(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME, attach, argc, argv);
}
