/* SPDX-License-Identifier: MIT */
/*
 * The texts for nft, dnsmasq, ip and tc.
 *
 * The packet filter holds for every program, whatever it knows of proxies or resolvers: it looks at what
 * leaves the network namespace. In the order of its rules:
 *
 *	what belongs to connections that were let through (an answer to a published port too): they have a mark.
 *	"Established" would not do, for programs can make that of any connection
 *	our own resets (below), which come in the name of who was not reached. They make no connection
 *	what does not come from an address of the sandbox: any program can bind to another one (IPV6_FREEBIND),
 *	and speak to itself as if it were the host that it wants to reach, or the resolver's upstream
 *	what stays on the loopback
 *	the sandbox's own addresses, sent out of the device all the same (SO_BINDTODEVICE), where they would be the
 *	host's: closed
 *	dnsmasq's questions: their packets have a mark, which the program has no right to set (SO_MARK wants
 *	CAP_NET_ADMIN). dnsmasq takes it from the connection over which it was asked (its option conntrack)
 *	the host's own loopback, by whatever address, what is only on its links, and where clouds have their
 *	metadata: closed
 *	addresses that are listed
 *	private addresses: closed. A name can resolve to whatever its owner likes
 *	addresses that listed names have resolved to
 *	the rest: refused
 *
 * On the loopback the program plays both ends, so no connection there may count: none but dnsmasq's is tracked.
 * And what comes in makes no connection either: both drivers keep a UDP port open for whoever sends to it, so an
 * answer would be let through to hosts that are not listed.
 *
 * Refused is by a TCP reset, and by EPERM for everything else: no program waits for a time-out.
 */
#include "plan/net_texts.h"

#include <string.h>

#include "base/str.h"

#define MARK	"0x53"
/* Of connections: dnsmasq's questions; what was let through. */
#define ASKED	"0x54"
#define LET	"0x55"
#define DNSMASQ "127.0.0.1"
/* Its name is not known where there is no /etc/protocols. */
#define ICMPV6	"58"

/*
 * Not to be reached by way of a name: private, shared, of this host or link; and the same inside addresses of
 * IPv6 that are translated on the way (NAT64, 6to4).
 */
static const char *const private_blocks[] = {"0.0.0.0/8",	    "10.0.0.0/8",
					     "100.64.0.0/10",	    "127.0.0.0/8",
					     "169.254.0.0/16",	    "172.16.0.0/12",
					     "192.168.0.0/16",	    "192.0.0.0/24",
					     "240.0.0.0/4",	    "::/96",
					     "::ffff:0:0/96",	    "fc00::/7",
					     "fe80::/10",	    "fec0::/10",
					     "2002::/16",	    "64:ff9b::/104",
					     "64:ff9b::a00:0/104",  "64:ff9b::6440:0/106",
					     "64:ff9b::7f00:0/104", "64:ff9b::a9fe:0/112",
					     "64:ff9b::ac10:0/108", "64:ff9b::c0a8:0/112",
					     "64:ff9b:1::/48"};
enum { PRIVATE_BLOCKS = sizeof(private_blocks) / sizeof(private_blocks[0]) };

/* --- ports --- */

/* The i-th host is the first one with its port. */
static bool is_first(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (p->net.hosts.v[k].word.port == p->net.hosts.v[i].word.port)
			return false;
	}
	return true;
}

size_t net_ports(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->net.hosts.n; i++)
		n += is_first(p, i);
	return n;
}

static uint16_t port_at(const struct plan *p, size_t index)
{
	size_t n = 0, i = 0;

	for (; i < p->net.hosts.n; i++) {
		if (is_first(p, i) && n++ == index)
			break;
	}
	return p->net.hosts.v[i].word.port;
}

size_t net_port_index(const struct plan *p, uint16_t port)
{
	size_t n = 0;

	for (size_t i = 0; i < p->net.hosts.n && p->net.hosts.v[i].word.port != port; i++)
		n += is_first(p, i);
	return n;
}

/* --- nft --- */

/*
 * The link's own addresses, and where clouds have their metadata besides: Alibaba, Azure, Oracle; Amazon, Google.
 * Opened only by who names nothing else.
 */
static const char *const link_blocks[] = {"169.254.0.0/16", "100.100.100.200",	  "168.63.129.16",
					  "192.0.0.192",    "fe80::/10",	  "fd00:ec2::254",
					  "fd20:ce::254",   "64:ff9b::a9fe:0/112"};
enum { LINK_BLOCKS = sizeof(link_blocks) / sizeof(link_blocks[0]) };

static bool is_of_link(const struct plan *p, const struct host_word *w)
{
	for (size_t i = 0; i < LINK_BLOCKS; i++) {
		struct host_word block;

		if (!host_word_parse(p->pool, link_blocks[i], &block) &&
		    host_block_within(w, &block))
			return true;
	}
	return false;
}

/* The listed blocks of this family and port, those of the link or the others. */
static const char *blocks(const struct plan *p, bool v6, uint16_t port, bool of_link)
{
	const char *text = "";

	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const struct host_word *w = &p->net.hosts.v[i].word;

		if (w->kind == HOST_BLOCK && w->v6 == v6 && w->port == port &&
		    is_of_link(p, w) == of_link)
			text = pool_printf(p->pool, "%s%s%s", text, *text ? ", " : "",
					   host_word_text(p->pool, w));
	}
	return text;
}

static bool has_names(const struct plan *p, uint16_t port)
{
	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const struct host_word *w = &p->net.hosts.v[i].word;

		if (w->kind != HOST_BLOCK && w->port == port)
			return true;
	}
	return false;
}

/* pasta takes the second fragment of a datagram for one of its own, with a port of the program's choice. */
static const char *to_port(const struct plan *p, uint16_t port)
{
	return port ? pool_printf(p->pool, "%s dport %u",
				  p->net.driver == DRIVER_PASTA ? " tcp"
								: " meta l4proto { tcp, udp } th",
				  port)
		    : "";
}

static const char *set_name(const struct plan *p, bool v6, uint16_t port)
{
	return port ? pool_printf(p->pool, "names%d_%u", v6 ? 6 : 4, port)
		    : pool_printf(p->pool, "names%d", v6 ? 6 : 4);
}

static const char *set_texts(const struct plan *p)
{
	const char *text = "";

	for (size_t i = 0; i < net_ports(p); i++) {
		if (has_names(p, port_at(p, i)))
			text = pool_printf(p->pool,
					   "%s\tset %s { type ipv4_addr; size 65536; }\n"
					   "\tset %s { type ipv6_addr; size 65536; }\n",
					   text, set_name(p, false, port_at(p, i)),
					   set_name(p, true, port_at(p, i)));
	}
	return text;
}

/* Rules for the listed addresses. */
static const char *block_rules(const struct plan *p, bool of_link)
{
	const char *text = "";

	for (size_t i = 0; i < net_ports(p); i++) {
		for (int v6 = 0; v6 < 2; v6++) {
			const char *list = blocks(p, v6, port_at(p, i), of_link);

			if (*list)
				text = pool_printf(p->pool, "%s\t\tip%s daddr { %s }%s goto let\n",
						   text, v6 ? "6" : "", list,
						   to_port(p, port_at(p, i)));
		}
	}
	return text;
}

/* Those of one family, with commas. */
static const char *join(const struct plan *p, const char *const *list, size_t n, bool v6)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++) {
		if ((strchr(list[i], ':') != NULL) == v6)
			text = pool_printf(p->pool, "%s%s%s", text, *text ? ", " : "", list[i]);
	}
	return text;
}

static const char *name_rules(const struct plan *p)
{
	const char *text = "";

	for (size_t i = 0; i < net_ports(p); i++) {
		if (has_names(p, port_at(p, i)))
			text = pool_printf(
				p->pool,
				"%s\t\tip daddr @%s%s goto let\n\t\tip6 daddr @%s%s goto let\n",
				text, set_name(p, false, port_at(p, i)), to_port(p, port_at(p, i)),
				set_name(p, true, port_at(p, i)), to_port(p, port_at(p, i)));
	}
	return text;
}

/* A line for the launcher, and at once an error for the program. */
static const char *refuse_chain(const struct plan *p, const char *name, const char *log)
{
	return pool_printf(p->pool,
			   "\tchain %s {\n"
			   "\t\tlog prefix \"%s\" group %d snaplen 128 queue-threshold 1\n"
			   "\t\tmeta l4proto tcp reject with tcp reset\n"
			   "\t\tdrop\n"
			   "\t}\n",
			   name, log, NET_LOG_GROUP);
}

static const char *own_rules(const struct plan *p)
{
	return pool_printf(p->pool,
			   "%s"
			   "\t\tip daddr " NET_BLOCK " goto closed\n"
			   "\t\tip6 daddr " NET_BLOCK6 " goto closed\n"
			   "\t\tip daddr { 224.0.0.0/4, 255.255.255.255 } drop\n"
			   "\t\tip6 daddr ff00::/8 drop\n"
			   "%s"
			   "\t\tip daddr { %s } goto closed\n"
			   "\t\tip6 daddr { %s } goto closed\n",
			   p->net.host_loopback ? "\t\tip daddr " NET_GATEWAY " goto let\n"
						  "\t\tip6 daddr " NET_GATEWAY6 " goto let\n"
						: "",
			   block_rules(p, true), join(p, link_blocks, LINK_BLOCKS, false),
			   join(p, link_blocks, LINK_BLOCKS, true));
}

static const char *resolver_rules(const struct plan *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->net.resolvers.n; i++) {
		const char *address = p->net.resolvers.v[i];

		/* Over UDP alone where pasta answers for itself. */
		text = pool_printf(p->pool, "%s\t\t%sip%s daddr %s %s dport 53%s accept\n", text,
				   p->net.resolver ? "meta mark " MARK " " : "",
				   strchr(address, ':') ? "6" : "", address,
				   p->net.driver == DRIVER_PASTA && (str_eq(address, NET_DNS) ||
								     str_eq(address, NET_DNS6))
					   ? "udp"
					   : "meta l4proto { tcp, udp } th",
				   p->net.resolver ? " ct mark set " ASKED : " ct mark set " LET);
	}
	return text;
}

static const char *published(const struct plan *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->net.ports.n; i++) {
		const struct port_word *w = &p->net.ports.v[i].word;

		if (w->udp)
			text = pool_printf(p->pool, "%s%s %u", text, *text ? "," : " elements = {",
					   w->inside);
	}
	return *text ? pool_printf(p->pool, "%s };", text) : "";
}

/* What comes in, and what is not tracked. */
static const char *other_chains(const struct plan *p)
{
	return pool_printf(p->pool,
			   "\tset " NET_PUBLISHED " { type inet_service;%s }\n"
			   "\tchain let { ct mark set " LET " accept; }\n"
			   "\tchain input {\n"
			   "\t\ttype filter hook input priority 0; policy drop;\n"
			   "\t\tiifname \"lo\" accept\n"
			   "\t\tct mark { " ASKED ", " LET " } accept\n"
			   "\t\tmeta l4proto tcp goto let\n"
			   "\t\tudp dport @" NET_PUBLISHED " goto let\n"
			   "\t\tmeta l4proto { icmp, " ICMPV6 " } accept\n"
			   "\t}\n"
			   "\tchain forward { type filter hook forward priority 0; policy drop; }\n"
			   "\tchain untracked {\n"
			   "\t\ttype filter hook output priority -300; policy accept;\n"
			   "\t\toifname != \"lo\" accept\n"
			   "%s"
			   "\t\tnotrack\n"
			   "\t}\n",
			   published(p),
			   p->net.resolver ? "\t\tip daddr " DNSMASQ
					     " meta l4proto { tcp, udp } th dport 53 accept\n"
					     "\t\tip saddr " DNSMASQ
					     " meta l4proto { tcp, udp } th sport 53 accept\n"
					   : "");
}

/* What is asked of dnsmasq, and what it answers. */
static const char *asked_rules(const struct plan *p)
{
	if (!p->net.resolver)
		return "";
	return pool_printf(p->pool,
			   "\t\toifname \"lo\" ip saddr " DNSMASQ
			   " udp sport 53 log prefix \"" NET_LOG_DNS
			   "\" group %d snaplen 1500 queue-threshold 1\n"
			   "\t\toifname \"lo\" ip daddr " DNSMASQ
			   " meta l4proto { tcp, udp } th dport 53 ct mark set " MARK "\n",
			   NET_LOG_DNS_GROUP);
}

/* The rules of the output chain with which every list begins. */
static const char *first_rules(const struct plan *p)
{
	return pool_printf(p->pool,
			   "\t\tct mark " LET " accept\n"
			   "\t\toifname \"lo\" tcp flags & rst == rst accept\n"
			   "\t\tip saddr != { 127.0.0.0/8, " NET_ADDRESS " } drop\n"
			   "\t\tip6 saddr != { ::1, " NET_ADDRESS6 " } drop\n"
			   "%s"
			   "\t\toifname \"lo\" accept\n"
			   "\t\tip daddr { 127.0.0.0/8, 0.0.0.0/8, " NET_ADDRESS " } goto closed\n"
			   "\t\tip6 daddr { ::/96, ::ffff:0:0/96, " NET_ADDRESS6 " } goto closed\n"
			   "%s"
			   "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
			   "%s",
			   asked_rules(p), resolver_rules(p), own_rules(p));
}

/* Behind them, with a list. */
static const char *list_rules(const struct plan *p)
{
	return pool_printf(p->pool,
			   "\t\tip daddr " NET_NOWHERE " goto refused\n"
			   "%s"
			   "\t\tip daddr { %s } goto refused\n"
			   "\t\tip6 daddr { %s } goto refused\n"
			   "%s"
			   "\t\tgoto refused\n",
			   block_rules(p, false), join(p, private_blocks, PRIVATE_BLOCKS, false),
			   join(p, private_blocks, PRIVATE_BLOCKS, true), name_rules(p));
}

const char *net_rules_text(const struct plan *p)
{
	const bool restricted = p->net.restricted;

	return pool_printf(p->pool,
			   "table inet sandbox {\n%s%s%s%s"
			   "\tchain output {\n"
			   "\t\ttype filter hook output priority 0; policy drop;\n"
			   "%s%s\t}\n}\n",
			   set_texts(p), refuse_chain(p, "closed", NET_LOG_CLOSED),
			   restricted ? refuse_chain(p, "refused", NET_LOG_HOSTS) : "",
			   other_chains(p), first_rules(p),
			   restricted ? list_rules(p) : "\t\tgoto let\n");
}

/* --- dnsmasq --- */

static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), k = strlen(domain);

	return n > k && name[n - k - 1] == '.' && str_eq(name + n - k, domain);
}

/* The i-th host is the first one with this name of this kind. */
static bool is_first_name(const struct plan *p, size_t i)
{
	const struct host_word *w = &p->net.hosts.v[i].word;

	if (w->kind == HOST_BLOCK)
		return false;
	for (size_t k = 0; k < i; k++) {
		const struct host_word *v = &p->net.hosts.v[k].word;

		if (v->kind == w->kind && str_eq(v->name, w->name))
			return false;
	}
	return true;
}

/* What is said of `v` holds for the name of `w` too, or for some below it. */
static bool covers(const struct host_word *v, const struct host_word *w)
{
	if (v->kind == HOST_BLOCK)
		return false;
	return str_eq(v->name, w->name) ? v->kind == w->kind
					: v->kind == HOST_BELOW && is_below(w->name, v->name);
}

/* Of one name: to which sets its addresses go. */
static const char *set_line(const struct plan *p, const struct host_word *w)
{
	const char *text = pool_printf(p->pool, "nftset=/%s/", w->name), *comma = "";

	for (size_t k = 0; k < net_ports(p); k++) {
		uint16_t port = port_at(p, k);
		bool wanted = false;

		for (size_t i = 0; i < p->net.hosts.n; i++)
			wanted |= p->net.hosts.v[i].word.port == port &&
				  covers(&p->net.hosts.v[i].word, w);
		if (!wanted)
			continue;
		text = pool_printf(p->pool, "%s%s4#inet#sandbox#%s,6#inet#sandbox#%s", text, comma,
				   set_name(p, false, port), set_name(p, true, port));
		comma = ",";
	}
	return pool_printf(p->pool, "%s\n", text);
}

static bool is_open_below(const struct plan *p, const char *name)
{
	const struct host_word w = {.kind = HOST_BELOW, .name = name};

	for (size_t i = 0; i < p->net.hosts.n; i++) {
		if (covers(&p->net.hosts.v[i].word, &w))
			return true;
	}
	return false;
}

/*
 * To dnsmasq a name means all below it as well. So that nothing can be carried out in the names below, these
 * are given an address that leads nowhere, and of other kinds of records nothing; the longest match wins.
 */
static const char *name_lines(const struct plan *p, const struct host_word *w)
{
	const char *text = set_line(p, w);

	for (size_t i = 0; i < p->net.resolvers.n; i++)
		text = pool_printf(p->pool, "%sserver=/%s%s/%s\n", text,
				   w->kind == HOST_BELOW ? "*." : "", w->name,
				   p->net.resolvers.v[i]);

	if (w->kind == HOST_BELOW || is_open_below(p, w->name))
		return text;
	return pool_printf(p->pool, "%slocal=/*.%s/\naddress=/*.%s/" NET_NOWHERE "\n", text,
			   w->name, w->name);
}

/* A listed block within a private one, or around it: names may lead there, the packet filter knows where to. */
static bool is_listed(const struct plan *p, const char *block)
{
	struct host_word w;

	if (host_word_parse(p->pool, block, &w))
		return true;
	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const struct host_word *v = &p->net.hosts.v[i].word;

		if (v->kind == HOST_BLOCK && (host_block_within(v, &w) || host_block_within(&w, v)))
			return true;
	}
	return false;
}

static const char *all_names(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->net.resolvers.n; i++)
		text = pool_printf(p->pool, "%sserver=%s\n", text, p->net.resolvers.v[i]);
	return text;
}

const char *net_resolver_text(const struct plan *p)
{
	const char *text =
		"no-resolv\nno-hosts\nno-poll\nkeep-in-foreground\nlog-facility=-\npid-file=\n"
		"user=root\ngroup=root\nlisten-address=" DNSMASQ "\nbind-interfaces\nconntrack\n";

	if (!p->net.restricted)
		return all_names(p, text);
	for (size_t i = 0; i < PRIVATE_BLOCKS; i++) {
		if (!is_listed(p, private_blocks[i]))
			text = pool_printf(p->pool, "%sbogus-nxdomain=%s\n", text,
					   private_blocks[i]);
	}
	for (size_t i = 0; i < p->net.hosts.n; i++) {
		if (is_first_name(p, i))
			text = pool_printf(p->pool, "%s%s", text,
					   name_lines(p, &p->net.hosts.v[i].word));
	}
	return pool_printf(p->pool,
			   "%saddress=/%s/127.0.0.1\nlocal=/#/\naddress=/#/" NET_NOWHERE "\n", text,
			   p->hostname);
}

/* --- tc --- */

/* Bytes that may come at once: ten milliseconds, and some packets at least (tc-tbf(8)). */
static int64_t burst(int64_t rate)
{
	enum { SMALLEST = 128 * 1024 };

	return rate / 100 < SMALLEST ? SMALLEST : rate / 100;
}

/*
 * A queue in front of the device for what goes out. What comes in has none, so it is led through a second
 * device (ifb) with such a queue: packets wait there, and a sender that waits for them slows down.
 */
void net_queue_texts(struct plan *p)
{
	struct plan_net *n = &p->net;

	if (!n->tc)
		return;
	n->links = "link add name down0 type ifb\nlink set dev down0 up\n";
	n->queues = pool_printf(
		p->pool,
		"qdisc add dev " NET_DEVICE " root tbf rate %lldbps burst %lld latency 200ms\n"
		"qdisc add dev down0 root tbf rate %lldbps burst %lld latency 200ms\n"
		"qdisc add dev " NET_DEVICE " ingress\n"
		"filter add dev " NET_DEVICE
		" parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev down0\n",
		(long long)n->rate_up, (long long)burst(n->rate_up), (long long)n->rate_down,
		(long long)burst(n->rate_down));
}
