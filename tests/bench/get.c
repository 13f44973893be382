/* SPDX-License-Identifier: MIT */
/*
 * get HOST [N]: N connections at once; when all are open a request on each, and a byte of each answer. Says when it
 * began and when it had the last byte (microseconds), and how many there were.
 */
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { MAX = 4000, PATIENCE = 15000 /* milliseconds */ };
static int fds[MAX], n;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int is_open(int fd)
{
	int error = -1;
	socklen_t size = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static int ask(int fd)
{
	return send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL) == 18;
}

static int hear(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 1;
}

/* Each one as soon as it has this event, and until all have had it. How many could. */
static int all(uint32_t event, int (*act)(int fd))
{
	int set = epoll_create1(EPOLL_CLOEXEC), left = n, done = 0;
	struct epoll_event list[64];

	for (int i = 0; i < n; i++) {
		list[0] = (struct epoll_event){.events = event | EPOLLONESHOT, .data.fd = fds[i]};
		epoll_ctl(set, EPOLL_CTL_ADD, fds[i], list);
	}
	while (left > 0) {
		int got = epoll_wait(set, list, 64, PATIENCE);

		if (got <= 0)
			break;
		for (int i = 0; i < got; i++)
			done += act(list[i].data.fd);
		left -= got;
	}
	return done;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *to;
	struct rlimit limit;
	long long begun;
	int got;

	n = argc > 2 ? atoi(argv[2]) : 1;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (argc < 2 || n > MAX || getaddrinfo(argv[1], "80", &hints, &to))
		return 2;
	begun = now();
	for (int i = 0; i < n; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(fds[i], to->ai_addr, to->ai_addrlen);
	}
	all(EPOLLOUT, is_open);
	all(EPOLLOUT, ask);
	got = all(EPOLLIN, hear);
	printf("%lld %lld %d\n", begun, now(), got);
	return 0;
}
