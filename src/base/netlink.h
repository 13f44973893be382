/* SPDX-License-Identifier: MIT */
/* What netlink(7) needs for requests that change something. */
#pragma once

#include <linux/netlink.h>

/* Sends `request`, which has NLM_F_ACK, over a socket that has no other traffic yet, and waits for the answer: 0; -1 and errno. */
int netlink_ask(int fd, const struct nlmsghdr *request);
