/* SPDX-License-Identifier: MIT */
/*
 * The control socket of a sandbox that runs: `exec`, `wait` and `attach` come over it (inside/visit.h).
 * Whoever can connect runs as the user to whom the sandbox belongs, which is not enough: programs in
 * sandboxes do so too. So the other end has to be in the user namespace of the launcher.
 */
#pragma once

#include <poll.h>

#include "base/err.h"
#include "base/str.h"
#include "inside/visit.h"

struct launch;

struct peer {
	int connection;
	enum visit_kind kind; /* 0: has not said it yet */
};
enum { PEERS_MAX = 64 };

struct control {
	int socket; /* -1: none */
	struct peer peers[PEERS_MAX];
	size_t n;
};

/* Of a sandbox that is entered among those that run; without it nothing but the commands above is missing. */
int serve_begin(struct launch *l, struct err *e);
/* For poll(2): how many of the 1 + PEERS_MAX have been filled in. */
size_t serve_fds(const struct control *c, struct pollfd *fds);
/* What has come over them. */
void serve_work(struct launch *l, const struct pollfd *fds, size_t n);
/* Nobody new comes; who is there waits for the end. */
void serve_close(struct control *c);
/* The status for who waits; -1: it has failed. The very last thing. */
void serve_end(struct control *c, const char *name, int status);
