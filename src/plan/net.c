/* SPDX-License-Identifier: MIT */
/*
 * The network: what the profile asks for, checked against each other and against the host. The texts for
 * nft, dnsmasq and tc are made in net_texts.c.
 */
#include <linux/sched.h>
#include <string.h>

#include "base/cap.h"
#include "host/sources.h"
#include "plan/net_texts.h"
#include "plan/plan.h"

/* --- what only a network of its own can have --- */

static const enum key_id of_private[] = {KEY_ALLOW_HOSTS, KEY_PUBLISH, KEY_HOST_LOOPBACK,
					 KEY_NETWORK_RATE};
enum { OF_PRIVATE = sizeof(of_private) / sizeof(of_private[0]) };

static bool asks_for(const struct profile *p, enum key_id id)
{
	const struct setting *s = &p->s[id];

	return key_is_list(id) ? s->list.n > 0
			       : s->set && (keys[id].type != TYPE_BOOL || s->number != 0);
}

/* An option for such a network, and none that says otherwise, asks for the network too. */
static bool is_implied(const struct profile *p)
{
	if (origin_is_option(p->s[KEY_NETWORK].at))
		return false;
	for (size_t i = 0; i < OF_PRIVATE; i++) {
		if (asks_for(p, of_private[i]) && origin_is_option(p->s[of_private[i]].at))
			return true;
	}
	return false;
}

enum choice_network plan_network_mode(const struct profile *p)
{
	return is_implied(p) ? NETWORK_PRIVATE
			     : (enum choice_network)profile_number(p, KEY_NETWORK, NETWORK_NONE);
}

/* Whoever asks for it believes that it holds. */
static int refuse_without_private(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < OF_PRIVATE; i++) {
		enum key_id id = of_private[i];

		if (!asks_for(in->profile, id))
			continue;
		if (!plan_is_optional(in->profile, id)) {
			plan_refuse(in, id, e, "only with a network of its own (Mode=private)");
			return err_hint(e, "--net private");
		}
		*vec_add(p->pool, &p->notes) = pool_printf(
			p->pool, "%s is not enforced: Mode= is not private", keys[id].name);
	}
	return 0;
}

/* --- programs --- */

static int refuse_program(const struct plan_inputs *in, enum key_id id, const char *name,
			  const char *package, struct err *e)
{
	plan_refuse(in, id, e, pool_printf(in->profile->pool, "%s is not installed", name));
	return err_hint(e, "apt-get install %s", package);
}

static int choose_driver(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct host_network *h = &in->host->network;
	struct plan_net *n = &p->net;
	bool pasta;

	n->driver = (enum choice_driver)profile_number(in->profile, KEY_DRIVER, DRIVER_SLIRP);
	pasta = n->driver == DRIVER_PASTA;
	n->program = pasta ? h->pasta : h->slirp4netns;
	if (!n->program)
		return refuse_program(in, pasta ? KEY_DRIVER : KEY_NETWORK,
				      pasta ? "pasta" : "slirp4netns",
				      pasta ? "passt" : "slirp4netns", e);
	if (h->tun_error) {
		plan_refuse(in, KEY_NETWORK, e,
			    pool_printf(p->pool, "/dev/net/tun: %s", strerror(h->tun_error)));
		return err_hint(e, "`sandbox doctor` has the command that opens it");
	}
	n->nft = h->nft;
	return n->nft ? 0 : refuse_program(in, KEY_NETWORK, "nft", "nftables", e);
}

/* --- hosts --- */

static void add_host(struct plan *p, const struct host_word *w, struct origin at, const char *group,
		     const char *from)
{
	*vec_add(p->pool, &p->net.hosts) =
		(struct plan_host){.word = *w, .at = at, .group = group, .from = from};
}

static const struct host_group *find_group(const struct host *h, const char *name)
{
	for (size_t i = 0; i < h->host_groups.n; i++) {
		if (str_eq(h->host_groups.v[i].name, name))
			return &h->host_groups.v[i];
	}
	return NULL;
}

static int add_group(const struct plan_inputs *in, struct plan *p, const struct value *v,
		     struct err *e)
{
	const struct host_group *g = find_group(in->host, v->text);

	for (size_t i = 0; g && i < g->n; i++) {
		const struct host_source *s = &g->sources[i];
		const char *text = strchr(s->host, ':') ? pool_printf(p->pool, "[%s]", s->host)
							: s->host;
		struct host_word w;
		const char *reason = host_word_parse(p->pool, text, &w);

		if (reason || w.kind == HOST_GROUP)
			return err_set(e, "%s: %s: %s", s->from, s->host,
				       reason ? reason : "not a host");
		/* The repository can have come with the untrusted code; a name at least is held off what is private. */
		if (w.kind == HOST_BLOCK && str_eq(v->text, "@git")) {
			err_set(e, "%s: AllowHosts=@git: %s: %s is an address",
				origin_text(p->pool, v->at), s->from, s->host);
			e->located = v->at.line > 0;
			return err_hint(e, "list it by itself, if it is meant");
		}
		w.port = (uint16_t)s->port;
		add_host(p, &w, v->at, v->text, s->from);
	}
	return 0;
}

static uint64_t port_bit(const struct plan *p, size_t i)
{
	return UINT64_C(1) << net_port_index(p, p->net.hosts.v[i].word.port);
}

/* Ports of all words about this name itself, or about those below it. */
static uint64_t ports_of(const struct plan *p, enum host_kind kind, const char *name)
{
	uint64_t set = 0;

	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const struct host_word *w = &p->net.hosts.v[i].word;

		if (w->kind != kind || !str_eq(w->name, name))
			continue;
		/* All of them: what else is said does not matter. */
		if (!w->port)
			return port_bit(p, i);
		set |= port_bit(p, i);
	}
	return set;
}

/* dnsmasq puts the addresses of a name and of all below it into the same sets. */
static int check_hosts(const struct plan_inputs *in, const struct plan *p, struct err *e)
{
	if (net_ports(p) > NET_PORTS_MAX)
		return plan_refuse(in, KEY_ALLOW_HOSTS, e, "more than 32 different ports");
	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const struct host_word *w = &p->net.hosts.v[i].word;
		uint64_t own, below;

		if (w->kind != HOST_BELOW)
			continue;
		own = ports_of(p, HOST_NAME, w->name);
		below = ports_of(p, HOST_BELOW, w->name);
		if (own && own != below) {
			plan_refuse(in, KEY_ALLOW_HOSTS, e,
				    pool_printf(p->pool, "%s and *.%s with different ports",
						w->name, w->name));
			return err_hint(e, "the same ports for both");
		}
	}
	return 0;
}

static int plan_hosts(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct setting *s = &in->profile->s[KEY_ALLOW_HOSTS];

	for (size_t i = 0; i < s->list.n; i++) {
		struct host_word w;

		/* Checked when it was set. */
		if (host_word_parse(p->pool, s->list.v[i].text, &w))
			continue;
		if (w.kind != HOST_GROUP)
			add_host(p, &w, s->list.v[i].at, NULL, NULL);
		else if (add_group(in, p, &s->list.v[i], e))
			return -1;
	}
	p->net.restricted = s->list.n > 0;
	if (!p->net.restricted)
		return 0;
	p->net.dnsmasq = in->host->network.dnsmasq;
	if (!p->net.dnsmasq)
		return refuse_program(in, KEY_ALLOW_HOSTS, "dnsmasq", "dnsmasq-base", e);
	return check_hosts(in, p, e);
}

/* --- ports --- */

static int port_err(struct plan *p, const struct plan_port *port, const char *why, struct err *e)
{
	err_set(e, "%s: Publish=%s: %s", origin_text(p->pool, port->at), port->text, why);
	e->located = port->at.line > 0;
	return -1;
}

/* pasta can bind a port at one address only. */
static bool clashes(const struct plan *p, const struct port_word *v, const struct port_word *w)
{
	return v->outside == w->outside && v->udp == w->udp &&
	       (p->net.driver == DRIVER_PASTA || str_eq(v->address, w->address));
}

/* 1: it is there already (a sandbox that runs again has its words twice); -1: another has its place. */
static int look_for_port(struct plan *p, const struct plan_port *port, struct err *e)
{
	const struct port_word *w = &port->word;

	for (size_t i = 0; i < p->net.ports.n; i++) {
		const struct port_word *v = &p->net.ports.v[i].word;

		if (!clashes(p, v, w))
			continue;
		if (str_eq(v->address, w->address) && v->inside == w->inside)
			return 1;
		return port_err(p, port, "this port of the host is published already", e);
	}
	return 0;
}

/* What this driver cannot do; each was found out by trying (slirp4netns 1.2.0, pasta 0.0~git20230309). */
static int check_port(struct plan *p, const struct plan_port *port, struct err *e)
{
	const struct port_word *w = &port->word;

	if (w->v6 && p->net.driver == DRIVER_SLIRP) {
		port_err(p, port, "slirp4netns binds to IPv4 addresses only", e);
		return err_hint(e, "--set Network.Driver=pasta");
	}
	if (w->udp && w->outside != w->inside && p->net.driver == DRIVER_PASTA) {
		port_err(p, port, "of UDP pasta publishes only ports of the same number", e);
		return err_hint(e, "--set Network.Driver=slirp4netns");
	}
	return 0;
}

static int plan_ports(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct setting *s = &in->profile->s[KEY_PUBLISH];

	for (size_t i = 0; i < s->list.n; i++) {
		struct plan_port port = {.text = s->list.v[i].text, .at = s->list.v[i].at};
		int found;

		if (port_word_parse(p->pool, port.text, &port.word))
			continue;
		found = look_for_port(p, &port, e);
		if (found < 0 || check_port(p, &port, e))
			return -1;
		if (!found)
			*vec_add(p->pool, &p->net.ports) = port;
	}
	return 0;
}

static int plan_rates(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct setting *s = &in->profile->s[KEY_NETWORK_RATE];
	struct plan_net *n = &p->net;

	if (!s->set || rates_parse(p->pool, s->text, &n->rate_down, &n->rate_up))
		return 0;
	n->tc = in->host->network.tc;
	n->ip = in->host->network.ip;
	return n->tc && n->ip ? 0 : refuse_program(in, KEY_NETWORK_RATE, "tc", "iproute2", e);
}

/* --- the resolver --- */

const char *plan_resolv_place(const struct plan_inputs *in, const struct plan *p)
{
	if (p->root != ROOT_HOST)
		return "/etc/resolv.conf";
	return in->host->network.has_resolv_conf ? in->host->network.resolv_place : NULL;
}

/* Of this host or link: reached by the driver only. */
static bool is_near(const char *address)
{
	return str_begins(address, "127.") || str_begins(address, "169.254.");
}

static void add_resolver(struct plan *p, const char *address)
{
	for (size_t i = 0; i < p->net.resolvers.n; i++) {
		if (str_eq(p->net.resolvers.v[i], address))
			return;
	}
	*vec_add(p->pool, &p->net.resolvers) = address;
}

/*
 * slirp4netns asks the first name server of the host in the place of an address of its own. pasta does that
 * for UDP only, so there the program asks them itself; but for those that are near, and for those of IPv6,
 * whose answers this pasta (0.0~git20230309) gives another address in any case.
 */
static void plan_nameservers(const struct host_network *h, struct plan *p)
{
	struct plan_net *n = &p->net;
	bool has4 = false, has6 = false;

	n->driver_resolv_conf = "";
	for (size_t i = 0; i < h->nameservers.n; i++) {
		const char *address = h->nameservers.v[i];
		bool v6 = strchr(address, ':') != NULL, first = v6 ? !has6 : !has4;

		has4 |= !v6;
		has6 |= v6;
		/* By their place in it, slirp4netns knows one of each family. */
		if (!first && n->driver == DRIVER_SLIRP)
			continue;
		*vec_add(p->pool, &n->nameservers) = address;
		n->driver_resolv_conf =
			pool_printf(p->pool, "%snameserver %s\n", n->driver_resolv_conf, address);
		if (n->driver == DRIVER_PASTA && !v6 && !is_near(address))
			add_resolver(p, address);
		else
			add_resolver(p, v6 ? NET_DNS6 : NET_DNS);
	}
}

static const char *resolv_conf_text(const struct host_network *h, const struct plan *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->net.resolvers.n; i++)
		text = pool_printf(p->pool, "%snameserver %s\n", text, p->net.resolvers.v[i]);
	return h->search && *h->search ? pool_printf(p->pool, "%ssearch %s\n", text, h->search)
				       : text;
}

static void plan_resolver(const struct plan_inputs *in, struct plan *p)
{
	const struct host_network *h = &in->host->network;
	struct plan_net *n = &p->net;

	plan_nameservers(h, p);
	/* A C library without a resolv.conf asks 127.0.0.1, so there somebody has to answer. */
	if (!n->restricted && !plan_resolv_place(in, p)) {
		n->dnsmasq = h->dnsmasq;
		if (!n->dnsmasq)
			*vec_add(p->pool, &p->notes) =
				"no names can be resolved: there is no /etc/resolv.conf, and no dnsmasq";
	}
	if (n->dnsmasq)
		n->resolver = net_resolver_text(p);
	n->resolv_conf = n->dnsmasq ? "nameserver 127.0.0.1\n" : resolv_conf_text(h, p);
}

/* CAP_NET_RAW: packets of its own making go past the packet filter's hooks (AF_PACKET), and by SO_MARK
 * they can look like the resolver's. */
static int check_capabilities(const struct plan_inputs *in, const struct plan *p, struct err *e)
{
	const uint64_t bad = CAP_BIT(12 /* NET_ADMIN */) | CAP_BIT(13 /* NET_RAW */);

	if (!((p->caps_bounding | p->caps_ambient) & bad))
		return 0;
	plan_refuse(in, p->caps_bounding & bad ? KEY_BOUNDING : KEY_AMBIENT, e,
		    "CAP_NET_ADMIN and CAP_NET_RAW go round the rules of a private network");
	return err_hint(e, "Mode=none, in which there is nothing to go round");
}

int plan_net(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	struct plan_net *n = &p->net;

	if (p->network != NETWORK_PRIVATE)
		return refuse_without_private(in, p, e);
	if (choose_driver(in, p, e) || plan_hosts(in, p, e) || plan_ports(in, p, e) ||
	    plan_rates(in, p, e))
		return -1;
	n->ipv6 = in->host->network.ipv6;
	n->host_loopback = profile_number(in->profile, KEY_HOST_LOOPBACK, false);
	plan_resolver(in, p);
	n->rules = net_rules_text(p);
	net_queue_texts(p);
	return 0;
}

int plan_net_capabilities(const struct plan_inputs *in, const struct plan *p, struct err *e)
{
	return p->network == NETWORK_PRIVATE ? check_capabilities(in, p, e) : 0;
}
