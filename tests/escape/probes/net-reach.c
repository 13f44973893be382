// SPDX-License-Identifier: MIT
// net-reach KIND TARGET: send a word to a listener. KIND: tcp tcp6 udp (TARGET: port on the
// loopback), unix unix-dgram unix-seq abstract (TARGET: name), unix-fd (through an O_PATH
// descriptor), icmp, raw.
#include "probe.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void send_word(int fd, const void *sa, socklen_t len, const char *what)
{
	if (fd < 0 || connect(fd, sa, len) < 0 || send(fd, "hello", 5, MSG_NOSIGNAL) != 5)
		verdict(REFUSED, "%s: %s", what, strerror(errno));
	usleep(20000);
	verdict(WORKED, "reached %s", what);
}

static void reach_inet(const char *kind, const char *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(atoi(port))};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				   .sin6_port = htons(atoi(port))};

	if (!strcmp(kind, "tcp6"))
		send_word(socket(AF_INET6, SOCK_STREAM, 0), &in6, sizeof(in6), kind);
	send_word(socket(AF_INET, strcmp(kind, "udp") ? SOCK_STREAM : SOCK_DGRAM, 0), &in,
		  sizeof(in), kind);
}

static void reach_unix(const char *kind, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int abstract = !strcmp(kind, "abstract");
	int type = strstr(kind, "dgram") ? SOCK_DGRAM
		   : strstr(kind, "seq") ? SOCK_SEQPACKET
					 : SOCK_STREAM;
	char path[64];

	if (!strcmp(kind, "unix-fd")) {
		int fd = open(name, O_PATH);

		if (fd < 0)
			verdict(REFUSED, "%s: %s", name, strerror(errno));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		name = path;
	}
	strncpy(sa.sun_path + abstract, name, sizeof(sa.sun_path) - 2);
	send_word(socket(AF_UNIX, type, 0), &sa,
		  offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name) + !abstract,
		  name);
}

static void reach_raw(const char *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct icmphdr echo = {.type = ICMP_ECHO, .checksum = htons(0xf7ff)};
	struct pollfd p = {.fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), .events = POLLIN};

	in.sin_addr.s_addr = htonl(strtoul(addr, NULL, 16));
	if (p.fd < 0 || sendto(p.fd, &echo, sizeof(echo), 0, (void *)&in, sizeof(in)) < 0)
		verdict(REFUSED, "raw socket: %s", strerror(errno));
	if (poll(&p, 1, 300) != 1)
		verdict(REFUSED, "no answer");
	verdict(WORKED, "answered");
}

int main(int argc, char **argv)
{
	const char *kind = need_arg(argc, argv, 1), *target = need_arg(argc, argv, 2);

	if (!strcmp(kind, "raw"))
		reach_raw(target);
	if (!strncmp(kind, "tcp", 3) || !strcmp(kind, "udp"))
		reach_inet(kind, target);
	reach_unix(kind, target);
}
