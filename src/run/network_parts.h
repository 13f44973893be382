/* SPDX-License-Identifier: MIT */
/* What the files of the network share: network.c, driver.c, publish.c. */
#pragma once

#include "base/cap.h"
#include "run/run.h"

/*
 * Who is root gives up by itself what it does not need any more, and for that needs SETPCAP, SETUID and SETGID. With
 * another id slirp4netns keeps what it has, in the sandbox's user namespace, under its own filter.
 */
#define OF_DRIVER                                                                                  \
	(CAP_BIT(21 /* SYS_ADMIN */) | CAP_BIT(12 /* NET_ADMIN */) |                               \
	 CAP_BIT(10 /* NET_BIND_SERVICE */) | CAP_BIT(8 /* SETPCAP */))
#define OF_RESOLVER                                                                                \
	(CAP_BIT(12 /* NET_ADMIN */) | CAP_BIT(10 /* NET_BIND_SERVICE */) |                        \
	 CAP_BIT(6 /* SETGID */) | CAP_BIT(7 /* SETUID */) | CAP_BIT(8 /* SETPCAP */))
#define API_SOCKET "slirp4netns.sock"

/* What driver and configurator tell the launcher. */
struct result {
	enum result_kind { RESULT_FAILED = 1, RESULT_BORN, RESULT_API, RESULT_CONFIGURED } kind;
	pid_t pid;	  /* RESULT_BORN: the process that goes on in the place of the first one */
	bool is_resolver; /* likewise: it is dnsmasq; else the driver */
	struct err err;
};

/* In their processes. */
struct making {
	struct launch *l;
	int results;  /* where they tell it */
	int ready[2]; /* the driver writes to it when its device is there */
	int launcher; /* its pidfd */
};
void network_tell(const struct making *m, enum result_kind kind, const struct err *err, int fd);
/* See cell_isolate(); the old process tells the launcher, and ends here. */
int network_isolate(const struct making *m, bool is_resolver, struct err *e);
/*
 * Not fuse-overlayfs' way: what is left of a network is of no use to anybody. The kernel forgets it where ids change
 * (prctl(2), PR_SET_PDEATHSIG), so it is said again behind that.
 */
int network_die_with_launcher(const struct making *m, struct err *e);

/* The packet filter lets UDP in to one more port of the sandbox, which runs. */
int network_let_in(const struct launch *l, uint16_t port, struct err *e);

/* driver.c: becomes slirp4netns or pasta. `context` is a struct making. */
void driver_main(void *context, int errors);

/* publish.c: a word to the user before anything runs; what decides is the driver's own bind(2). */
int publish_try(const struct port_word *w, const char *text, struct err *e);
bool publish_has_udp(const struct plan_net *n);
/* By slirp4netns, which runs. */
int publish_add(const struct network *n, const struct port_word *w, const char *text,
		struct err *e);
