/* SPDX-License-Identifier: MIT */
/* Who comes to a sandbox that runs: see serve.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/output.h"
#include "run/run.h"
#include "run/serve.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

int serve_begin(struct launch *l, struct err *e)
{
	l->control.socket = running_listen(&l->running, e);
	return l->control.socket < 0 ? -1 : 0;
}

size_t serve_fds(const struct control *c, struct pollfd *fds)
{
	size_t n = 0;

	if (c->socket >= 0)
		fds[n++] = (struct pollfd){.fd = c->socket, .events = POLLIN};
	for (size_t i = 0; c->socket >= 0 && i < c->n; i++)
		fds[n++] = (struct pollfd){.fd = c->peers[i].connection, .events = POLLIN};
	return n;
}

/* --- who comes --- */

static bool is_of_our_namespace(pid_t pid)
{
	char path[40];
	struct stat ours, theirs;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* Before Linux 6.5 there is no pidfd of the other end, and its number is believed. */
static bool is_still_there(int connection)
{
	_cleanup_fd_ int process = -1;
	socklen_t n = sizeof(process);
	struct pollfd end;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &process, &n))
		return errno == ENOPROTOOPT;
	end = (struct pollfd){.fd = process, .events = POLLIN};
	return poll(&end, 1, 0) == 0;
}

static bool may_come(int connection)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	       who.uid == geteuid() && is_of_our_namespace(who.pid) && is_still_there(connection);
}

/* False: nobody is there. */
static bool welcome(struct control *c)
{
	int fd = accept4(c->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct err e = {0};

	if (fd < 0)
		return false;
	if (c->n == PEERS_MAX)
		err_set(&e, "too many others wait for it");
	else if (!may_come(fd))
		err_set(&e, "this process is in a user namespace of its own");
	if (!e.text[0]) {
		c->peers[c->n++] = (struct peer){.connection = fd};
		return true;
	}
	channel_send(fd, MESSAGE_FAILED, 0, &e);
	close(fd);
	return true;
}

/* --- what they want --- */

static void publish(struct launch *l, int connection, struct visit *v)
{
	struct port_word word;
	struct err e = {0};
	const char *reason;

	v->port[sizeof(v->port) - 1] = '\0';
	reason = port_word_parse(l->plan->pool, v->port, &word);
	if (reason)
		err_set(&e, "%s", reason);
	else if (network_publish(l, &word, v->port, &e) == 0)
		output_event(&l->output, pool_printf(l->plan->pool, "published %s", v->port));
	channel_send(connection, e.text[0] ? MESSAGE_FAILED : MESSAGE_STARTED, 0,
		     e.text[0] ? &e : NULL);
}

static void tell_refused(struct launch *l, int connection)
{
	const struct message m = {.kind = MESSAGE_STARTED};
	_cleanup_fd_ int fd = memfd_create("refused", MFD_CLOEXEC);
	struct refused copy;

	if (l->network && fd >= 0) {
		refused_read(&l->network->refused);
		copy = l->network->refused;
		copy.names = NULL;
		(void)!write(fd, &copy, sizeof(copy));
	}
	fd_send(connection, &m, offsetof(struct message, err), l->network ? fd : -1);
}

/* What is answered at once. */
static void answer(struct launch *l, int connection, struct visit *v)
{
	if (v->kind == VISIT_PUBLISH)
		publish(l, connection, v);
	if (v->kind == VISIT_REFUSED)
		tell_refused(l, connection);
}

/* False: it is not here any more. */
static bool begin(struct launch *l, struct peer *p)
{
	const struct message m = {.kind = MESSAGE_VISITOR};
	struct visit v = {0};

	if (recv(p->connection, &v, sizeof(v), MSG_PEEK) != sizeof(v))
		return false;
	if (v.kind == VISIT_EXEC) {
		fd_send(l->channel, &m, offsetof(struct message, err), p->connection);
		return false;
	}
	if (v.kind != VISIT_WAIT && v.kind != VISIT_ATTACH) {
		answer(l, p->connection, &v);
		return false;
	}
	p->kind = v.kind;
	(void)!recv(p->connection, &v, sizeof(v), 0);
	if (v.kind == VISIT_ATTACH)
		output_resize(&l->output, &v.size);
	return channel_send(p->connection, MESSAGE_STARTED,
			    (l->plan->detached ? RUNS_DETACHED : 0) |
				    (l->plan->tty == TTY_ALWAYS ? RUNS_ON_PTY : 0),
			    NULL) == 0;
}

static bool hear(struct launch *l, struct peer *p)
{
	struct input in;
	ssize_t n;

	if (!p->kind)
		return begin(l, p);
	n = recv(p->connection, &in, sizeof(in), 0);
	if (n < 0)
		return errno == EAGAIN;
	if (n < (ssize_t)offsetof(struct input, bytes) || p->kind != VISIT_ATTACH)
		return false;
	if (in.kind == INPUT_BYTES)
		output_type(&l->output, in.bytes, (size_t)n - offsetof(struct input, bytes));
	if (in.kind == INPUT_SIZE)
		output_resize(&l->output, &in.size);
	if (in.kind == INPUT_SIGNAL)
		channel_send(l->channel, MESSAGE_SIGNAL, in.value, NULL);
	return true;
}

void serve_work(struct launch *l, const struct pollfd *fds, size_t n)
{
	struct control *c = &l->control;

	/* Backwards, for one that goes away is replaced by the last one. */
	for (size_t i = n; i-- > 1;) {
		struct peer *p = &c->peers[i - 1];

		if (!fds[i].revents || hear(l, p))
			continue;
		close(p->connection);
		*p = c->peers[--c->n];
	}
	if (n && fds[0].revents)
		welcome(c);
}

/* Who has come meanwhile and only waits for the end has it now. */
static void hear_late(struct peer *p)
{
	struct visit v;

	if (!p->kind && recv(p->connection, &v, sizeof(v), 0) == sizeof(v) && v.kind == VISIT_WAIT)
		p->kind = v.kind;
}

void serve_close(struct control *c)
{
	for (int i = 0; c->socket >= 0 && i < PEERS_MAX && welcome(c); i++)
		;
	for (size_t i = 0; i < c->n; i++)
		hear_late(&c->peers[i]);
	fd_closep(&c->socket);
}

void serve_end(struct control *c, const char *name, int status)
{
	struct err late = {0}, failed = {0};

	err_set(&late, "%s: it has just ended", name);
	err_set(&failed, "%s: it could not be run to its end", name);
	for (size_t i = 0; i < c->n; i++) {
		if (!c->peers[i].kind)
			channel_send(c->peers[i].connection, MESSAGE_FAILED, 0, &late);
		else if (status < 0)
			channel_send(c->peers[i].connection, MESSAGE_FAILED, 0, &failed);
		else
			channel_send(c->peers[i].connection, MESSAGE_ENDED, status, NULL);
		close(c->peers[i].connection);
	}
	c->n = 0;
}
