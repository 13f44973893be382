/* SPDX-License-Identifier: MIT */
/*
 * Addresses and routes in the sandbox's network, by ioctl(2): netdevice(7), ipv6(7), rtentry of route(8). The own
 * address of IPv6 by rtnetlink(7), which alone has IFA_F_NODAD.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "plan/plan.h"
#include "run/network.h"

static struct ifreq of_device(const char *name)
{
	struct ifreq r = {.ifr_flags = 0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return r;
}

static int device_up(int fd, const char *name, struct err *e)
{
	struct ifreq r = of_device(name);

	r.ifr_flags = IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) ? err_errno(e, "%s: cannot bring it up", name) : 0;
}

static void set_address(struct sockaddr *ret, const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	inet_pton(AF_INET, text, &a.sin_addr);
	memcpy(ret, &a, sizeof(a));
}

static int configure4(int fd, struct err *e)
{
	struct ifreq r = of_device(NET_DEVICE);
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
	char device[] = NET_DEVICE;

	r.ifr_mtu = NET_MTU_BYTES;
	if (ioctl(fd, SIOCSIFMTU, &r))
		return err_errno(e, NET_DEVICE ": MTU");
	set_address(&r.ifr_addr, NET_ADDRESS);
	if (ioctl(fd, SIOCSIFADDR, &r))
		return err_errno(e, NET_DEVICE ": " NET_ADDRESS);
	set_address(&r.ifr_netmask, "255.255.255.0");
	if (ioctl(fd, SIOCSIFNETMASK, &r))
		return err_errno(e, NET_DEVICE ": netmask");
	if (device_up(fd, NET_DEVICE, e))
		return -1;
	set_address(&route.rt_dst, "0.0.0.0");
	set_address(&route.rt_genmask, "0.0.0.0");
	set_address(&route.rt_gateway, NET_GATEWAY);
	route.rt_dev = device;
	return ioctl(fd, SIOCADDRT, &route) ? err_errno(e, "route to " NET_GATEWAY) : 0;
}

static int ask(struct nlmsghdr *request, uint16_t type, size_t n, const char *what, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	*request = (struct nlmsghdr){.nlmsg_len = (uint32_t)n,
				     .nlmsg_type = type,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE};
	return fd < 0 || netlink_ask(fd, request) ? err_errno(e, NET_DEVICE ": %s", what) : 0;
}

struct address_attribute {
	struct rtattr head;
	struct in6_addr address;
};

static struct address_attribute own_address(uint16_t type)
{
	struct address_attribute ret = {
		.head = {.rta_len = RTA_LENGTH(sizeof(ret.address)), .rta_type = type}};

	inet_pton(AF_INET6, NET_ADDRESS6, &ret.address);
	return ret;
}

/*
 * Without duplicate address detection, in no form: even where accept_dad is 0 a worker of the kernel ends it, some time
 * later. Until then Linux takes ::1 for the source, nobody is asked for the neighbor, and a connection fails after 3 s.
 */
static int add_address6(int index, struct err *e)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg message;
		struct address_attribute address;
	} request = {.message = {.ifa_family = AF_INET6,
				 .ifa_prefixlen = NET_BITS6,
				 .ifa_flags = IFA_F_NODAD,
				 .ifa_index = (uint32_t)index},
		     .address = own_address(IFA_LOCAL)};

	return ask(&request.header, RTM_NEWADDR, sizeof(request), NET_ADDRESS6, e);
}

/*
 * That the address is our own is a route as well, which the same worker adds: until then what we send to ourselves, a
 * reset too, leaves by the device. So there is a second one, of a larger metric.
 */
static int add_local_route6(int index, struct err *e)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg message;
		struct address_attribute address;
		struct rtattr device;
		uint32_t index;
	} request = {.message = {.rtm_family = AF_INET6,
				 .rtm_dst_len = 128,
				 .rtm_table = RT_TABLE_LOCAL,
				 .rtm_protocol = RTPROT_STATIC,
				 .rtm_type = RTN_LOCAL},
		     .address = own_address(RTA_DST),
		     .device = {.rta_len = RTA_LENGTH(sizeof(request.index)), .rta_type = RTA_OIF},
		     .index = (uint32_t)index};

	return ask(&request.header, RTM_NEWROUTE, sizeof(request), "local route", e);
}

static int configure6(struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = of_device(NET_DEVICE);
	struct in6_rtmsg route = {.rtmsg_flags = RTF_UP | RTF_GATEWAY, .rtmsg_metric = 1024};

	if (fd < 0)
		return err_errno(e, "IPv6");
	if (ioctl(fd, SIOCGIFINDEX, &r))
		return err_errno(e, NET_DEVICE);
	route.rtmsg_ifindex = r.ifr_ifindex;
	inet_pton(AF_INET6, NET_GATEWAY6, &route.rtmsg_gateway);
	if (add_address6(r.ifr_ifindex, e) || add_local_route6(r.ifr_ifindex, e))
		return -1;
	return ioctl(fd, SIOCADDRT, &route) ? err_errno(e, "route to " NET_GATEWAY6) : 0;
}

/*
 * Before the device is up. Nothing that protects: so where /proc/sys cannot be written to (in a container) it
 * goes on.
 */
static void set_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	(void)!fd_write_path(AT_FDCWD, path, value, strlen(value));
}

int interface_configure(const struct plan_net *net, uint32_t gid, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char range[32];

	if (fd < 0)
		return err_errno(e, "socket");
	/* ping(8) without privileges (icmp(7)), and servers on their usual ports: the network is its own. */
	snprintf(range, sizeof(range), "%u %u", gid, gid);
	set_sysctl("ipv4/ping_group_range", range);
	set_sysctl("ipv4/ip_unprivileged_port_start", "0");
	/* No advertisements of routers, no address of the link. */
	set_sysctl("ipv6/conf/" NET_DEVICE "/accept_ra", "0");
	set_sysctl("ipv6/conf/" NET_DEVICE "/addr_gen_mode", "1");
	if (configure4(fd, e))
		return -1;
	return net->ipv6 ? configure6(e) : 0;
}
