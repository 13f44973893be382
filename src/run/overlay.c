/* SPDX-License-Identifier: MIT */
/*
 * The store of a run with copy-on-write trees, from its first directory to what is said of it at the
 * end; fuse-overlayfs itself is in server.c.
 *
 * When all is over the layers are looked at as the sandbox's own root would: files in them may belong
 * to subordinate ids. So the launcher enters the sandbox's user namespace for what is left to do; it
 * has held it open, for the processes that were in it are gone.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "run/effects.h"
#include "run/refused.h"
#include "run/run.h"
#include "run/server.h"
#include "store/change.h"

static void describe(struct launch *l)
{
	const struct plan *p = l->plan;
	struct store *s = &l->store;

	*s = (struct store){.pool = p->pool,
			    .home = -1,
			    .dir = -1,
			    .profile = p->profile_name,
			    .cwd = l->request->cwd,
			    .identity = p->identity};
	for (size_t i = 0; i < l->request->n_words; i++)
		*vec_add(p->pool, &s->words) = l->request->words[i];
	for (size_t i = l->request->n_words; i < l->request->n_run_words; i++)
		*vec_add(p->pool, &s->added) = l->request->run_words[i];
	for (const char *const *w = p->argv; *w; w++)
		*vec_add(p->pool, &s->command) = *w;
	for (size_t i = 0; i < p->cows.n; i++)
		*vec_add(p->pool, &s->trees) =
			(struct store_tree){.path = p->cows.v[i].path, .fuse = p->cows.v[i].fuse};
}

/* A sandbox that runs again may have layers of trees that are not asked for this time. */
static void find_layers(struct launch *l)
{
	const struct plan *p = l->plan;

	l->layers = pool_alloc(p->pool, (p->cows.n + 1) * sizeof(*l->layers));
	for (size_t i = 0; i < p->cows.n; i++) {
		while (!str_eq(l->store.trees.v[l->layers[i]].path, p->cows.v[i].path))
			l->layers[i]++;
	}
}

int overlay_begin(void *context, struct err *e)
{
	struct launch *l = context;
	int pair[2];

	describe(l);
	/* What stands in the way here is the user's, who knows it by its name and not by our step. */
	e->step = "";
	if (store_begin(&l->store, l->plan->state_home, l->request->name, e)) {
		store_done(&l->store);
		return -1;
	}
	if (l->store.existed && l->plan->keep == KEEP_NO) {
		err_set(e, "%s: it has been kept, and --keep=no would remove it with its changes",
			l->store.name);
		store_done(&l->store);
		return err_hint(e, "`sandbox remove %s`, if that is meant", l->store.name);
	}
	e->step = NULL;
	find_layers(l);
	l->outcome->kept = l->store.name;
	/* An earlier run of it may have been killed. */
	if (l->request->name)
		overlay_tidy(l, e);
	if (!plan_uses_fuse(l->plan))
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		err_errno(e, "socketpair");
		overlay_end(l);
		return -1;
	}
	l->overlays = pair[0];
	l->overlays_inside = pair[1];
	return 0;
}

int overlay_serve(void *context, struct err *e)
{
	struct launch *l = context;
	const struct plan *p = l->plan;
	_cleanup_fd_ int group = l->groups >= 0 ? group_await(l, e) : -1;

	if (l->groups >= 0 && group < 0)
		return -1;
	l->servers = pool_alloc(p->pool, p->cows.n * sizeof(*l->servers));
	for (size_t i = 0; i < p->cows.n; i++) {
		if (p->cows.v[i].fuse && server_start(l, i, group, &l->servers[l->n_servers++], e))
			return -1;
	}
	fd_closep(&l->overlays);
	return 0;
}

/* While the child makes its world: one without a state is nothing that could be looked at later. */
int overlay_record(void *context, struct err *e)
{
	const struct launch *l = context;

	return store_write(&l->store, e);
}

/*
 * work/incompat/volatile says that a layer may be damaged when the system crashes; the kernel then
 * refuses to mount it again (overlayfs.rst, "Volatile mount"). To us that is no more than of any file
 * that was not synced. Its directories have mode 0.
 */
int overlay_tidy(void *context, struct err *e)
{
	static const char *const names[] = {"work/work", "work/work/incompat",
					    "work/work/incompat/volatile"};
	const struct launch *l = context;
	char path[60];

	(void)e; /* Whatever is left is removed with the layer. */
	for (size_t i = 0; i < l->plan->cows.n; i++) {
		if (l->plan->cows.v[i].fuse)
			continue;
		for (size_t k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%zu/%s", l->layers[i], names[k]);
			(void)!fchmodat(l->store.dir, path, 0700, 0);
		}
		snprintf(path, sizeof(path), "%zu/%s/dirty", l->layers[i], names[2]);
		unlinkat(l->store.dir, path, 0);
		for (size_t k = 2; k > 0; k--) {
			snprintf(path, sizeof(path), "%zu/%s", l->layers[i], names[k]);
			unlinkat(l->store.dir, path, AT_REMOVEDIR);
		}
	}
	return 0;
}

enum { SERVERS_END_MS = 30000 };

/* Until a process has ended. False: it takes too long, or somebody who waits for us has lost patience. */
static bool await_end(const struct launch *l, int process)
{
	struct pollfd fds[2] = {{.fd = process, .events = POLLIN},
				{.fd = l->signals, .events = POLLIN}};
	struct signalfd_siginfo info;

	while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	for (;;) {
		int n = poll(fds, 2, SERVERS_END_MS);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0 && fds[0].revents)
			return true;
		if (n > 0 && read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
		    (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM ||
		     info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT))
			return false;
	}
}

/*
 * A process that waits for an answer of fuse-overlayfs cannot be killed (request_wait_answer() in
 * fs/fuse/dev.c), so PID 1 may not end before the servers do; and they may be busy for hours, with a
 * file of terabytes that has to be copied.
 */
void overlay_await_init(struct launch *l)
{
	_cleanup_fd_ int process = (int)syscall(SYS_pidfd_open, l->pid, 0);

	if (!l->n_servers || process < 0 || await_end(l, process))
		return;
	err_set(&l->outcome->store,
		"%s: fuse-overlayfs was killed at its work; the last changes may be missing",
		l->servers[0].name);
	for (size_t i = 0; i < l->n_servers; i++)
		kill(l->servers[i].pid, SIGKILL);
}

/*
 * A server ends by itself once the last mount of its file system is gone, which is with PID 1; it has
 * written everything by then.
 */
static void await_servers(struct launch *l)
{
	for (size_t i = 0; i < l->n_servers; i++) {
		struct server *server = &l->servers[i];

		if (server->pid <= 0)
			continue;
		if (!await_end(l, server->process)) {
			kill(server->pid, SIGKILL);
			err_set(&l->outcome->store,
				"%s: fuse-overlayfs did not end by itself; the last changes may be missing",
				server->name);
		}
		while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
			;
		fd_closep(&server->process);
		fd_closep(&server->errors);
	}
	l->n_servers = 0;
}

static bool is_to_keep(const struct launch *l, ssize_t changes)
{
	enum choice_keep keep = l->plan->keep;

	/* One in the background is kept for its log and how it ended. */
	if (l->plan->detached && !l->has_run && !l->store.existed && keep == KEEP_YES)
		keep = KEEP_AUTO;
	/* What cannot be read is not thrown away, unless that is what was asked for. */
	return keep == KEEP_YES || (keep == KEEP_AUTO && (changes != 0 || l->store.has_commit));
}

static void remember_effects(struct launch *l)
{
	const struct outcome *out = l->outcome;

	effects_list(l->plan->pool, l->plan, out, &l->store.effects);
	if (out->connections)
		refused_print(l->plan->pool, out->connections, &l->store.refused);
}

static void count_trees(const struct store *s, struct outcome *out)
{
	for (size_t i = 0; i < s->trees.n; i++) {
		if (s->trees.v[i].changes) {
			out->tree = s->trees.v[i].path;
			out->trees++;
		}
	}
}

static int settle(struct launch *l, struct err *e)
{
	struct outcome *out = l->outcome;
	ssize_t changes = 0;

	if (l->user_namespace >= 0 && setns(l->user_namespace, CLONE_NEWUSER))
		return err_errno(e, "cannot enter the sandbox's user namespace again");
	if (l->user_namespace >= 0 && l->plan->identity.by_helper &&
	    (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	if (l->plan->keep != KEEP_NO)
		changes = changes_record(&l->store, e);
	if (is_to_keep(l, changes)) {
		out->changes = changes < 0 ? 0 : (size_t)changes;
		count_trees(&l->store, out);
		remember_effects(l);
		return changes < 0 || store_end(&l->store, l->status, e) ? -1 : 0;
	}
	out->kept = NULL;
	return store_remove(&l->store, e);
}

void overlay_end(void *context)
{
	struct launch *l = context;
	struct err e = {0};

	fd_closep(&l->overlays);
	fd_closep(&l->overlays_inside);
	await_servers(l);
	if (settle(l, &e))
		l->outcome->store = e;
	fd_closep(&l->user_namespace);
	store_done(&l->store);
}
