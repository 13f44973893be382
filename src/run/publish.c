/* SPDX-License-Identifier: MIT */
/* Ports of the sandbox on the host. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "run/network_parts.h"

enum { API_PATIENCE = 10 }; /* seconds: the launcher does nothing else meanwhile */

static int port_err(const struct port_word *w, const char *text, struct err *e)
{
	err_errno(e, "Publish=%s: %s port %u", text, w->address, w->outside);
	if (e->error == EACCES)
		return err_hint(e, "ports below net.ipv4.ip_unprivileged_port_start are root's");
	if (e->error == EADDRINUSE)
		return err_hint(e, "another program has it: `ss -lntup` shows which");
	return -1;
}

int publish_try(const struct port_word *w, const char *text, struct err *e)
{
	_cleanup_fd_ int fd = socket(w->v6 ? AF_INET6 : AF_INET,
				     (w->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(w->outside)};
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(w->outside)};
	const int on = 1;

	inet_pton(AF_INET6, w->address, &a6.sin6_addr);
	inet_pton(AF_INET, w->address, &a4.sin_addr);
	/* As the drivers do: a port whose last connections are only waiting for their end is free. */
	if (fd < 0 || (!w->udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
	    (w->v6 ? bind(fd, (struct sockaddr *)&a6, sizeof(a6))
		   : bind(fd, (struct sockaddr *)&a4, sizeof(a4))))
		return port_err(w, text, e);
	if (!w->udp && listen(fd, 1))
		return port_err(w, text, e);
	return 0;
}

static int connect_api(const struct network *n, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = {.tv_sec = API_PATIENCE};
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" API_SOCKET, n->api);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return err_errno(e, "slirp4netns does not listen");
	return fd_take(&fd);
}

/* slirp4netns(1), "API SOCKET": one request a connection, ended by shutdown(2). */
int publish_add(const struct network *n, const struct port_word *w, const char *text, struct err *e)
{
	char words[512];
	_cleanup_fd_ int fd = connect_api(n, e);
	int length;
	ssize_t got;

	if (fd < 0)
		return -1;
	length = snprintf(words, sizeof(words),
			  "{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"%s\", "
			  "\"host_addr\": \"%s\", \"host_port\": %u, \"guest_port\": %u}}",
			  w->udp ? "udp" : "tcp", w->address, w->outside, w->inside);
	if (send(fd, words, (size_t)length, MSG_NOSIGNAL) != length || shutdown(fd, SHUT_WR))
		return err_errno(e, "slirp4netns");
	got = recv(fd, words, sizeof(words) - 1, MSG_WAITALL);
	if (got < 0)
		return err_errno(e, "slirp4netns does not answer");
	words[got] = '\0';
	return strstr(words, "\"return\"")
		       ? 0
		       : err_set(e, "Publish=%s: slirp4netns could not: %.200s", text, words);
}

bool publish_has_udp(const struct plan_net *n)
{
	for (size_t i = 0; i < n->ports.n; i++) {
		if (n->ports.v[i].word.udp)
			return true;
	}
	return false;
}

int network_publish(struct launch *l, const struct port_word *w, const char *text, struct err *e)
{
	const struct network *n = l->network;

	if (!n)
		return err_set(e, "it has no network of its own"),
		       err_hint(e, "run it with --net private");
	if (l->plan->net.driver == DRIVER_PASTA)
		return err_set(e, "pasta publishes ports from its start only"),
		       err_hint(e, "run it with --publish %s", text);
	if (w->v6)
		return err_set(e, "slirp4netns binds to IPv4 addresses only");
	if (w->udp && !publish_has_udp(&l->plan->net) && !l->plan->net.host_loopback) {
		err_set(e, "a UDP port needs another one that was published from the start");
		return err_hint(e, "run it with --publish %s", text);
	}
	if (!n->driver->pid)
		return err_set(e, "slirp4netns has ended");
	l->network->has_ports = true;
	if (publish_try(w, text, e) || (w->udp && network_let_in(l, w->inside, e)))
		return -1;
	return publish_add(n, w, text, e);
}
