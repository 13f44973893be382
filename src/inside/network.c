/* SPDX-License-Identifier: MIT */
/* The network as PID 1 finds it. */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "inside/inside.h"

int inside_loopback_up(struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		return err_errno(e, "cannot bring the loopback interface up");
	return 0;
}

int inside_await_network(void *context, struct err *e)
{
	struct inside *in = context;
	struct message m;

	if (in->plan->network != NETWORK_PRIVATE)
		return inside_loopback_up(e);
	/* It is made from outside (run/network.c), meanwhile. */
	if (channel_receive(in->channel, &m) != 1 || m.kind != MESSAGE_NETWORK)
		inside_abandon(in); /* the launcher has failed, and says why */
	return 0;
}
