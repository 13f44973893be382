/* SPDX-License-Identifier: MIT */
/*
 * Words of [Network]: the hosts of AllowHosts=, the ports of Publish=, the rates of NetworkRateMax=.
 * Each parser returns NULL and fills *ret, or the reason why the word is none, with *ret untouched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

enum host_kind {
	HOST_NAME,  /* example.org */
	HOST_BELOW, /* *.example.org: every name below it, not itself */
	HOST_BLOCK, /* an address, or a block of them (CIDR) */
	HOST_GROUP, /* @npm: the hosts of a tool's configuration */
};

struct host_word {
	enum host_kind kind;
	const char *name;    /* in lower case, without "*."; of a group with '@'; else NULL */
	bool v6;	     /* HOST_BLOCK */
	unsigned prefix;     /* likewise: its bits */
	uint8_t address[16]; /* likewise: the first one of the block; of IPv4 four bytes */
	uint16_t port;	     /* 0: all */
};
extern const char *const host_group_names[]; /* NULL-terminated */
/* HOST[:PORT]; an IPv6 address with a port is in brackets. */
const char *host_word_parse(struct pool *p, const char *text, struct host_word *ret);
/* The same without a port: how the plan and messages write it. */
const char *host_word_text(struct pool *p, const struct host_word *w);
/* All addresses of `block` are in `of`. */
bool host_block_within(const struct host_word *block, const struct host_word *of);

struct port_word {
	const char *address; /* of the host, a literal; 127.0.0.1 unless it is given */
	bool v6, udp;
	uint16_t outside, inside;
};
/* [ADDR:]HOSTPORT:PORT[/udp] */
const char *port_word_parse(struct pool *p, const char *text, struct port_word *ret);

/* RATE [RATE]: bytes per second, down and up; one is for both. */
const char *rates_parse(struct pool *p, const char *text, int64_t *down, int64_t *up);
