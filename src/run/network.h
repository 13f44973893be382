/* SPDX-License-Identifier: MIT */
/*
 * The network of a sandbox that has one of its own (Mode=private), from the host's side.
 *
 *	driver		slirp4netns or pasta, in a cell: in the host's network, and with the end of a tap device
 *			in the sandbox's
 *	configurator	a process of ours in the sandbox's user and network namespaces: packet filter, addresses,
 *			routes, queues; ends when all of it is done
 *	resolver	dnsmasq, in a cell in the sandbox's network
 *
 * All three begin as soon as the sandbox's ids are mapped, side by side and while PID 1 mounts. The packet
 * filter is there before the device has an address, and PID 1 starts the program when all of it is. None of
 * them outlives the launcher. When the driver ends, the device does; when the resolver ends, no name is
 * resolved any more: neither opens anything.
 */
#pragma once

#include <poll.h>

#include "base/err.h"
#include "plan/plan.h"
#include "run/refused.h"

struct launch;
struct server;

struct network {
	struct server *driver, *configurator, *resolver; /* NULL: not started */
	int user, net;					 /* namespaces, for who configures it; -1 */
	int results;	  /* what driver and configurator have to say; -1 */
	bool has_ports;	  /* of the host; also by `sandbox publish` */
	const char *said; /* by the resolver, until it is up */
	int api;	  /* directory of slirp4netns' socket; -1 */
	struct refused refused;
};

/* Steps of the launch. */
int network_begin(void *context, struct err *e);
int network_await(void *context, struct err *e);
void network_end(void *context);

/* For poll(2): how many of the NETWORK_FDS have been filled in; and what is to be done then. */
enum { NETWORK_FDS = 3 };
size_t network_fds(const struct launch *l, struct pollfd *fds);
void network_work(struct launch *l, const struct pollfd *fds, size_t n);

/* publish.c: one more port, while it runs. */
int network_publish(struct launch *l, const struct port_word *w, const char *text, struct err *e);

/* interface.c: in the sandbox's network. */
/* The driver's device gets its addresses and routes, and is up. */
int interface_configure(const struct plan_net *net, uint32_t gid, struct err *e);
