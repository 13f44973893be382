/* SPDX-License-Identifier: MIT */
/* What the program prints: see output.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/effects.h"
#include "run/run.h"

static int make_pipes(struct output *o, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC))
			return err_errno(e, "pipe");
		o->pipes[i] = ends[0];
		o->ends[i] = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK))
			return err_errno(e, "pipe");
	}
	return 0;
}

int output_begin(void *context, struct err *e)
{
	struct launch *l = context;
	struct output *o = &l->output;

	if (!l->plan->detached)
		return 0;
	if (log_begin(&o->log, l->store.dir, e))
		return -1;
	o->is_logged = true;
	if (l->plan->tty != TTY_ALWAYS && make_pipes(o, e)) {
		output_end(l);
		return -1;
	}
	return 0;
}

void output_close_ends(struct output *o)
{
	fd_closep(&o->ends[0]);
	fd_closep(&o->ends[1]);
}

int output_take_terminal(struct launch *l, int master, struct err *e)
{
	struct output *o = &l->output;

	o->master = master;
	if (o->is_logged)
		return fcntl(master, F_SETFL, O_NONBLOCK) ? err_errno(e, "pty") : 0;
	signal(SIGPIPE, SIG_IGN); /* the program has the caller's disposition */
	terminal_copy_size(STDIN_FILENO, master);
	o->relay = pool_alloc(l->plan->pool, sizeof(*o->relay));
	return relay_init(o->relay, STDIN_FILENO, STDOUT_FILENO, master, e) ||
			       terminal_raw(&o->terminal, STDIN_FILENO, e) < 0
		       ? -1
		       : 0;
}

void output_event(struct output *o, const char *text)
{
	if (o->is_logged)
		log_event(&o->log, "%s", text);
}

size_t output_fds(const struct output *o, struct pollfd *fds, int *timeout)
{
	size_t n = 0;

	*timeout = -1;
	if (o->relay) {
		*timeout = relay_fds(o->relay, fds);
		return RELAY_FDS;
	}
	for (int i = 0; i < 2; i++) {
		if (o->pipes[i] >= 0)
			fds[n++] = (struct pollfd){.fd = o->pipes[i], .events = POLLIN};
	}
	if (o->master >= 0)
		fds[n++] = (struct pollfd){.fd = o->master,
					   .events = (short)(POLLIN | (o->typed ? POLLOUT : 0))};
	return n;
}

/* Once, for others are to have their turn. 0: it is at its end; -1: nothing for now. */
static int to_log(struct output *o, int fd, enum log_stream stream)
{
	static char bytes[LOG_CHUNK];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0)
		log_append(&o->log, stream, bytes, (size_t)n);
	return n > 0 ? 1 : n < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : 0;
}

static void type(struct output *o)
{
	ssize_t n = write(o->master, o->input, o->typed);

	if (n <= 0)
		return;
	o->typed -= (size_t)n;
	memmove(o->input, o->input + n, o->typed);
}

/* PID 1 has the pty open, so it ends only when who reads is gone: as when a terminal is hung up. */
static void work_relay(struct launch *l, const struct pollfd *fds)
{
	struct output *o = &l->output;
	struct err e;

	/* It may have come to the foreground. */
	if (terminal_raw(&o->terminal, STDIN_FILENO, &e) > 0)
		terminal_copy_size(STDIN_FILENO, o->master);
	if (relay_work(o->relay, fds, &e) > 0)
		return;
	o->relay = NULL;
	fd_closep(&o->master);
	terminal_restore(&o->terminal);
	channel_send(l->channel, MESSAGE_SIGNAL, SIGHUP, NULL);
	channel_send(l->channel, MESSAGE_SIGNAL, SIGCONT, NULL);
}

void output_work(struct launch *l, const struct pollfd *fds, size_t n)
{
	struct output *o = &l->output;

	if (o->relay) {
		work_relay(l, fds);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int stream = fds[i].fd == o->pipes[0] ? 0 : 1;

		if (fds[i].revents & POLLOUT)
			type(o);
		if (!(fds[i].revents & (POLLIN | POLLHUP | POLLERR)))
			continue;
		if (fds[i].fd != o->master) {
			if (to_log(o, fds[i].fd, stream ? LOG_ERR : LOG_OUT) == 0)
				fd_closep(&o->pipes[stream]);
		} else if (to_log(o, o->master, LOG_TTY) == 0) {
			fd_closep(&o->master);
		}
	}
}

/* All that is there still: who could write has ended. */
static void drain(struct output *o)
{
	struct err e;

	for (int i = 0; i < 2; i++) {
		while (o->pipes[i] >= 0 && to_log(o, o->pipes[i], i ? LOG_ERR : LOG_OUT) > 0)
			;
	}
	while (o->is_logged && o->master >= 0 && to_log(o, o->master, LOG_TTY) > 0)
		;
	if (o->relay)
		relay_drain(o->relay, &e);
}

void output_end(void *context)
{
	struct launch *l = context;
	struct output *o = &l->output;
	const char *effects;
	char text[40];

	drain(o);
	terminal_restore(&o->terminal);
	o->relay = NULL;
	for (int i = 0; i < 2; i++)
		fd_closep(&o->pipes[i]);
	output_close_ends(o);
	fd_closep(&o->master);
	if (!o->is_logged)
		return;
	effects = effects_line(l->plan->pool, l->plan, l->outcome);
	if (*effects)
		output_event(o, effects);
	snprintf(text, sizeof(text), l->status < 0 ? "ended" : "ended %d", l->status);
	output_event(o, text);
	log_end(&o->log);
	o->is_logged = false;
}

void output_leave_terminal(struct output *o)
{
	terminal_restore(&o->terminal);
}

void output_return_to_terminal(struct output *o)
{
	struct err e;

	if (!o->relay)
		return;
	terminal_raw(&o->terminal, STDIN_FILENO, &e);
	terminal_copy_size(STDIN_FILENO, o->master);
}

void output_resize(const struct output *o, const struct winsize *size)
{
	struct winsize now;

	if (o->master < 0 || !size->ws_col || !size->ws_row || ioctl(o->master, TIOCGWINSZ, &now))
		return;
	/* SIGWINCH is only sent when it changes. */
	if (now.ws_col == size->ws_col && now.ws_row == size->ws_row) {
		now.ws_row++;
		ioctl(o->master, TIOCSWINSZ, &now);
	}
	ioctl(o->master, TIOCSWINSZ, size);
}

void output_type(struct output *o, const char *bytes, size_t n)
{
	size_t room = sizeof(o->input) - o->typed;

	if (o->master < 0)
		return;
	n = n < room ? n : room;
	memcpy(o->input + o->typed, bytes, n);
	o->typed += n;
	type(o);
}
