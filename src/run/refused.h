/* SPDX-License-Identifier: MIT */
/*
 * What the packet filter of a sandbox has refused. It tells by NFLOG (nft(8), "log group"), over a socket
 * that was opened in the sandbox's network namespace and is read here. The resolver's answers come the same
 * way, and in order, so that an address has the name under which it was asked for.
 *
 * Everything in it was written by the program or by hosts out there: lengths are checked, names too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "base/pool.h"
#include "base/str.h"

enum { REFUSED_ROWS = 64, REFUSED_NAMES = 256, REFUSED_NAME_MAX = 256 };

struct refused_address {
	bool v6;
	uint8_t bytes[16];
};

struct refused_row {
	char host[REFUSED_NAME_MAX]; /* the name, else the address */
	uint8_t protocol;	     /* IPPROTO_* */
	uint16_t port;		     /* 0: the protocol has none */
	bool closed;		     /* it is the host's own; else AllowHosts= does not have it */
	uint64_t count;
};

struct refused_name {
	struct refused_address address;
	char name[REFUSED_NAME_MAX];
};

struct refused {
	int socket; /* -1: none */
	uint64_t
		total; /* packets; each is one connection that was tried, where there are connections */
	uint64_t by_hosts; /* of these: by AllowHosts= */
	bool at_least;	   /* the last ones may not have fitted into the socket's buffer */
	uint32_t next;	   /* the number of the next message */
	struct refused_row rows[REFUSED_ROWS]; /* the first ones */
	size_t n_rows;
	struct refused_name *names; /* REFUSED_NAMES, a ring; malloc's */
	size_t next_name;
};

/* In the network namespace: the socket; -1. */
int refused_listen(struct err *e);
/* Reads what is there, up to 256 messages; true if there may be more. */
bool refused_read(struct refused *r);
/* One message of NFLOG: its prefix, and the packet from the network header on. */
void refused_packet(struct refused *r, const char *prefix, const uint8_t *packet, size_t n);
void refused_done(struct refused *r);

/* "3 connections refused by AllowHosts (first: evil.test:443)"; "": none. */
const char *refused_line(struct pool *pool, const struct refused *r);
/* "evil.test:443/tcp, 3 times" */
const char *refused_row_text(struct pool *pool, const struct refused_row *row);
/* The object "refused". */
void refused_json(struct jsonw *j, const struct refused *r);

/* All but the names, as lines for the state of a sandbox that is kept; none if nothing was refused. */
void refused_print(struct pool *pool, const struct refused *r, str_vec *ret);
/* Back; *ret is not open. A line that it does not know: -1. */
int refused_parse(struct pool *pool, const str_vec *lines, struct refused *ret);
