/* SPDX-License-Identifier: MIT */
/* What nft, dnsmasq, ip and tc are told about a network: texts, made of the plan alone. */
#pragma once

#include "plan/plan.h"

enum { NET_PORTS_MAX = 32 };

/* The different ports of the allowed hosts, 0 (all of them) among these, in the order of their first use. */
size_t net_ports(const struct plan *p);
size_t net_port_index(const struct plan *p, uint16_t port);

/* For nft(8): everything that leaves is refused but what is listed; or, without a list, but what is the host's own. */
const char *net_rules_text(const struct plan *p);
/*
 * For dnsmasq(8): forwards the names that are listed, and no others, to the resolvers of the plan; puts the
 * addresses of these into the sets of the packet filter.
 */
const char *net_resolver_text(const struct plan *p);
/* Sets links and queues, if there is a limit. */
void net_queue_texts(struct plan *p);
