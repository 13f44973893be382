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

/* Of a command with a pty only the first relay is there; else one each for standard output and error. */
struct visiting {
	int connection, signals, from[2];
	struct terminal terminal;
	bool has_terminal, relays[2];
	struct relay relay[2];
};

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

/*
 * A terminal of ours is not for the command: what it leaves in the background has a session of its own, and so
 * could read what is typed there afterwards, and change its modes (tty_ioctl(4) asks for job control only of
 * whom it controls). Instead of it: nothing to read, and a pipe from which we write to it.
 */
static int replace_terminal(struct visiting *v, int fd, struct err *e)
{
	int ends[2];

	if (!isatty(fd))
		return fd;
	if (fd == STDIN_FILENO) {
		ends[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return ends[1] < 0 ? err_errno(e, "/dev/null") : ends[1];
	}
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(e, "pipe");
	v->from[fd - 1] = ends[0];
	v->relays[fd - 1] = relay_init(&v->relay[fd - 1], -1, fd, ends[0], e) == 0;
	return ends[1];
}

static int send_request(struct visiting *v, const struct visit *request, int text, bool terminal,
			struct err *e)
{
	int fds[FDS_MAX] = {text, -1, -1, -1}, rc = 0;

	for (int i = 0; i < 3 && rc == 0 && !terminal; i++) {
		fds[1 + i] = replace_terminal(v, i, e);
		rc = fds[1 + i] < 0 ? -1 : 0;
	}
	if (rc == 0 &&
	    fd_send_all(v->connection, request, sizeof(*request), fds, terminal ? 1 : FDS_MAX))
		rc = -2;
	for (int i = 1; i < FDS_MAX; i++) {
		if (fds[i] > STDERR_FILENO)
			close(fds[i]);
	}
	return rc;
}

static int ask(struct visiting *visiting, const struct visitor_command *c, struct err *e)
{
	const char *directory = c->directory ? c->directory : "";
	_cleanup_fd_ int text = memfd_create("command", MFD_CLOEXEC);
	struct visit v;
	struct stat st;
	int rc;

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
	rc = send_request(visiting, &v, text, c->terminal, e);
	/* EPIPE: we have been turned away already, and the reason is there to be read. */
	return rc == -2 && errno != EPIPE ? err_errno(e, "%s: its control socket", c->name)
	       : rc == -1		  ? -1
					  : 0;
}

/* --- while it runs --- */

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
	if (signal == SIGWINCH && v->has_terminal) {
		terminal_copy_size(STDIN_FILENO, v->from[0]);
		return;
	}
	/* The command leads a session: nobody in it could continue it, so SIGTSTP would do nothing. */
	channel_send(v->connection, MESSAGE_SIGNAL, signal == SIGTSTP ? SIGSTOP : signal, NULL);
	if (signal == SIGTSTP) {
		terminal_restore(&v->terminal);
		kill(getpid(), SIGSTOP);
	}
	if (signal == SIGCONT && v->has_terminal)
		terminal_copy_size(STDIN_FILENO, v->from[0]);
}

static void pass_signals(struct visiting *v)
{
	struct signalfd_siginfo info;

	while (read(v->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_signal(v, (int)info.ssi_signo);
}

static int begin_relay(struct visiting *v, int master, struct err *e)
{
	v->from[0] = master;
	v->has_terminal = v->relays[0] = true;
	/* What has changed since we asked for it. */
	terminal_copy_size(STDIN_FILENO, master);
	return relay_init(&v->relay[0], STDIN_FILENO, STDOUT_FILENO, master, e) ||
			       terminal_raw(&v->terminal, STDIN_FILENO, e) < 0
		       ? -1
		       : 0;
}

static int relays_fds(const struct visiting *v, struct pollfd *fds)
{
	int patience = -1;

	/* Only the first one has input, and with it the others are not there. */
	for (int i = 0; i < 2; i++, fds += RELAY_FDS) {
		for (int j = 0; j < RELAY_FDS; j++)
			fds[j] = (struct pollfd){.fd = -1};
		if (v->relays[i])
			patience = relay_fds(&v->relay[i], fds);
	}
	return patience;
}

static void relays_work(struct visiting *v, const struct pollfd *fds)
{
	struct err ignored;

	for (int i = 0; i < 2; i++, fds += RELAY_FDS) {
		int rc;

		if (!v->relays[i])
			continue;
		/* We may have come to the foreground. */
		if (v->has_terminal && terminal_raw(&v->terminal, STDIN_FILENO, &ignored) > 0)
			terminal_copy_size(STDIN_FILENO, v->from[0]);
		rc = relay_work(&v->relay[i], fds, &ignored);
		v->relays[i] = rc > 0;
		/* Keys that are signals are ours again. */
		if (rc <= 0)
			terminal_restore(&v->terminal);
		/* Who reads is gone: a hang-up for the command. */
		if (rc < 0)
			fd_closep(&v->from[i]);
	}
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
		struct pollfd fds[2 + 2 * RELAY_FDS] = {{.fd = v->connection, .events = POLLIN},
							{.fd = v->signals, .events = POLLIN}};
		int rc, patience = relays_fds(v, fds + 2);

		if (poll(fds, 2 + 2 * RELAY_FDS, patience) < 0 && errno != EINTR)
			return err_errno(e, "poll");
		if (fds[1].revents)
			pass_signals(v);
		/* Output before the end of the connection. */
		relays_work(v, fds + 2);
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

	v = (struct visiting){.connection = connection, .from = {-1, -1}};

	v.signals = watch_signals(e);
	if (v.signals < 0)
		return -1;
	rc = ask(&v, command, e) ? -1 : visit(&v, &status, e);
	for (int i = 0; i < 2; i++) {
		if (v.relays[i])
			relay_drain(&v.relay[i], &ignored);
	}
	terminal_restore(&v.terminal);
	fd_closep(&v.from[0]);
	fd_closep(&v.from[1]);
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

/* The launcher may be stopped, and then hears nobody. */
static int ask_launcher(int connection, struct visit *v, struct message *ret, int *fd)
{
	const struct timeval patience = {.tv_sec = v->kind == VISIT_PUBLISH ? 30 : 1};

	*fd = -1;
	if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -1;
	if (send(connection, v, sizeof(*v), MSG_NOSIGNAL) < 0 && errno != EPIPE) /* see ask */
		return -1;
	return fd_receive(connection, ret, sizeof(*ret), fd);
}

int visitor_publish(int connection, const char *name, const char *port, struct err *e)
{
	struct visit v;
	struct message m;
	_cleanup_fd_ int fd = -1;
	int rc;

	memset(&v, 0, sizeof(v));
	v.kind = VISIT_PUBLISH;
	if (strlen(port) >= sizeof(v.port))
		return err_set(e, "%s: a published port is [ADDR:]HOSTPORT:PORT[/udp]", name);
	memcpy(v.port, port, strlen(port));
	rc = ask_launcher(connection, &v, &m, &fd);
	if (rc != 1)
		return rc ? err_errno(e, "%s: its control socket", name)
			  : err_set(e, "%s: it has ended", name);
	if (m.kind == MESSAGE_STARTED)
		return 0;
	err_set(e, "%s: %s", name, m.err.text);
	return *m.err.hint ? err_hint(e, "%s", m.err.hint) : -1;
}

int visitor_refused(int connection, struct refused *ret)
{
	struct visit v;
	struct message m;
	_cleanup_fd_ int fd = -1;

	memset(&v, 0, sizeof(v));
	v.kind = VISIT_REFUSED;
	return ask_launcher(connection, &v, &m, &fd) == 1 && m.kind == MESSAGE_STARTED && fd >= 0 &&
	       pread(fd, ret, sizeof(*ret), 0) == sizeof(*ret) && ret->n_rows <= REFUSED_ROWS;
}
