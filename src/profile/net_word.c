/* SPDX-License-Identifier: MIT */
/* Words of [Network]: see net_word.h. */
#include "profile/net_word.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/str.h"

enum { NAME_MAX_LENGTH = 253, LABEL_MAX_LENGTH = 63 }; /* RFC 1035 */

static const char not_a_name[] = "neither a host name, nor an address, nor a block of addresses";

static const char *parse_port(const char *text, uint16_t *ret)
{
	int64_t n;

	if (str_number(text, 1, 65535, &n))
		return "a port is a number from 1 to 65535";
	*ret = (uint16_t)n;
	return NULL;
}

/* Letters, digits, '-' and '_' in labels of up to 63. In lower case: DNS does not tell them apart. */
static const char *parse_name(struct pool *p, const char *text, struct host_word *ret)
{
	size_t n = strlen(text), label = 0;
	char *name;

	if (n > 1 && text[n - 1] == '.')
		n--;
	if (n == 0 || n > NAME_MAX_LENGTH || *text == '-')
		return not_a_name;
	name = pool_strndup(p, text, n);
	for (char *c = name; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			return "a name that is not ASCII is written in its xn-- form";
		if (*c == '.' ? label == 0 : !isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			return *c == '*' ? "a '*' stands only in front, as in *.example.org"
					 : not_a_name;
		label = *c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX_LENGTH)
			return not_a_name;
		*c = (char)tolower((unsigned char)*c);
	}
	/* 1.2.3 and 0x7f.1 are addresses to some programs (inet_aton(3)), names to none. */
	if (label == 0 || strspn(name, "0123456789.") == strlen(name) ||
	    (str_begins(name, "0x") && !strchr(name, '.')))
		return not_a_name;
	ret->name = name;
	return NULL;
}

/* The bits behind the prefix say nothing, and nobody should believe that they do. */
static bool is_clean(const struct host_word *w)
{
	for (unsigned bit = w->prefix; bit < (w->v6 ? 128 : 32); bit++) {
		if (w->address[bit / 8] & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

/* An address, with /BITS behind it or not; false: it is none. */
static bool parse_block(const char *text, size_t n, struct host_word *ret, const char **reason)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *slash = memchr(text, '/', n);
	size_t length = slash ? (size_t)(slash - text) : n;
	int64_t bits;

	*reason = NULL;
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	*ret = (struct host_word){.kind = HOST_BLOCK, .v6 = strchr(address, ':') != NULL};
	if (inet_pton(ret->v6 ? AF_INET6 : AF_INET, address, ret->address) != 1)
		return false;
	ret->prefix = ret->v6 ? 128 : 32;
	if (!slash)
		return true;
	memcpy(address, slash + 1, n - length - 1 < sizeof(address) ? n - length - 1 : 0);
	address[n - length - 1 < sizeof(address) ? n - length - 1 : 0] = '\0';
	if (str_number(address, 0, ret->prefix, &bits)) {
		*reason = "behind the slash stands the number of bits that count";
		return true;
	}
	ret->prefix = (unsigned)bits;
	if (!is_clean(ret))
		*reason = "the address has bits behind those that count";
	return true;
}

static const char *parse_bracketed(const char *text, struct host_word *w)
{
	const char *end = strchr(text, ']'), *reason;

	if (!end || !parse_block(text + 1, (size_t)(end - text - 1), w, &reason) || !w->v6)
		return "in brackets stands an IPv6 address";
	if (reason || !end[1])
		return reason;
	return end[1] == ':' ? parse_port(end + 2, &w->port) : not_a_name;
}

const char *const host_group_names[] = {"@apt", "@npm", "@pip", "@cargo", "@git", NULL};

static bool is_group(const char *text)
{
	for (const char *const *name = host_group_names; *name; name++) {
		if (str_eq(text, *name))
			return true;
	}
	return false;
}

static const char *parse_host(struct pool *p, const char *text, struct host_word *w)
{
	const char *colon = strrchr(text, ':'), *reason;
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (strstr(text, "://"))
		return "a host, not a URL: good.example or good.example:443";
	if (*text == '@') {
		*w = (struct host_word){.kind = HOST_GROUP, .name = text};
		return is_group(text) ? NULL
				      : "there is no such group: @apt, @npm, @pip, @cargo, @git";
	}
	if (*text == '[')
		return parse_bracketed(text, w);
	/* Two colons or more: an IPv6 address, which without brackets has no port. */
	if (colon && memchr(text, ':', n))
		return parse_block(text, strlen(text), w, &reason) ? reason : not_a_name;
	if (parse_block(text, n, w, &reason)) {
		if (reason)
			return reason;
	} else {
		const char *name = pool_strndup(p, text, n);
		bool below = str_begins(name, "*.");

		*w = (struct host_word){.kind = below ? HOST_BELOW : HOST_NAME};
		reason = parse_name(p, name + (below ? 2 : 0), w);
		if (reason)
			return reason;
	}
	return colon ? parse_port(colon + 1, &w->port) : NULL;
}

const char *host_word_parse(struct pool *p, const char *text, struct host_word *ret)
{
	struct host_word w;
	const char *reason = parse_host(p, text, &w);

	if (!reason)
		*ret = w;
	return reason;
}

const char *host_word_text(struct pool *p, const struct host_word *w)
{
	char address[INET6_ADDRSTRLEN] = "";

	if (w->kind != HOST_BLOCK)
		return pool_printf(p, "%s%s", w->kind == HOST_BELOW ? "*." : "", w->name);
	inet_ntop(w->v6 ? AF_INET6 : AF_INET, w->address, address, sizeof(address));
	return w->prefix == (w->v6 ? 128U : 32U) ? pool_strdup(p, address)
						 : pool_printf(p, "%s/%u", address, w->prefix);
}

bool host_block_within(const struct host_word *block, const struct host_word *of)
{
	if (block->v6 != of->v6 || block->prefix < of->prefix)
		return false;
	for (unsigned bit = 0; bit < of->prefix; bit++) {
		if ((block->address[bit / 8] ^ of->address[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

/* What stands before HOSTPORT:PORT. */
static const char *parse_listen_address(struct pool *p, const char *text, size_t n,
					struct port_word *w)
{
	static const char reason[] =
		"the address in front is one of this host, such as 0.0.0.0 or [::]";
	uint8_t address[16];

	if (n >= 2 && *text == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
		w->v6 = true;
	}
	w->address = pool_strndup(p, text, n);
	return inet_pton(w->v6 ? AF_INET6 : AF_INET, w->address, address) == 1 ? NULL : reason;
}

const char *port_word_parse(struct pool *p, const char *text, struct port_word *ret)
{
	static const char form[] = "a published port is [ADDR:]HOSTPORT:PORT[/udp]";
	struct port_word w = {.address = "127.0.0.1"};
	const char *slash = strchr(text, '/'), *colon, *before, *reason = NULL;
	char *ports = slash ? pool_strndup(p, text, (size_t)(slash - text)) : pool_strdup(p, text);

	if (slash && !str_eq(slash, "/udp") && !str_eq(slash, "/tcp"))
		return form;
	w.udp = slash && str_eq(slash, "/udp");
	colon = strrchr(ports, ':');
	if (!colon)
		return form;
	before = memrchr(ports, ':', (size_t)(colon - ports));
	if (before)
		reason = parse_listen_address(p, ports, (size_t)(before - ports), &w);
	if (!reason)
		reason = parse_port(colon + 1, &w.inside);
	if (!reason) {
		ports[colon - ports] = '\0';
		reason = parse_port(before ? before + 1 : ports, &w.outside);
	}
	if (!reason)
		*ret = w;
	return reason;
}

const char *rates_parse(struct pool *p, const char *text, int64_t *down, int64_t *up)
{
	/* tc(8) counts bits in 64 of them; below this no packet would pass in a second. */
	enum { RATE_MIN = 1000 };
	const int64_t rate_max = INT64_MAX / 16;
	str_vec words = {0};
	int64_t rates[2];

	if (str_words(p, text, &words) || words.n < 1 || words.n > 2)
		return "one rate, or two: down and up";
	for (size_t i = 0; i < words.n; i++) {
		if (str_rate(words.v[i], &rates[i]) || rates[i] < RATE_MIN || rates[i] > rate_max)
			return "a rate is a number of bytes a second, 1K at least, such as 500K or 2M";
	}
	*down = rates[0];
	*up = rates[words.n - 1];
	return NULL;
}
