/* SPDX-License-Identifier: MIT */
/* The network: words of profiles, texts for nft and dnsmasq, and what the packet filter says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/net_texts.h"
#include "run/refused.h"

static struct pool pool;

static int teardown(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

/* --- words --- */

static void host_is(const char *text, enum host_kind kind, const char *host, unsigned port)
{
	struct host_word w;

	assert_null(host_word_parse(&pool, text, &w));
	assert_int_equal(w.kind, kind);
	assert_string_equal(host_word_text(&pool, &w), host);
	assert_int_equal(w.port, port);
}

static void test_hosts(void **state)
{
	static const char *const bad[] = {
		"",	     "a b",	  ".",	       "a..b",	       "-",	    "*",
		"*.",	     "x.*",	  "10.1",      "1.2.3.4.5",    "256.1.1.1", "10.0.0.1/8",
		"10.0.0.0/", "a:0",	  "a:65536",   "a:b",	       "a:",	    "[::1",
		"[::1]x",    "[a]:1",	  "::1/129",   "fe80::1%eth0", "@",	    "@nobody",
		"a/24",	     "http://a/", "b\xc3\xbc", "0x7f000001"};

	(void)state;
	host_is("Example.ORG", HOST_NAME, "example.org", 0);
	host_is("example.org.:443", HOST_NAME, "example.org", 443);
	host_is("*.example.org:8443", HOST_BELOW, "*.example.org", 8443);
	host_is("10.0.0.0/8", HOST_BLOCK, "10.0.0.0/8", 0);
	host_is("192.0.2.7:22", HOST_BLOCK, "192.0.2.7", 22);
	host_is("0.0.0.0/0", HOST_BLOCK, "0.0.0.0/0", 0);
	host_is("2001:DB8::1", HOST_BLOCK, "2001:db8::1", 0);
	host_is("[2001:db8::]:443", HOST_BLOCK, "2001:db8::", 443);
	host_is("[2001:db8::/32]:443", HOST_BLOCK, "2001:db8::/32", 443);
	host_is("@npm", HOST_GROUP, "@npm", 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct host_word w;

		if (!host_word_parse(&pool, bad[i], &w))
			fail_msg("taken for a host: %s", bad[i]);
	}
}

static void test_ports(void **state)
{
	static const char *const bad[] = {"",	      "80",	 "80:",	    ":80",	  "0:1",
					  "1:0",      "1:2:3",	 "a:80:80", "80:80/sctp", "80:80/",
					  "[::1:1:2", "::1:1:2", "70000:1"};
	struct port_word w;

	(void)state;
	assert_null(port_word_parse(&pool, "8080:80", &w));
	assert_string_equal(w.address, "127.0.0.1");
	assert_true(w.outside == 8080 && w.inside == 80 && !w.udp && !w.v6);
	assert_null(port_word_parse(&pool, "0.0.0.0:53:5353/udp", &w));
	assert_string_equal(w.address, "0.0.0.0");
	assert_true(w.outside == 53 && w.inside == 5353 && w.udp);
	assert_null(port_word_parse(&pool, "[::1]:1:2/tcp", &w));
	assert_string_equal(w.address, "::1");
	assert_true(w.v6 && !w.udp);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!port_word_parse(&pool, bad[i], &w))
			fail_msg("taken for a port: %s", bad[i]);
	}
}

static void test_rates(void **state)
{
	int64_t down, up;

	(void)state;
	assert_null(rates_parse(&pool, "2M 500K", &down, &up));
	assert_true(down == 2000000 && up == 500000);
	assert_null(rates_parse(&pool, "1M", &down, &up));
	assert_true(down == 1000000 && up == 1000000);
	assert_non_null(rates_parse(&pool, "", &down, &up));
	assert_non_null(rates_parse(&pool, "999", &down, &up));
	assert_non_null(rates_parse(&pool, "infinity", &down, &up));
	assert_non_null(rates_parse(&pool, "1M 1M 1M", &down, &up));
}

static void test_blocks(void **state)
{
	struct host_word block, of;

	(void)state;
	assert_null(host_word_parse(&pool, "10.1.0.0/16", &block));
	assert_null(host_word_parse(&pool, "10.0.0.0/8", &of));
	assert_true(host_block_within(&block, &of));
	assert_false(host_block_within(&of, &block));
	assert_null(host_word_parse(&pool, "::/0", &of));
	assert_false(host_block_within(&block, &of));
}

/* --- texts --- */

static struct plan *plan_with(const char *const *hosts)
{
	struct plan *p = pool_alloc(&pool, sizeof(*p));

	p->pool = &pool;
	p->hostname = "sandbox";
	p->net.restricted = hosts != NULL;
	p->net.resolver = hosts ? "" : NULL;
	*vec_add(&pool, &p->net.resolvers) = NET_DNS;
	for (; hosts && *hosts; hosts++) {
		struct plan_host *h = vec_add(&pool, &p->net.hosts);

		*h = (struct plan_host){.group = NULL};
		assert_null(host_word_parse(&pool, *hosts, &h->word));
	}
	return p;
}

static void has(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("not in it: %s\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
	assert_non_null(text);
	if (strstr(text, part))
		fail_msg("in it: %s\n%s", part, text);
}

/* Before: the first one stands in front of the second one. */
static void ordered(const char *text, const char *first, const char *second)
{
	has(text, first);
	has(text, second);
	if (strstr(text, first) > strstr(text, second))
		fail_msg("not before \"%s\": %s", second, first);
}

static void test_rules(void **state)
{
	static const char *const hosts[] = {"good.test:443", "10.1.0.0/16", "169.254.1.0/24", NULL};
	const char *text = net_rules_text(plan_with(hosts));

	(void)state;
	has(text, "policy drop;\n");
	/* Spoofed sources before anything that lets something through, but for our own resets. */
	ordered(text, "ip saddr != {", "oifname \"lo\" accept");
	ordered(text, "ip6 saddr != {", "ip6 daddr @names6_443");
	/* What a program does with itself counts for nothing outside: neither is it tracked, nor what decides. */
	lacks(text, "established");
	has(text, "ip daddr { 127.0.0.0/8, 0.0.0.0/8, 10.0.2.100 } goto closed");
	ordered(text, "ip daddr 127.0.0.1 meta l4proto { tcp, udp } th dport 53 accept", "notrack");
	/* Its first packet has the mark, or none of its connection is let through. */
	has(text, "dport 53 ct mark set 0x54 accept");
	lacks(text, "0x54 goto let");
	/* What is the host's own before what is listed; what is listed before what is private. */
	ordered(text, "ip daddr { 169.254.1.0/24 } goto let", "ip daddr { 169.254.0.0/16, 100.100");
	ordered(text, "ip daddr 10.0.2.0/24 goto closed", "ip daddr { 10.1.0.0/16 } goto let");
	ordered(text, "ip daddr { 10.1.0.0/16 } goto let", "ip daddr { 0.0.0.0/8, 10.0.0.0/8");
	ordered(text, "240.0.0.0/4 } goto refused", "ip daddr @names4_443");
	has(text, "ip daddr @names4_443 meta l4proto { tcp, udp } th dport 443 goto let");
	has(text, "meta mark 0x53 ip daddr 10.0.2.3");
	text = net_rules_text(plan_with(NULL));
	has(text, "ip daddr 10.0.2.0/24 goto closed");
	lacks(text, "meta mark");
	lacks(text, "refused");
}

static void test_host_loopback(void **state)
{
	struct plan *p = plan_with(NULL);

	(void)state;
	lacks(net_rules_text(p), "10.0.2.2 goto let");
	p->net.host_loopback = true;
	ordered(net_rules_text(p), "ip daddr 10.0.2.2 goto let",
		"ip daddr 10.0.2.0/24 goto closed");
}

static void test_names(void **state)
{
	static const char *const hosts[] = {"good.test:443", "good.test:80", "*.wild.test",
					    "a.wild.test:22", NULL};
	static const char *const listed[] = {"good.test", "10.0.0.0/8", NULL};
	const char *text = net_resolver_text(plan_with(hosts));

	(void)state;
	has(text, "server=/good.test/10.0.2.3\n");
	/* An exact name is none of those below it, for no type of record. */
	has(text, "local=/*.good.test/\naddress=/*.good.test/240.0.0.1\n");
	has(text, "server=/*.wild.test/10.0.2.3\n");
	lacks(text, "server=/wild.test/");
	has(text, "nftset=/good.test/4#inet#sandbox#names4_443,6#inet#sandbox#names6_443,"
		  "4#inet#sandbox#names4_80,6#inet#sandbox#names6_80\n");
	/* It is below *.wild.test as well. */
	has(text, "nftset=/a.wild.test/4#inet#sandbox#names4,6#inet#sandbox#names6,"
		  "4#inet#sandbox#names4_22,6#inet#sandbox#names6_22\n");
	has(text, "local=/#/\naddress=/#/240.0.0.1\n");
	has(text, "bogus-nxdomain=10.0.0.0/8\n");
	text = net_resolver_text(plan_with(listed));
	lacks(text, "bogus-nxdomain=10.0.0.0/8\n");
	has(text, "bogus-nxdomain=127.0.0.0/8\n");
}

/* --- what the packet filter says --- */

static size_t packet4(uint8_t *p, uint8_t protocol, const char *to, unsigned from_port,
		      unsigned to_port, const void *data, size_t n)
{
	struct host_word w;
	size_t header = protocol == 17 ? 8 : 20;

	memset(p, 0, 20 + header);
	p[0] = 0x45;
	p[9] = protocol;
	assert_null(host_word_parse(&pool, to, &w));
	memcpy(p + 16, w.address, 4);
	p[20] = (uint8_t)(from_port >> 8);
	p[21] = (uint8_t)from_port;
	p[22] = (uint8_t)(to_port >> 8);
	p[23] = (uint8_t)to_port;
	memcpy(p + 20 + header, data, n);
	return 20 + header + n;
}

static void refuse(struct refused *r, const char *prefix, uint8_t protocol, const char *to,
		   unsigned port)
{
	uint8_t p[256];

	refused_packet(r, prefix, p, packet4(p, protocol, to, 40000, port, "", 0));
}

/* An answer that says `name` is a CNAME of x, which is at `address`. */
static size_t answer(uint8_t *p, const char *name, const char *address)
{
	static const uint8_t head[] = {0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0};
	static const uint8_t cname[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 3, 1, 'x', 0};
	static const uint8_t a[] = {1, 'x', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
	struct host_word w;
	size_t n = sizeof(head);

	memcpy(p, head, sizeof(head));
	for (const char *c = name; *c; c += strcspn(c, ".") + (c[strcspn(c, ".")] == '.')) {
		size_t label = strcspn(c, ".");

		p[n++] = (uint8_t)label;
		memcpy(p + n, c, label);
		n += label;
	}
	memcpy(p + n, "\0\0\1\0\1", 5);
	n += 5;
	memcpy(p + n, cname, sizeof(cname));
	n += sizeof(cname);
	memcpy(p + n, a, sizeof(a));
	n += sizeof(a);
	assert_null(host_word_parse(&pool, address, &w));
	memcpy(p + n, w.address, 4);
	return n + 4;
}

static void resolve(struct refused *r, const char *name, const char *address)
{
	uint8_t data[512], p[1024];
	size_t n = answer(data, name, address);

	refused_packet(r, NET_LOG_DNS, p, packet4(p, 17, "127.0.0.1", 53, 40000, data, n));
}

static void test_refused(void **state)
{
	struct refused r = {.socket = -1};

	(void)state;
	assert_string_equal(refused_line(&pool, &r), "");
	resolve(&r, "evil.test", "240.0.0.1");
	refuse(&r, NET_LOG_HOSTS, 6, "240.0.0.1", 443);
	assert_string_equal(refused_line(&pool, &r),
			    "1 connection refused by AllowHosts (first: evil.test:443)");
	/* The same address has another name now. */
	resolve(&r, "worse.test", "240.0.0.1");
	refuse(&r, NET_LOG_HOSTS, 17, "240.0.0.1", 53);
	refuse(&r, NET_LOG_HOSTS, 6, "192.0.2.1", 80);
	refuse(&r, NET_LOG_HOSTS, 6, "192.0.2.1", 80);
	refuse(&r, NET_LOG_CLOSED, 6, "10.0.2.2", 631);
	assert_string_equal(refused_line(&pool, &r),
			    "4 connections refused by AllowHosts (first: evil.test:443)");
	assert_int_equal(r.total, 5);
	assert_int_equal(r.n_rows, 4);
	assert_string_equal(refused_row_text(&pool, &r.rows[1]), "worse.test:53/udp, 1 time");
	assert_string_equal(refused_row_text(&pool, &r.rows[2]), "192.0.2.1:80/tcp, 2 times");
	refused_done(&r);
}

static void test_refused_lasts(void **state)
{
	struct refused r = {.socket = -1}, back;
	str_vec lines = {0};

	(void)state;
	refused_print(&pool, &r, &lines);
	assert_int_equal(lines.n, 0);
	resolve(&r, "evil.test", "240.0.0.1");
	refuse(&r, NET_LOG_HOSTS, 6, "240.0.0.1", 443);
	refuse(&r, NET_LOG_CLOSED, 1, "10.0.2.2", 0);
	r.at_least = true;
	refused_print(&pool, &r, &lines);
	assert_int_equal(refused_parse(&pool, &lines, &back), 0);
	assert_int_equal(back.n_rows, 2);
	assert_string_equal(refused_line(&pool, &back),
			    "at least 1 connection refused by AllowHosts (first: evil.test:443)");
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(refused_row_text(&pool, &back.rows[i]),
				    refused_row_text(&pool, &r.rows[i]));
		assert_int_equal(back.rows[i].closed, r.rows[i].closed);
	}
	lines.v[0] = "2 1"; /* before there was a third number */
	assert_int_equal(refused_parse(&pool, &lines, &back), 0);
	assert_false(back.at_least);
	for (const char *const *bad =
		     (const char *const[]){"", "1 6 443 0", "x 6 443 0 evil.test", NULL};
	     *bad; bad++) {
		lines.v[1] = *bad;
		assert_int_equal(refused_parse(&pool, &lines, &back), -1);
	}
	lines.n = 1;
	while (lines.n <= REFUSED_ROWS + 1)
		*vec_add(&pool, &lines) = "1 6 443 0 evil.test";
	assert_int_equal(refused_parse(&pool, &lines, &back), -1);
	refused_done(&r);
}

static void test_refused_closed(void **state)
{
	struct refused r = {.socket = -1};

	(void)state;
	refuse(&r, NET_LOG_CLOSED, 6, "10.0.2.2", 631);
	assert_string_equal(refused_line(&pool, &r),
			    "1 connection to the host itself refused (first: 10.0.2.2:631)");
	refused_done(&r);
}

/* However it is cut off, and whatever it says of its own lengths. */
static void test_refused_damaged(void **state)
{
	struct refused r = {.socket = -1};
	uint8_t data[512], p[1024];
	size_t n =
		packet4(p, 17, "127.0.0.1", 53, 40000, data, answer(data, "evil.test", "1.2.3.4"));

	(void)state;
	n = packet4(p, 17, "127.0.0.1", 53, 40000, data, answer(data, "evil.test", "1.2.3.4"));
	for (size_t i = 0; i < n; i++) {
		refused_packet(&r, NET_LOG_DNS, p, i);
		refused_packet(&r, NET_LOG_HOSTS, p, i);
	}
	for (size_t i = 20; i < n; i++) {
		uint8_t was = p[i];

		p[i] = 0xff;
		refused_packet(&r, NET_LOG_DNS, p, n);
		p[i] = was;
	}
	assert_true(r.n_rows <= REFUSED_ROWS);
	refused_done(&r);
}

static void test_refused_many(void **state)
{
	struct refused r = {.socket = -1};

	(void)state;
	for (unsigned port = 1; port <= 1000; port++)
		refuse(&r, NET_LOG_HOSTS, 6, "192.0.2.1", port);
	assert_int_equal(r.total, 1000);
	assert_int_equal(r.n_rows, REFUSED_ROWS);
	refused_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_rates),		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_rules),		cmocka_unit_test(test_host_loopback),
		cmocka_unit_test(test_names),		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_lasts),	cmocka_unit_test(test_refused_closed),
		cmocka_unit_test(test_refused_damaged), cmocka_unit_test(test_refused_many)};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
