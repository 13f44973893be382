/* SPDX-License-Identifier: MIT */
#include "base/netlink.h"

#include <errno.h>
#include <sys/socket.h>

int netlink_ask(int fd, const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256]; /* the request once more */
	} answer;

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -1;
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)))
		return -1;
	errno = answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
	return errno ? -1 : 0;
}
