/* SPDX-License-Identifier: MIT */
/* Messages between launcher and PID 1: see channel.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "inside/channel.h"

int channel_send(int fd, enum message_kind kind, int value, const struct err *e)
{
	struct message m;
	size_t n = e ? sizeof(m) : offsetof(struct message, err);

	memset(&m, 0, n);
	m.kind = kind;
	m.value = value;
	if (e)
		m.err = *e;
	return send(fd, &m, n, MSG_NOSIGNAL | (kind == MESSAGE_STOPPED ? MSG_DONTWAIT : 0)) ==
			       (ssize_t)n
		       ? 0
		       : -1;
}

int channel_send_end(int fd, int status, const struct usage *usage)
{
	struct message m;
	const size_t n = offsetof(struct message, usage) + sizeof(*usage);

	memset(&m, 0, n);
	m.kind = MESSAGE_ENDED;
	m.value = status;
	m.usage = *usage;
	return send(fd, &m, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

int channel_receive(int fd, struct message *ret)
{
	ssize_t n;

	/*
	 * ECONNRESET: the other one ended without reading all of ours. What it said before is still
	 * there, behind the error (unix(7) does not say so; net/unix/af_unix.c, unix_release_sock).
	 */
	do
		n = recv(fd, ret, sizeof(*ret), 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n < 0 ? -1 : n > 0;
}
