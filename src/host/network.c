/* SPDX-License-Identifier: MIT */
/* What a network of the sandbox's own needs of the host: programs, a device, the resolver's settings. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "host/host.h"

enum { TEXT_MAX = 1 << 20, NAMESERVERS_MAX = 3 }; /* resolv.conf(5): MAXNS */

static void add_nameserver(struct host *h, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	/* fe80::1%eth0 */
	const char *literal = pool_strndup(h->pool, text, strcspn(text, "%"));
	bool v6 = strchr(literal, ':') != NULL;

	if (h->network.nameservers.n == NAMESERVERS_MAX ||
	    inet_pton(v6 ? AF_INET6 : AF_INET, literal, address) != 1 || str_is_trick(text))
		return;
	*vec_add(h->pool, &h->network.nameservers) = pool_strdup(h->pool, text);
}

/* As resolv.conf(5): the last of `search` and `domain` counts. */
static void read_line(struct host *h, char *line)
{
	char *save = NULL, *word = strtok_r(line, " \t", &save);

	if (!word ||
	    (!str_eq(word, "nameserver") && !str_eq(word, "search") && !str_eq(word, "domain")))
		return;
	if (str_eq(word, "nameserver")) {
		word = strtok_r(NULL, " \t", &save);
		if (word)
			add_nameserver(h, word);
		return;
	}
	h->network.search = "";
	while ((word = strtok_r(NULL, " \t", &save)))
		h->network.search = pool_printf(h->pool, "%s%s%s", h->network.search,
						*h->network.search ? " " : "",
						str_safe(h->pool, word));
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void read_resolver(struct host *h)
{
	struct host_path path = {.path = "/etc/resolv.conf"};
	char *text, *save = NULL;

	host_path_probe(h->pool, &path);
	h->network.resolv_place = path.real;
	h->network.has_resolv_conf = path.kind == PATH_FILE;
	if (h->network.has_resolv_conf && fd_read_path(h->pool, path.path, TEXT_MAX, &text) >= 0) {
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			read_line(h, line);
	}
	/* Where nothing is said a C library asks this host; systemd-resolved listens elsewhere. */
	if (!h->network.nameservers.n)
		add_nameserver(h, exists("/run/systemd/resolve/stub-resolv.conf") ? "127.0.0.53"
										  : "127.0.0.1");
}

/* An address that is neither of the loopback nor of a single link: proc_net(5), if_inet6. */
static bool has_ipv6(struct pool *pool)
{
	char *text, *save = NULL;

	if (fd_read_path(pool, "/proc/net/if_inet6", TEXT_MAX, &text) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *words = NULL, *word = strtok_r(line, " ", &words);

		/* address, index, prefix, scope */
		for (int i = 0; i < 3 && word; i++)
			word = strtok_r(NULL, " ", &words);
		if (word && str_eq(word, "00"))
			return true;
	}
	return false;
}

void host_network_probe(struct host *h)
{
	struct host_network *n = &h->network;
	_cleanup_fd_ int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	n->tun_error = tun < 0 ? errno : 0;
	n->slirp4netns = host_tool(h->pool, "slirp4netns");
	n->pasta = host_tool(h->pool, "pasta");
	n->nft = host_tool(h->pool, "nft");
	n->dnsmasq = host_tool(h->pool, "dnsmasq");
	n->tc = host_tool(h->pool, "tc");
	n->ip = host_tool(h->pool, "ip");
	n->ipv6 = has_ipv6(h->pool);
	read_resolver(h);
}
