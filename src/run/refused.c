/* SPDX-License-Identifier: MIT */
/* What the packet filter has refused: see refused.h. */
#include "run/refused.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "base/str.h"
#include "plan/net.h"
#include "store/text.h"

/* --- the socket --- */

struct config {
	struct nlmsghdr header;
	struct nfgenmsg generic;
	char attributes[64];
};

static void add_attribute(struct config *c, uint16_t type, const void *data, size_t n)
{
	struct nlattr *a = (struct nlattr *)((char *)c + NLMSG_ALIGN(c->header.nlmsg_len));

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((char *)a + NLA_HDRLEN, data, n);
	c->header.nlmsg_len = NLMSG_ALIGN(c->header.nlmsg_len) + NLA_ALIGN(a->nla_len);
}

static int configure(int fd, uint16_t group, uint16_t type, const void *data, size_t n)
{
	struct config c = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)),
				      .nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
				      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
			   .generic = {.version = NFNETLINK_V0, .res_id = htons(group)}};

	add_attribute(&c, type, data, n);
	return netlink_ask(fd, &c.header);
}

static int join_group(int fd, uint16_t group)
{
	const struct nfulnl_msg_config_cmd bind_group = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(1500),
						    .copy_mode = NFULNL_COPY_PACKET};
	const uint16_t flags = htons(NFULNL_CFG_F_SEQ);
	const uint32_t one = htonl(1);

	return configure(fd, group, NFULA_CFG_CMD, &bind_group, sizeof(bind_group)) ||
	       configure(fd, group, NFULA_CFG_MODE, &mode, sizeof(mode)) ||
	       configure(fd, group, NFULA_CFG_FLAGS, &flags, sizeof(flags)) ||
	       configure(fd, group, NFULA_CFG_QTHRESH, &one, sizeof(one));
}

int refused_listen(struct err *e)
{
	const int size = 4 * 1024 * 1024;
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || join_group(fd, NET_LOG_GROUP) || join_group(fd, NET_LOG_DNS_GROUP))
		return err_errno(e, "NFLOG");
	/* As much as the system lets us have: what does not fit is counted, but not told. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd_take(&fd);
}

/* --- names --- */

static bool same_address(const struct refused_address *a, const struct refused_address *b)
{
	return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, a->v6 ? 16 : 4) == 0;
}

static const char *find_name(const struct refused *r, const struct refused_address *a)
{
	for (size_t i = 1; r->names && i <= REFUSED_NAMES; i++) {
		const struct refused_name *n =
			&r->names[(r->next_name + REFUSED_NAMES - i) % REFUSED_NAMES];

		if (n->name[0] && same_address(&n->address, a))
			return n->name;
	}
	return NULL;
}

static void add_name(struct refused *r, const struct refused_address *a, const char *name)
{
	const char *known = find_name(r, a);
	struct refused_name *n;

	if (known && str_eq(known, name))
		return;
	if (!r->names)
		r->names = calloc(REFUSED_NAMES, sizeof(*r->names));
	if (!r->names)
		return;
	n = &r->names[r->next_name++ % REFUSED_NAMES];
	n->address = *a;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

static uint16_t word_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static char printable(uint8_t c)
{
	return (char)(c > ' ' && c < 0x7f ? c : '?');
}

/* A name of DNS (RFC 1035, 4.1.4) at `at`; behind it, or 0 where it is cut off. `name` may be NULL: to skip it. */
static size_t read_name(const uint8_t *p, size_t n, size_t at, char *name, size_t size)
{
	size_t used = 0;

	while (at < n && p[at] && p[at] < 0xc0) {
		size_t label = p[at++];

		if (label > n - at || (name && used + label + 2 > size))
			return 0;
		for (size_t i = 0; name && i < label; i++)
			name[used++] = printable(p[at + i]);
		if (name)
			name[used++] = '.';
		at += label;
	}
	if (name)
		name[used ? used - 1 : 0] = '\0';
	/* A pointer ends it too; in a question there is none. */
	return at >= n ? 0 : p[at] ? at + 2 : at + 1;
}

enum { DNS_HEADER = 12, TYPE_A = 1, TYPE_AAAA = 28, ANSWERS_MAX = 64 };

/* Each address in an answer belongs to the name that was asked for, whatever it is a CNAME of. */
static void read_answer(struct refused *r, const uint8_t *p, size_t n)
{
	char name[REFUSED_NAME_MAX];
	size_t at, answers;

	if (n < DNS_HEADER || word_at(p + 4) != 1)
		return;
	/* More than programs try, and not more than we have time for. */
	answers = word_at(p + 6) < ANSWERS_MAX ? word_at(p + 6) : ANSWERS_MAX;
	at = read_name(p, n, DNS_HEADER, name, sizeof(name));
	if (!at || !*name)
		return;
	at += 4; /* type and class */
	while (answers-- > 0) {
		struct refused_address a = {0};
		size_t length;

		at = at < n ? read_name(p, n, at, NULL, 0) : 0;
		if (!at || at + 10 > n)
			return;
		length = word_at(p + at + 8);
		if (length > n - at - 10)
			return;
		a.v6 = word_at(p + at) == TYPE_AAAA;
		if ((a.v6 && length == 16) || (word_at(p + at) == TYPE_A && length == 4)) {
			memcpy(a.bytes, p + at + 10, length);
			add_name(r, &a, name);
		}
		at += 10 + length;
	}
}

/* --- packets --- */

struct packet {
	struct refused_address to;
	uint8_t protocol;
	const uint8_t *rest; /* behind the IP header */
	size_t n;
};

static bool read_packet(const uint8_t *p, size_t n, struct packet *ret)
{
	enum { HEADER4 = 20, HEADER6 = 40 };
	size_t header;

	if (n >= HEADER4 && p[0] >> 4 == 4) {
		header = (size_t)(p[0] & 15) * 4;
		ret->to.v6 = false;
		ret->protocol = p[9];
		memcpy(ret->to.bytes, p + 16, 4);
	} else if (n >= HEADER6 && p[0] >> 4 == 6) {
		header = HEADER6;
		ret->to.v6 = true;
		ret->protocol = p[6];
		memcpy(ret->to.bytes, p + 24, 16);
	} else {
		return false;
	}
	if (header < HEADER4 || header > n)
		return false;
	ret->rest = p + header;
	ret->n = n - header;
	return true;
}

static void count(struct refused *r, const struct packet *p, bool closed)
{
	bool has_port = (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) && p->n >= 4;
	struct refused_row row = {.protocol = p->protocol,
				  .port = has_port ? word_at(p->rest + 2) : 0,
				  .closed = closed,
				  .count = 1};
	const char *name = find_name(r, &p->to);

	r->total++;
	r->by_hosts += !closed;
	if (name)
		snprintf(row.host, sizeof(row.host), "%s", name);
	else
		inet_ntop(p->to.v6 ? AF_INET6 : AF_INET, p->to.bytes, row.host, sizeof(row.host));
	for (size_t i = 0; i < r->n_rows; i++) {
		struct refused_row *known = &r->rows[i];

		if (known->protocol == row.protocol && known->port == row.port &&
		    known->closed == row.closed && str_eq(known->host, row.host)) {
			known->count++;
			return;
		}
	}
	if (r->n_rows < REFUSED_ROWS)
		r->rows[r->n_rows++] = row;
}

void refused_packet(struct refused *r, const char *prefix, const uint8_t *packet, size_t n)
{
	enum { UDP_HEADER = 8 };
	struct packet p;

	if (!read_packet(packet, n, &p))
		return;
	if (!str_eq(prefix, NET_LOG_DNS))
		count(r, &p, str_eq(prefix, NET_LOG_CLOSED));
	else if (p.protocol == IPPROTO_UDP && p.n > UDP_HEADER)
		read_answer(r, p.rest + UDP_HEADER, p.n - UDP_HEADER);
}

static void read_message(struct refused *r, const struct nlmsghdr *h)
{
	const char *end = (const char *)h + h->nlmsg_len;
	const char *at = (const char *)h + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const struct nfgenmsg *generic = NLMSG_DATA(h);
	const uint8_t *payload = NULL;
	char prefix[16] = "";
	size_t n = 0;

	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)at;
		const char *data = at + NLA_HDRLEN;
		uint32_t number;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - at)
			return;
		if (a->nla_type == NFULA_PREFIX)
			snprintf(prefix, sizeof(prefix), "%.*s", (int)(a->nla_len - NLA_HDRLEN),
				 data);
		if (a->nla_type == NFULA_PAYLOAD) {
			payload = (const uint8_t *)data;
			n = a->nla_len - NLA_HDRLEN;
		}
		if (a->nla_type == NFULA_SEQ && ntohs(generic->res_id) == NET_LOG_GROUP &&
		    a->nla_len == NLA_HDRLEN + sizeof(number)) {
			memcpy(&number, data, sizeof(number));
			number = ntohl(number);
			/* What did not fit into the socket's buffer: refused, and we know no more of it. */
			if (number != r->next)
				r->at_least = false;
			r->total += number - r->next;
			r->by_hosts += number - r->next;
			r->next = number + 1;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	if (payload)
		refused_packet(r, prefix, payload, n);
}

bool refused_read(struct refused *r)
{
	enum {
		AT_ONCE = 256
	}; /* a program that only tries must not keep the launcher from all else */
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (int i = 0; r->socket >= 0 && i < AT_ONCE; i++) {
		ssize_t n = recv(r->socket, buffer, sizeof(buffer), MSG_DONTWAIT);
		size_t left = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == ENOBUFS)
			r->at_least = true;
		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n <= 0)
			return false;
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buffer; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
				read_message(r, h);
		}
	}
	return r->socket >= 0;
}

void refused_done(struct refused *r)
{
	fd_closep(&r->socket);
	free(r->names);
	r->names = NULL;
}

/* --- what is said of it --- */

static const char *where(struct pool *pool, const struct refused_row *row)
{
	bool v6 = strchr(row->host, ':') != NULL;

	return row->port ? pool_printf(pool, v6 ? "[%s]:%u" : "%s:%u", row->host, row->port)
			 : pool_strdup(pool, row->host);
}

const char *refused_line(struct pool *pool, const struct refused *r)
{
	for (size_t i = 0; i < r->n_rows; i++) {
		if (!r->rows[i].closed)
			return pool_printf(
				pool, "%s%llu connection%s refused by AllowHosts (first: %s)",
				r->at_least ? "at least " : "", (unsigned long long)r->by_hosts,
				r->by_hosts == 1 ? "" : "s", where(pool, &r->rows[i]));
	}
	if (!r->n_rows)
		return "";
	return pool_printf(pool, "%s%llu connection%s to the host itself refused (first: %s)",
			   r->at_least ? "at least " : "", (unsigned long long)r->total,
			   r->total == 1 ? "" : "s", where(pool, &r->rows[0]));
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		return "other";
	}
}

const char *refused_row_text(struct pool *pool, const struct refused_row *row)
{
	return pool_printf(pool, "%s/%s, %llu time%s", where(pool, row),
			   protocol_name(row->protocol), (unsigned long long)row->count,
			   row->count == 1 ? "" : "s");
}

void refused_json(struct jsonw *j, const struct refused *r)
{
	jsonw_open(j, "refused", '{');
	jsonw_number(j, "total", (int64_t)r->total);
	jsonw_bool(j, "at_least", r->at_least);
	jsonw_open(j, "connections", '[');
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct refused_row *row = &r->rows[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "host", row->host);
		if (row->port)
			jsonw_number(j, "port", row->port);
		else
			jsonw_string(j, "port", NULL);
		jsonw_string(j, "protocol", protocol_name(row->protocol));
		jsonw_string(j, "by", row->closed ? "closed" : "AllowHosts");
		jsonw_number(j, "count", (int64_t)row->count);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

/* --- what lasts of it --- */

void refused_print(struct pool *pool, const struct refused *r, str_vec *ret)
{
	if (r->total)
		*vec_add(pool, ret) = pool_printf(pool, "%" PRIu64 " %" PRIu64 " %d", r->total,
						  r->by_hosts, r->at_least);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct refused_row *row = &r->rows[i];

		*vec_add(pool, ret) = pool_printf(pool, "%" PRIu64 " %u %u %d %s", row->count,
						  row->protocol, row->port, row->closed, row->host);
	}
}

static int parse_totals(char *text, struct refused *ret)
{
	int64_t total, by_hosts, at_least = 0;

	if (text_number(&text, INT64_MAX, &total) || text_number(&text, INT64_MAX, &by_hosts) ||
	    (text && text_number(&text, 1, &at_least)) || text)
		return -1;
	ret->at_least = at_least;
	ret->total = (uint64_t)total;
	ret->by_hosts = (uint64_t)by_hosts;
	return 0;
}

static int parse_row(char *text, struct refused_row *ret)
{
	int64_t count, protocol, port, closed;

	if (text_number(&text, INT64_MAX, &count) || text_number(&text, UINT8_MAX, &protocol) ||
	    text_number(&text, UINT16_MAX, &port) || text_number(&text, 1, &closed) || !text ||
	    strlen(text) >= sizeof(ret->host))
		return -1;
	*ret = (struct refused_row){.protocol = (uint8_t)protocol,
				    .port = (uint16_t)port,
				    .closed = closed,
				    .count = (uint64_t)count};
	snprintf(ret->host, sizeof(ret->host), "%s", text);
	return 0;
}

int refused_parse(struct pool *pool, const str_vec *lines, struct refused *ret)
{
	*ret = (struct refused){.socket = -1};
	if (lines->n > REFUSED_ROWS + 1)
		return -1;
	for (size_t i = 0; i < lines->n; i++) {
		char *text = pool_strdup(pool, lines->v[i]);

		if (i == 0 ? parse_totals(text, ret) : parse_row(text, &ret->rows[ret->n_rows++]))
			return -1;
	}
	return 0;
}
