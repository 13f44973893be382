/* SPDX-License-Identifier: MIT */
/* Words of [Network], and what comes from the packet filter: packets of programs and answers of name servers. */
#include "fuzz.h"
#include "plan/net.h"
#include "run/refused.h"

static void check_words(struct pool *pool, const char *text)
{
	struct host_word host = {0}, again = {0};
	struct port_word port = {0};
	int64_t down = -42, up = -42;

	if (!host_word_parse(pool, text, &host) && host.kind != HOST_GROUP) {
		/* What is written is the same word. */
		MUST(!host_word_parse(pool, host_word_text(pool, &host), &again));
		MUST(again.kind == host.kind && again.v6 == host.v6 && again.prefix == host.prefix);
		MUST(memcmp(again.address, host.address, sizeof(host.address)) == 0);
		MUST(host.kind != HOST_BLOCK || host_block_within(&host, &again));
		for (const char *c = host.name; c && *c; c++)
			MUST(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *c));
	}
	if (!port_word_parse(pool, text, &port))
		MUST(port.inside && port.outside && *port.address);
	MUST(rates_parse(pool, text, &down, &up) ? down == -42 && up == -42 : down > 0 && up > 0);
}

static void check_packets(struct pool *pool, const uint8_t *data, size_t size)
{
	static const char *const prefixes[] = {NET_LOG_DNS, NET_LOG_HOSTS, NET_LOG_CLOSED, ""};
	struct refused r = {.socket = -1};

	/* Pieces, each behind its length and kind. */
	while (size >= 2) {
		size_t n = data[0] < size - 2 ? data[0] : size - 2;
		uint8_t *packet = malloc(n + 1); /* its end is the end of memory that is ours */

		memcpy(packet, data + 2, n);
		refused_packet(&r, prefixes[data[1] % 4], packet, n);
		free(packet);
		data += n + 2;
		size -= n + 2;
	}
	MUST(r.n_rows <= REFUSED_ROWS && r.n_rows <= r.total && r.by_hosts <= r.total);
	for (const char *c = refused_line(pool, &r); *c; c++)
		MUST(*c >= ' ' && *c < 0x7f);
	refused_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text = fuzz_string(data, size);

	check_words(&pool, text);
	check_packets(&pool, data, size);
	pool_done(&pool);
	free(text);
	return 0;
}
