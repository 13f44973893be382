// SPDX-License-Identifier: MIT
// net-listen KIND [NAME]: a live listener for a few seconds. Prints its port or name once it is
// ready, and "got: WORD from user UID" for what it received. KIND: tcp tcp6 udp unix unix-dgram
// unix-seq abstract
#include "probe.h"
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t unix_address(struct sockaddr_un *sa, const char *name, int abstract)
{
	sa->sun_family = AF_UNIX;
	strncpy(sa->sun_path + abstract, name, sizeof(sa->sun_path) - 2);
	return offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name) + !abstract;
}

static int open_inet(const char *kind)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(in6);
	int six = !strcmp(kind, "tcp6"), type = !strcmp(kind, "udp") ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(six ? AF_INET6 : AF_INET, type, 0);

	if (bind(fd, six ? (void *)&in6 : (void *)&in, six ? sizeof(in6) : sizeof(in)) < 0)
		verdict(BROKEN, "bind: %s", strerror(errno));
	getsockname(fd, (struct sockaddr *)&in6, &len);
	printf("%d\n", ntohs(in6.sin6_port));
	return fd;
}

static int open_unix(const char *kind, const char *name)
{
	struct sockaddr_un sa = {0};
	int type = strstr(kind, "dgram") ? SOCK_DGRAM
		   : strstr(kind, "seq") ? SOCK_SEQPACKET
					 : SOCK_STREAM;
	socklen_t len = unix_address(&sa, name, !strcmp(kind, "abstract"));
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		verdict(BROKEN, "bind %s: %s", name, strerror(errno));
	printf("%s\n", name);
	return fd;
}

static int peer(int fd)
{
	struct ucred who = {.uid = -1};
	socklen_t len = sizeof(who);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
	return (int)who.uid;
}

int main(int argc, char **argv)
{
	const char *kind = need_arg(argc, argv, 1);
	int inet = !strncmp(kind, "tcp", 3) || !strcmp(kind, "udp");
	int fd = inet ? open_inet(kind) : open_unix(kind, need_arg(argc, argv, 2));
	int stream = listen(fd, 8) == 0;
	char buf[64];

	fflush(stdout);
	alarm(300);
	for (;;) {
		int c = stream ? accept(fd, NULL, NULL) : fd;
		ssize_t n = read(c, buf, sizeof(buf) - 1);

		if (n > 0) {
			printf("got: %.*s from user %d\n", (int)n, buf, peer(c));
			fflush(stdout);
		}
		if (stream)
			close(c);
	}
}
