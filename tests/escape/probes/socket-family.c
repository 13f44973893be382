// SPDX-License-Identifier: MIT
// socket-family NUMBER|others|netlink [high]: create a socket of one family; or list each family
// besides unix, inet, inet6 and netlink that can be had, or each netlink protocol besides that of
// routes. "high" sets bits above the 32 that the kernel looks at.
#include "probe.h"
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int can_create(long family)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};

	for (unsigned i = 0; i < 4; i++) {
		int pair[2];

		if (syscall(SYS_socket, family, types[i], 0) >= 0 ||
		    syscall(SYS_socketpair, family, types[i], 0, pair) >= 0)
			return 1;
	}
	return 0;
}

static void list_netlink(unsigned long bits)
{
	int hits = 0;

	for (unsigned long protocol = 1; protocol < 32; protocol++) {
		if (syscall(SYS_socket, bits | AF_NETLINK, SOCK_RAW, bits | protocol) < 0)
			continue;
		printf("protocol %lu ", protocol);
		hits++;
	}
	verdict(hits ? WORKED : REFUSED, "%d other netlink protocols", hits);
}

int main(int argc, char **argv)
{
	const char *want = need_arg(argc, argv, 1);
	unsigned long bits = argc > 2 && !strcmp(argv[2], "high") ? 0x100000000UL : 0;
	int hits = 0;

	if (!strcmp(want, "netlink"))
		list_netlink(bits);
	if (strcmp(want, "others")) {
		if (can_create(bits | strtoul(want, NULL, 10)))
			verdict(WORKED, "a socket of family %s", want);
		verdict(REFUSED, "family %s: %s", want, strerror(errno));
	}
	for (unsigned long family = 0; family < 64; family++) {
		if (family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
		    family == AF_NETLINK)
			continue;
		if (can_create(bits | family)) {
			printf("family %lu ", family);
			hits++;
		}
	}
	verdict(hits ? WORKED : REFUSED, "%d other families", hits);
}
