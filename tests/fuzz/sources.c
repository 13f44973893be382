/* SPDX-License-Identifier: MIT */
/* The configuration of other tools: a byte that chooses the parser, then its text. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "host/sources.h"

/* What a host is, in other words than those of sources_text.c. */
static void check_host(const char *host)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	struct in6_addr address;
	size_t n = strlen(host);

	MUST(n > 0 && n <= SOURCES_HOST_MAX);
	if (strchr(host, ':')) {
		MUST(inet_pton(AF_INET6, host, &address) == 1);
		return;
	}
	MUST(strspn(host, name) == n);
	MUST(*host != '-' && *host != '.' && host[n - 1] != '.' && !strstr(host, ".."));
	/* A number is an address in full, and the same for everybody. */
	if (inet_aton(host, &(struct in_addr){0}))
		MUST(inet_pton(AF_INET, host, &address) == 1);
}

static void check_found(const struct sources *s, const char *text)
{
	size_t lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	MUST(s->v.n <= SOURCES_MAX);
	MUST(!s->too_many || s->v.n == SOURCES_MAX);
	for (size_t i = 0; i < s->v.n; i++) {
		const struct host_source *source = &s->v.v[i];
		const char *line = str_after(source->from, "file:");
		int64_t number;

		check_host(source->host);
		MUST(source->port >= 1 && source->port <= 65535);
		MUST(line && str_number(line, 1, (int64_t)lines, &number) == 0);
		for (size_t j = 0; j < i; j++)
			MUST(s->v.v[j].port != source->port ||
			     !str_eq(s->v.v[j].host, source->host));
	}
	for (size_t i = 0; i < s->mirrors.n; i++)
		MUST(*s->mirrors.v[i] == '/');
}

/* Whatever is read as a URL is read the same with a name and a password before its host. */
static void check_url(struct pool *p, const char *text)
{
	struct sources_address a, b;
	const char *at = strstr(text, "://");

	if (sources_git_url(text, &a) == 0)
		check_host(a.host);
	if (sources_proxy(text, 1, &a) == 0)
		check_host(a.host);
	if (sources_url(text, &a))
		return;
	check_host(a.host);
	text = pool_printf(p, "%.*s://secret:word@%s", (int)(at - text), text, at + 3);
	MUST(sources_url(text, &b) == 0 && str_eq(a.host, b.host) && a.port == b.port);
	/* And what it was read as is a URL itself. */
	text = pool_printf(p, strchr(a.host, ':') ? "http://[%s]:%d" : "http://%s:%d", a.host,
			   a.port);
	MUST(sources_url(text, &b) == 0 && str_eq(a.host, b.host) && a.port == b.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sources_parser *const parsers[] = {
		sources_parse_apt_list, sources_parse_apt_deb822,  sources_parse_apt_mirrors,
		sources_parse_apt_conf, sources_parse_npm,	   sources_parse_pip,
		sources_parse_cargo,	sources_parse_git_remotes, sources_parse_git_rewrites,
	};
	const size_t n = sizeof(parsers) / sizeof(parsers[0]);
	const char *environment[] = {"A=https://a.test", "B=.", NULL};
	struct pool pool = {0};
	struct host h = {.pool = &pool, .home = "/home", .environment = environment};
	struct sources s = {.h = &h, .group = "@test", .root = ""};
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	if (data[0] % (n + 1) == n) {
		check_url(&pool, text);
	} else {
		/* Rules that some URLs of git begin with. */
		sources_parse_git_rewrites(&s, "[url \"ssh://\"]\ninsteadOf=x\npushInsteadOf=http",
					   "file");
		parsers[data[0] % (n + 1)](&s, text, "file");
		check_found(&s, text);
	}
	pool_done(&pool);
	free(text);
	return 0;
}
