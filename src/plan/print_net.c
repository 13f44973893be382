/* SPDX-License-Identifier: MIT */
/* The network in the plan, as text and as JSON. */
#include <string.h>

#include "plan/print.h"

static const char *const modes[] = {"none", "private", "host"};
static const char *const drivers[] = {"slirp4netns", "pasta"};

static const char *host_text(const struct plan *p, const struct plan_host *h)
{
	const char *text = host_word_text(p->pool, &h->word);

	if (!h->word.port)
		return text;
	return pool_printf(p->pool, h->word.kind == HOST_BLOCK && h->word.v6 ? "[%s]:%u" : "%s:%u",
			   text, h->word.port);
}

static const char *host_origin(const struct plan *p, const struct plan_host *h)
{
	const char *at = origin_text(p->pool, h->at);

	return h->group ? pool_printf(p->pool, "%s, %s; %s", h->group, str_safe(p->pool, h->from),
				      at)
			: pool_printf(p->pool, "AllowHosts, %s", at);
}

static void print_resolver(const struct plan_net *n, FILE *out)
{
	fprintf(out, "  names     %s",
		!n->resolver	? "by"
		: n->restricted ? "by dnsmasq, those that are allowed and no others, from"
				: "by dnsmasq, from");
	for (size_t i = 0; i < n->nameservers.n; i++)
		fprintf(out, " %s", n->nameservers.v[i]);
	fputc('\n', out);
}

void print_network(const struct plan *p, FILE *out)
{
	const struct plan_net *n = &p->net;

	fprintf(out, "Network     %s", modes[p->network]);
	if (p->network != NETWORK_PRIVATE) {
		fputc('\n', out);
		return;
	}
	fprintf(out, ", by %s: " NET_ADDRESS "%s\n", drivers[n->driver],
		n->ipv6 ? ", " NET_ADDRESS6 : "");
	print_resolver(n, out);
	fprintf(out, "  host      its loopback is %s, what is on its links only is closed\n",
		n->host_loopback ? NET_GATEWAY : "closed");
	if (n->restricted && !n->hosts.n)
		fputs("  allowed   nothing\n", out);
	for (size_t i = 0; i < n->hosts.n; i++)
		fprintf(out, "  allowed   %s  (%s)\n", host_text(p, &n->hosts.v[i]),
			host_origin(p, &n->hosts.v[i]));
	for (size_t i = 0; i < n->ports.n; i++) {
		const struct port_word *w = &n->ports.v[i].word;

		fprintf(out, "  port      %u/%s is %s port %u  (Publish, %s)\n", w->inside,
			w->udp ? "udp" : "tcp", w->address, w->outside,
			origin_text(p->pool, n->ports.v[i].at));
	}
	if (n->rate_down)
		fprintf(out, "  rate      %lld bytes a second down, %lld up  (NetworkRateMax)\n",
			(long long)n->rate_down, (long long)n->rate_up);
}

static void json_hosts(const struct plan *p, struct jsonw *j)
{
	const struct plan_net *n = &p->net;

	jsonw_open(j, "allowed", '[');
	for (size_t i = 0; i < n->hosts.n; i++) {
		const struct plan_host *h = &n->hosts.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "host", host_word_text(p->pool, &h->word));
		if (h->word.port)
			jsonw_number(j, "port", h->word.port);
		else
			jsonw_string(j, "port", NULL);
		jsonw_string(j, "group", h->group);
		jsonw_string(j, "from", h->from);
		jsonw_string(j, "origin", origin_text(p->pool, h->at));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void json_ports(const struct plan *p, struct jsonw *j)
{
	jsonw_open(j, "ports", '[');
	for (size_t i = 0; i < p->net.ports.n; i++) {
		const struct plan_port *port = &p->net.ports.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "address", port->word.address);
		jsonw_number(j, "host_port", port->word.outside);
		jsonw_number(j, "port", port->word.inside);
		jsonw_string(j, "protocol", port->word.udp ? "udp" : "tcp");
		jsonw_string(j, "origin", origin_text(p->pool, port->at));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

void json_network(const struct plan *p, struct jsonw *j)
{
	const struct plan_net *n = &p->net;

	jsonw_string(j, "network", modes[p->network]);
	if (p->network != NETWORK_PRIVATE) {
		jsonw_string(j, "private_network", NULL);
		return;
	}
	jsonw_open(j, "private_network", '{');
	jsonw_string(j, "driver", drivers[n->driver]);
	jsonw_string(j, "address", NET_ADDRESS);
	jsonw_string(j, "address6", n->ipv6 ? NET_ADDRESS6 : NULL);
	jsonw_open(j, "nameservers", '[');
	for (size_t i = 0; i < n->nameservers.n; i++)
		jsonw_string(j, NULL, n->nameservers.v[i]);
	jsonw_close(j, ']');
	jsonw_string(j, "resolver", n->resolver ? "dnsmasq" : NULL);
	jsonw_bool(j, "host_loopback", n->host_loopback);
	jsonw_bool(j, "restricted", n->restricted);
	json_hosts(p, j);
	json_ports(p, j);
	jsonw_number(j, "rate_down", n->rate_down);
	jsonw_number(j, "rate_up", n->rate_up);
	jsonw_string(j, "rules", n->rules);
	jsonw_string(j, "resolver_configuration", n->resolver);
	jsonw_close(j, '}');
}
