/* SPDX-License-Identifier: MIT */
/*
 * A network of the sandbox's own (Mode=private): what is reached, by whose help, and the texts that nft,
 * dnsmasq and tc get. In the same network for every driver:
 *
 *	10.0.2.100, fd00::100	the sandbox
 *	10.0.2.2, fd00::2	the way out; by slirp4netns also the host's loopback
 *	10.0.2.3, fd00::3	the name servers of the host
 */
#pragma once

#include "base/str.h"
#include "profile/net_word.h"
#include "profile/profile.h"

#define NET_DEVICE   "tap0"
#define NET_ADDRESS  "10.0.2.100"
#define NET_GATEWAY  "10.0.2.2"
#define NET_DNS	     "10.0.2.3"
#define NET_BLOCK    "10.0.2.0/24"
#define NET_ADDRESS6 "fd00::100"
#define NET_GATEWAY6 "fd00::2"
#define NET_DNS6     "fd00::3"
#define NET_BLOCK6   "fd00::/64"
enum { NET_BITS6 = 64 };
/* The largest is 65521 (slirp4netns(1)); large packets are what makes it fast. */
#define NET_MTU "65520"
enum { NET_MTU_BYTES = 65520 };
/*
 * What every name that is not listed resolves to, so that the connection is refused and recorded, with the
 * name. Nobody has it: 240.0.0.0/4 is reserved (RFC 1112). One address, not one of each family: a program
 * would try both, and be counted twice.
 */
#define NET_NOWHERE   "240.0.0.1"
/* The packet filter's set of UDP ports that may be sent to from outside. */
#define NET_PUBLISHED "published"
/* The packet filter's words to us, by NFLOG: the groups, and what each begins with. */
enum { NET_LOG_GROUP = 1, NET_LOG_DNS_GROUP };
#define NET_LOG_DNS    "dns"	/* an answer of the resolver */
#define NET_LOG_HOSTS  "hosts"	/* refused by AllowHosts */
#define NET_LOG_CLOSED "closed" /* refused because it is the host's own */

struct plan_host {
	struct host_word word;
	struct origin at;
	const char *group, *from; /* where a tool's configuration names it; NULL */
};

struct plan_port {
	struct port_word word;
	const char *text;
	struct origin at;
};

struct plan_net {
	enum choice_driver driver;
	const char *program; /* of the driver */
	bool ipv6, host_loopback;
	bool restricted; /* only `hosts` are reached */
	vec_of(struct plan_host) hosts;
	vec_of(struct plan_port) ports;
	vec_of(const char *) nameservers; /* of the host, for explain */
	vec_of(const char *) resolvers;	  /* the same as they are reached from the sandbox */
	const char *driver_resolv_conf;	  /* that of the driver's small root */
	const char *resolv_conf;	/* text; its place is a mount of the plan, if it has one */
	const char *nft, *rules;	/* the packet filter */
	const char *dnsmasq, *resolver; /* its configuration; NULL: it does not run */
	int64_t rate_down, rate_up;	/* bytes per second; 0: no limit */
	const char *ip, *links, *tc, *queues; /* with a limit: what ip(8) and tc(8) are told */
};
