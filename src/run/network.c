/* SPDX-License-Identifier: MIT */
/* The network of a sandbox that has one of its own: see network.h. */
#include "run/network.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "host/process.h"
#include "run/cell.h"
#include "run/network_parts.h"

/* Microseconds: for the start; for what was refused, at the end. */
enum { PATIENCE = 20 * 1000 * 1000, LAST_LOOK = 200 * 1000 };

void network_tell(const struct making *m, enum result_kind kind, const struct err *err, int fd)
{
	struct result r;

	memset(&r, 0, sizeof(r));
	r.kind = kind;
	if (err)
		r.err = *err;
	fd_send(m->results, &r, sizeof(r), fd);
}

int network_isolate(const struct making *m, bool is_resolver, struct err *e)
{
	struct result r;
	pid_t pid;
	int rc = cell_isolate(&pid, e);

	if (rc < 0)
		return -1;
	/* Not only at the end: what is still on its way would be left for a moment. */
	if (rc == 0)
		return network_die_with_launcher(m, e);
	memset(&r, 0, sizeof(r));
	r.kind = RESULT_BORN;
	r.pid = pid;
	r.is_resolver = is_resolver;
	fd_send(m->results, &r, sizeof(r), -1);
	_exit(0);
}

int network_die_with_launcher(const struct making *m, struct err *e)
{
	/* Ours to hold for nobody: its end tells PID 1 that the launcher is gone. */
	fd_closep(&m->l->channel);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return err_errno(e, "PR_SET_PDEATHSIG");
	/* Of another pid namespace it is nobody's number. */
	if (poll(&(struct pollfd){.fd = m->launcher, .events = POLLIN}, 1, 0) != 0)
		_exit(125);
	return 0;
}

/* --- the configurator --- */

/* A program of the system that is told `text` on its standard input; trusted, both of them. */
static int run_with(const char *program, const char *const *argv, const char *text, struct err *e)
{
	const uint64_t net_admin = CAP_BIT(12 /* NET_ADMIN */);
	static char *const environment[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", NULL};
	_cleanup_fd_ int input = memfd_create("input", MFD_CLOEXEC);
	size_t n = strlen(text);
	int status = 0;
	pid_t pid;

	if (input < 0 || write(input, text, n) != (ssize_t)n || lseek(input, 0, SEEK_SET))
		return err_errno(e, "memfd");
	pid = fork();
	if (pid < 0)
		return err_errno(e, "cannot make a process");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (dup2(input, 0) >= 0 && dup2(2, 1) >= 0 &&
		    cap_apply(net_admin, net_admin, net_admin, e) == 0)
			execve(program, (char *const *)(uintptr_t)argv, environment);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
							     : err_set(e, "%s has failed", program);
}

static int await_device(const struct making *m, struct err *e)
{
	struct pollfd fd = {.fd = m->ready[0], .events = POLLIN};
	char byte;

	if (poll(&fd, 1, PATIENCE / 1000) != 1)
		return err_set(e, "%s takes too long", m->l->plan->net.program);
	return read(m->ready[0], &byte, 1) == 1
		       ? 0
		       : err_set(e, "%s could not make the device", m->l->plan->net.program);
}

/* Later PID 1 is in another user namespace, which has no power over the network. */
static int open_namespaces(struct launch *l, struct err *e)
{
	struct network *n = l->network;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)l->pid);
	n->user = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)l->pid);
	n->net = n->user < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	return n->net < 0 ? err_errno(e, "%s", path) : 0;
}

static int join(const struct launch *l, struct err *e)
{
	if (setns(l->network->user, CLONE_NEWUSER) || setns(l->network->net, CLONE_NEWNET))
		return err_errno(e, "cannot enter the sandbox's network");
	if (l->plan->identity.by_helper &&
	    (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	return 0;
}

int network_let_in(const struct launch *l, uint16_t port, struct err *e)
{
	const struct plan_net *net = &l->plan->net;
	const char *const nft[] = {"nft", "-f", "-", NULL};
	const char *text = pool_printf(l->plan->pool,
				       "add element inet sandbox " NET_PUBLISHED " { %u }\n", port);
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(e, "cannot make a process");
	if (pid == 0)
		_exit(join(l, e) || run_with(net->nft, nft, text, e));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? err_set(e, "the packet filter could not be told of UDP port %u", port) : 0;
}

static int set_queues(const struct plan_net *net, struct err *e)
{
	const char *const ip[] = {"ip", "-batch", "-", NULL}, *const tc[] = {"tc", "-batch", "-",
									     NULL};

	return net->tc && (run_with(net->ip, ip, net->links, e) ||
			   run_with(net->tc, tc, net->queues, e))
		       ? -1
		       : 0;
}

static int configure_all(const struct making *m, int *log, struct err *e)
{
	const struct plan *p = m->l->plan;
	const char *const nft[] = {"nft", "-f", "-", NULL};

	*log = refused_listen(e);
	if (*log < 0 || run_with(p->net.nft, nft, p->net.rules, e) || await_device(m, e) ||
	    interface_configure(&p->net, p->identity.gid, e))
		return -1;
	return set_queues(&p->net, e);
}

static void configure(void *context, int errors)
{
	const struct making *m = context;
	struct err e = {0};
	int log = -1;

	if (network_die_with_launcher(m, &e) || cell_leave_group(errors, &e) || join(m->l, &e) ||
	    network_die_with_launcher(m, &e) || inside_loopback_up(&e) ||
	    configure_all(m, &log, &e))
		network_tell(m, RESULT_FAILED, &e, -1);
	else
		network_tell(m, RESULT_CONFIGURED, NULL, log);
	_exit(0);
}

/* --- the resolver --- */

static int make_resolver_root(const struct plan *p, struct err *e)
{
	_cleanup_fd_ int root = cell_make_root(p->pool, e);

	/* It asks for the user and group that it is to be, also if it is so already. */
	if (root < 0 || cell_write(root, "etc/passwd", "root:x:0:0:::\n", e) ||
	    cell_write(root, "etc/group", "root:x:0:\n", e) ||
	    cell_write(root, "etc/dnsmasq.conf", p->net.resolver, e))
		return -1;
	return cell_close(root, e);
}

static void resolve(void *context, int errors)
{
	static const char *const argv[] = {"dnsmasq", "--conf-file=/etc/dnsmasq.conf", NULL};
	const struct making *m = context;
	const struct plan *p = m->l->plan;
	const struct cell_program program = {
		.path = p->net.dnsmasq, .argv = argv, .capabilities = OF_RESOLVER, .keep = -1};
	struct err e = {0};

	if (network_die_with_launcher(m, &e) == 0 && cell_leave_session(errors, &e) == 0 &&
	    cell_enter(m->l, CLONE_NEWNET, &e) == 0 && inside_loopback_up(&e) == 0 &&
	    network_isolate(m, true, &e) == 0 && make_resolver_root(p, &e) == 0 &&
	    network_die_with_launcher(m, &e) == 0)
		cell_execute(m->l, &program, &e);
	dprintf(STDERR_FILENO, "%s\n", e.text);
}

/* --- steps of the launch --- */

static struct server *new_server(const struct launch *l)
{
	return pool_alloc(l->plan->pool, sizeof(struct server));
}

static int start_all(struct launch *l, struct making *m, struct err *e)
{
	struct network *n = l->network;
	const struct plan_net *net = &l->plan->net;
	const char *driver = net->driver == DRIVER_PASTA ? "pasta" : "slirp4netns";

	n->driver = new_server(l);
	if (cell_start(n->driver, driver, -1, driver_main, m, e))
		return -1;
	/* Only the driver has this end: its end is that of the pipe. */
	fd_closep(&m->ready[1]);
	n->configurator = new_server(l);
	if (cell_start(n->configurator, "network", -1, configure, m, e))
		return -1;
	if (!net->resolver)
		return 0;
	n->resolver = new_server(l);
	return cell_start(n->resolver, "dnsmasq", -1, resolve, m, e);
}

int network_begin(void *context, struct err *e)
{
	struct launch *l = context;
	struct network *n = pool_alloc(l->plan->pool, sizeof(*n));
	struct making m = {.l = l, .results = -1, .ready = {-1, -1}, .launcher = -1};
	int pair[2], rc;

	for (size_t i = 0; i < l->plan->net.ports.n; i++) {
		const struct plan_port *port = &l->plan->net.ports.v[i];

		if (publish_try(&port->word, port->text, e))
			return -1;
	}
	n->user = n->net = n->results = n->api = n->refused.socket = -1;
	l->network = n;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_errno(e, "socketpair");
	n->results = pair[0];
	m.results = pair[1];
	m.launcher = (int)syscall(SYS_pidfd_open, getpid(), 0);
	rc = m.launcher < 0 || pipe2(m.ready, O_CLOEXEC) ? err_errno(e, "pipe")
	     : open_namespaces(l, e)			 ? -1
							 : start_all(l, &m, e);
	fd_closep(&m.launcher);
	fd_closep(&m.results);
	fd_closep(&m.ready[0]);
	fd_closep(&m.ready[1]);
	if (rc)
		network_end(l);
	return rc;
}

/* dnsmasq says so when its sockets are bound. If it cannot, it ends, and what it has said is the reason. */
static int hear_resolver(struct pool *pool, const struct server *s, const char **said, bool *up,
			 struct err *e)
{
	char text[4096];
	ssize_t got = read(s->errors, text, sizeof(text) - 1);
	const char *last;

	text[got > 0 ? got : 0] = '\0';
	*said = pool_printf(pool, "%s%s", *said ? *said : "", text);
	*up = strstr(*said, ": started,") != NULL;
	if (*up || got != 0)
		return 0;
	last = strstr(*said, "dnsmasq: ");
	last = last ? last : **said ? *said : "ended before the network was there";
	return err_set(e, "dnsmasq: %.*s", (int)strcspn(last, "\n"),
		       str_begins(last, "dnsmasq: ") ? last + strlen("dnsmasq: ") : last);
}

/* The first process has ended, and another one goes on. */
static int follow(struct server *s, pid_t pid, struct err *e)
{
	int errors;

	if (!s)
		return err_set(e, "a process that nobody has started");
	errors = fd_take(&s->errors);
	cell_end(s, false);
	*s = (struct server){.name = s->name, .pid = pid, .errors = errors};
	s->process = (int)syscall(SYS_pidfd_open, pid, 0);
	return s->process < 0 ? err_errno(e, "%s", s->name) : 0;
}

/* What is still to come before the program can begin. */
struct awaited {
	bool results; /* there may be more of them */
	bool configured, driver, resolver, answers;
};

static int hear_result(struct network *n, struct awaited *a, struct err *e)
{
	struct result r = {.kind = RESULT_FAILED};
	int fd, rc = fd_receive(n->results, &r, sizeof(r), &fd);

	if (rc != 1) {
		a->results = false;
		return a->configured || a->driver || a->resolver
			       ? err_set(e, "the network's processes have ended")
			       : 0;
	}
	switch (r.kind) {
	case RESULT_BORN:
		*(r.is_resolver ? &a->resolver : &a->driver) = false;
		return follow(r.is_resolver ? n->resolver : n->driver, r.pid, e);
	case RESULT_API:
		n->api = fd;
		return 0;
	case RESULT_CONFIGURED:
		n->refused.socket = fd;
		a->configured = false;
		return 0;
	case RESULT_FAILED:
		break;
	}
	*e = r.err;
	return -1;
}

static int await_some(struct launch *l, struct awaited *a, int64_t deadline, struct err *e)
{
	struct network *n = l->network;
	const struct server *resolver = n->resolver;
	struct pollfd fds[] = {
		{.fd = a->results ? n->results : -1, .events = POLLIN},
		{.fd = a->driver ? -1 : n->driver->process, .events = POLLIN},
		{.fd = resolver && a->answers ? resolver->errors : -1, .events = POLLIN},
		{.fd = l->channel, .events = POLLIN},
		{.fd = l->signals, .events = POLLIN}};
	bool answers = false;

	if (clock_now() > deadline)
		return err_set(e, "%s takes too long",
			       a->configured || a->driver ? n->driver->name : "dnsmasq");
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), clock_poll(deadline)) < 0)
		return errno == EINTR ? 0 : err_errno(e, "poll");
	if (fds[4].revents && run_is_to_end())
		return err_set(e, "interrupted before the program began");
	if (fds[3].revents)
		return err_set(e, "PID 1 of the sandbox has ended");
	if (fds[0].revents)
		return hear_result(n, a, e);
	if (fds[1].revents)
		return err_set(e, "it has ended");
	if (!fds[2].revents || !resolver)
		return 0;
	if (hear_resolver(l->plan->pool, resolver, &n->said, &answers, e))
		return -1;
	a->answers = !answers;
	return 0;
}

static int await_all(struct launch *l, struct err *e)
{
	const bool resolver = l->network->resolver != NULL;
	const int64_t deadline = clock_now() + PATIENCE;
	struct awaited a = {.results = true,
			    .configured = true,
			    .driver = true,
			    .resolver = resolver,
			    .answers = resolver};

	while (a.configured || a.driver || a.resolver || a.answers) {
		if (await_some(l, &a, deadline, e))
			return -1;
	}
	return 0;
}

/* Of several that fail one after the other: the driver's own words, else those of nft, else what we know. */
static int find_reason(const struct launch *l, struct err *e)
{
	struct network *n = l->network;
	struct pollfd end = {.fd = n->driver->process, .events = POLLIN};
	const char *words;

	if (launch_child_reason(l, e))
		return -1;
	if (n->driver->pid && poll(&end, 1, 0) == 1 &&
	    *(words = cell_words(l->plan->pool, n->driver))) {
		err_set(e, "%s: %s", n->driver->name, words);
		return err_hint(e, "`sandbox doctor` checks what it needs");
	}
	words = cell_words(l->plan->pool, n->configurator);
	return *words ? err_set(e, "%s: %s", pool_strdup(l->plan->pool, e->text), words) : -1;
}

int network_await(void *context, struct err *e)
{
	struct launch *l = context;
	struct network *n = l->network;

	if (await_all(l, e))
		return find_reason(l, e);
	cell_end(n->configurator, false);
	for (size_t i = 0; l->plan->net.driver == DRIVER_SLIRP && i < l->plan->net.ports.n; i++) {
		const struct plan_port *port = &l->plan->net.ports.v[i];

		if (publish_add(n, &port->word, port->text, e))
			return -1;
	}
	n->has_ports = l->plan->net.ports.n > 0;
	/* Should PID 1 be gone, the next step tells why. */
	channel_send(l->channel, MESSAGE_NETWORK, 0, NULL);
	return 0;
}

/* Nothing opens by its end. The program goes on without, and in the end it is said. */
static void server_ended(struct launch *l, struct server *s)
{
	l->outcome->network =
		pool_printf(l->plan->pool, "%s ended while the program ran: %s", s->name,
			    s == l->network->driver ? "there was no network any more"
						    : "no name was resolved any more");
	cell_end(s, false);
}

/* A driver that was killed closes its device first: the program may have noticed, and ended, before us. */
static bool is_ending(const struct server *s)
{
	struct process p;

	return s && s->pid && process_read(s->pid, &p) == 0 && p.ending;
}

/* All that is there: its writers are on their way out, or will be, and it is not for them to keep us here. */
static void read_last(const struct launch *l)
{
	const int64_t deadline = clock_now() + LAST_LOOK;

	if (l->pid > 0)
		kill(l->pid, SIGKILL);
	while (refused_read(&l->network->refused) && clock_now() < deadline)
		;
}

void network_end(void *context)
{
	struct launch *l = context;
	struct network *n = l->network;
	struct server *servers[] = {n->configurator, n->driver, n->resolver};

	for (size_t i = 1; l->has_run && i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (is_ending(servers[i]))
			server_ended(l, servers[i]);
	}
	read_last(l);
	l->outcome->connections = &n->refused;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (servers[i] && servers[i]->pid && l->has_run && !n->has_ports)
			cell_leave(servers[i]);
		else if (servers[i])
			cell_end(servers[i], true);
	}
	fd_closep(&n->user);
	fd_closep(&n->net);
	fd_closep(&n->results);
	fd_closep(&n->api);
	refused_done(&n->refused);
}

/* --- while the program runs --- */

size_t network_fds(const struct launch *l, struct pollfd *fds)
{
	const struct network *n = l->network;

	if (!n)
		return 0;
	fds[0] = (struct pollfd){.fd = n->refused.socket, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = n->driver->pid ? n->driver->process : -1, .events = POLLIN};
	fds[2] = (struct pollfd){.fd = n->resolver && n->resolver->pid ? n->resolver->process : -1,
				 .events = POLLIN};
	return NETWORK_FDS;
}

void network_work(struct launch *l, const struct pollfd *fds, size_t n)
{
	struct network *network = l->network;

	if (!n)
		return;
	if (fds[0].revents)
		refused_read(&network->refused);
	if (fds[1].revents)
		server_ended(l, network->driver);
	if (fds[2].revents)
		server_ended(l, network->resolver);
}
