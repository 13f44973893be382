/* SPDX-License-Identifier: MIT */
/* slirp4netns or pasta, in a cell: what it sees, and the words it is started with. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "run/cell.h"
#include "run/network_parts.h"

/* Debian confines pasta by AppArmor, and this is where it may look for a namespace. */
#define NAMESPACE "/run/user/0/netns/sandbox"

/* The sandbox's network namespace as a file, which setns(2) can be given. */
static int clone_namespace(const struct launch *l, struct err *e)
{
	char path[40];
	int tree;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)l->pid);
	tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return tree < 0 ? err_errno(e, "%s", path) : tree;
}

/*
 * Where slirp4netns listens to us: the only directory in its root that can be written to. Not to be followed by us is
 * a link that somebody who has taken it over puts there.
 */
static int show_api(const struct making *m, int root, struct err *e)
{
	static const char *const options[] = {"mode", "0700", "size", "64k", NULL};
	_cleanup_fd_ int api = inside_new_filesystem(
		"tmpfs", options,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW,
		e);

	if (api < 0 || cell_attach(root, api, "api", false, e))
		return -1;
	network_tell(m, RESULT_API, NULL, api);
	return 0;
}

static int make_driver_root(const struct making *m, int namespace, struct err *e)
{
	static const char *const directories[] = {"dev/net",  "tmp",	    "run",
						  "run/user", "run/user/0", "run/user/0/netns"};
	const struct plan *p = m->l->plan;
	const bool is_pasta = p->net.driver == DRIVER_PASTA;
	_cleanup_fd_ int proc =
		is_pasta ? inside_new_filesystem("proc", NULL, CELL_CLOSED | MOUNT_ATTR_NOEXEC, e)
			 : -1;
	_cleanup_fd_ int root = is_pasta && proc < 0 ? -1 : cell_make_root(p->pool, e);

	if (root < 0 || (is_pasta && cell_attach(root, proc, "proc", false, e)))
		return -1;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdirat(root, directories[i], 0755))
			return err_errno(e, "tmpfs");
	}
	if (cell_attach(root, namespace, &NAMESPACE[1], true, e) ||
	    cell_device(root, "dev/net/tun", e) ||
	    cell_write(root, "etc/resolv.conf", p->net.driver_resolv_conf, e) ||
	    show_api(m, root, e))
		return -1;
	return cell_close(root, e);
}

/* Before it is in a pid namespace that does not know PID 1's number. */
static int enter(const struct making *m, struct err *e)
{
	_cleanup_fd_ int namespace = -1;

	if (cell_enter(m->l, 0, e))
		return -1;
	namespace = clone_namespace(m->l, e);
	if (namespace < 0 || network_isolate(m, false, e))
		return -1;
	return make_driver_root(m, namespace, e);
}

/* One descriptor a connection, and the caller's soft limit is often 1024. Not all of the host's ports. */
static void raise_descriptors(void)
{
	enum { ENOUGH = 8192 };
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Both make a root of their own first, and then filter their system calls. */
static int become(const struct making *m, const char *const *argv, struct err *e)
{
	const struct cell_program program = {.path = m->l->plan->net.program,
					     .argv = argv,
					     .capabilities = OF_DRIVER,
					     .keep = m->ready[1],
					     .filters_itself = true};

	return cell_execute(m->l, &program, e);
}

static int become_slirp(const struct making *m, struct err *e)
{
	const struct plan *p = m->l->plan;
	const char *argv[16];
	size_t n = 0;

	argv[n++] = "slirp4netns";
	argv[n++] = "--netns-type=path";
	argv[n++] = "--enable-seccomp";
	argv[n++] = "--mtu=" NET_MTU;
	argv[n++] = "--api-socket=/api/" API_SOCKET;
	argv[n++] = pool_printf(p->pool, "--ready-fd=%d", m->ready[1]);
	/* Its own sandbox sets the ids to 0 on the way; for others our cell has to do. */
	if (p->identity.by_helper)
		argv[n++] = "--enable-sandbox";
	if (p->net.ipv6)
		argv[n++] = "--enable-ipv6";
	/*
	 * A second wall behind the packet filter. It would also stop the answers of a published UDP port to a
	 * client on the host's loopback (libslirp, sotranslate_out()).
	 */
	if (!p->net.host_loopback && !publish_has_udp(&p->net))
		argv[n++] = "--disable-host-loopback";
	argv[n++] = NAMESPACE;
	argv[n++] = NET_DEVICE;
	argv[n] = NULL;
	return become(m, argv, e);
}

/* pasta's word for a published port: ADDRESS/OUTSIDE:INSIDE. */
static size_t add_ports(const struct plan *p, const char **argv, bool udp)
{
	size_t n = 0;

	for (size_t i = 0; i < p->net.ports.n; i++) {
		const struct port_word *w = &p->net.ports.v[i].word;

		if (w->udp != udp)
			continue;
		argv[n++] = udp ? "-u" : "-t";
		argv[n++] = pool_printf(p->pool, "%s/%u:%u", w->address, w->outside, w->inside);
	}
	if (n == 0) {
		argv[n++] = udp ? "-u" : "-t";
		argv[n++] = "none";
	}
	return n;
}

static bool is_resolver(const struct plan_net *n, const char *address)
{
	for (size_t i = 0; i < n->resolvers.n; i++) {
		if (str_eq(n->resolvers.v[i], address))
			return true;
	}
	return false;
}

/* The words of one family. */
static size_t add_family(const struct plan_net *net, const char **argv, const char *address,
			 const char *gateway, const char *dns)
{
	size_t n = 0;

	argv[n++] = "--address";
	argv[n++] = address;
	argv[n++] = "--gateway";
	argv[n++] = gateway;
	/* Only if it is used: all answers of that name server get this address. */
	if (is_resolver(net, dns)) {
		argv[n++] = "--dns-forward";
		argv[n++] = dns;
	}
	return n;
}

static int become_pasta(const struct making *m, struct err *e)
{
	static const char *const first[] = {
		"pasta", "--foreground", "--stderr",	"--ns-ifname", NET_DEVICE,     "--mtu",
		NET_MTU, "--netmask",	 "24",		"--tcp-ns",    "none",	       "--udp-ns",
		"none",	 "--no-dhcp",	 "--no-dhcpv6", "--no-ra",     "--netns-only", "--pid"};
	enum { FIRST = sizeof(first) / sizeof(first[0]) };
	const struct plan *p = m->l->plan;
	const char **argv = pool_alloc(p->pool, (FIRST + 24 + 2 * p->net.ports.n) * sizeof(*argv));
	size_t n = FIRST;

	memcpy(argv, first, sizeof(first));
	argv[n++] = pool_printf(p->pool, "/proc/self/fd/%d", m->ready[1]);
	argv[n++] = "--netns";
	argv[n++] = NAMESPACE;
	n += add_family(&p->net, argv + n, NET_ADDRESS, NET_GATEWAY, NET_DNS);
	if (p->net.ipv6)
		n += add_family(&p->net, argv + n, NET_ADDRESS6, NET_GATEWAY6, NET_DNS6);
	else
		argv[n++] = "--ipv4-only";
	if (!p->net.host_loopback)
		argv[n++] = "--no-map-gw";
	n += add_ports(p, argv + n, false);
	add_ports(p, argv + n, true);
	return become(m, argv, e);
}

void driver_main(void *context, int errors)
{
	const struct making *m = context;
	struct err e = {0};

	if (network_die_with_launcher(m, &e) || cell_leave_group(errors, &e) || enter(m, &e) ||
	    network_die_with_launcher(m, &e)) {
		network_tell(m, RESULT_FAILED, &e, -1);
		return;
	}
	raise_descriptors();
	if (m->l->plan->net.driver == DRIVER_PASTA)
		become_pasta(m, &e);
	else
		become_slirp(m, &e);
	network_tell(m, RESULT_FAILED, &e, -1);
}
