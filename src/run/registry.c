/* SPDX-License-Identifier: MIT */
/*
 * The entry of this sandbox among those that run (store/running.h). A name that was asked for is claimed
 * before anything is started, so that no two have it, and entered before the program runs; who comes then waits
 * until it does. Any other sandbox is entered when it has run for a moment (supervise.c): most are over by then,
 * and no start waits for it.
 *
 * Without an entry a sandbox runs as well, it is only not seen; so a directory that cannot be used is no
 * error, but in the background, where nobody could find it again. An entry of that name which is another's,
 * or which nobody knows who made, is one.
 */
#include <errno.h>
#include <time.h>

#include "base/path.h"
#include "base/str.h"
#include "run/run.h"

static int64_t memory_max(const struct plan *p)
{
	int64_t n = STR_INFINITY;

	for (size_t i = 0; i < p->limits.n; i++) {
		if (str_eq(p->limits.v[i].file, "memory.max"))
			str_size(p->limits.v[i].text, &n);
	}
	return n;
}

static int claim(struct launch *l, const char *name, struct err *e)
{
	const struct plan *p = l->plan;

	l->running = (struct running){.pool = p->pool};
	for (size_t i = 0; p->argv[i]; i++)
		*vec_add(p->pool, &l->running.command) = p->argv[i];
	for (size_t i = 0; i < l->request->n_run_words; i++)
		*vec_add(p->pool, &l->running.options) = l->request->run_words[i];
	return running_claim(&l->running, p->runtime_home, name, e);
}

int registry_claim(void *context, struct err *e)
{
	struct launch *l = context;

	if (!l->request->name || claim(l, l->request->name, e) == 0)
		return 0;
	if (e->error == EEXIST || l->plan->detached) {
		e->step = ""; /* the user knows the name, not our step */
		return -1;
	}
	l->outcome->unlisted = *e;
	*e = (struct err){0};
	return 0;
}

int registry_list(void *context, struct err *e)
{
	struct launch *l = context;

	if (l->running.dir >= 0 || claim(l, l->store.name, e) == 0)
		return 0;
	e->step = "";
	return -1;
}

static int write_entry(struct launch *l, struct err *e)
{
	const struct plan *p = l->plan;
	struct running *r = &l->running;
	struct process self, init;
	struct timespec now;

	if (process_read(getpid(), &self) || process_read(l->pid, &init))
		return err_errno(e, "/proc");
	clock_gettime(CLOCK_REALTIME, &now);
	r->launcher = self.id;
	r->init = init.id;
	r->cgroup = l->group_path;
	r->memory_max = l->groups >= 0 ? memory_max(p) : STR_INFINITY;
	r->profile = p->profile_name;
	r->cwd = l->request->cwd;
	r->started = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	return running_write(r, e);
}

void registry_enter(struct launch *l)
{
	struct err *e = &l->outcome->unlisted;

	if (l->running.dir < 0 && claim(l, l->store.pool ? l->store.name : NULL, e))
		return;
	/* In the background there is no way to it but the control socket. */
	if (write_entry(l, e) || (serve_begin(l, e) && l->plan->detached))
		running_release(&l->running);
}

int registry_announce(void *context, struct err *e)
{
	struct launch *l = context;

	if (l->running.dir < 0)
		return 0;
	registry_enter(l);
	if (l->running.dir >= 0 || !l->plan->detached)
		return 0;
	*e = l->outcome->unlisted;
	e->step = "";
	return -1;
}

void registry_leave(void *context)
{
	struct launch *l = context;

	/* In this order nobody comes between the two. */
	running_release(&l->running);
	serve_close(&l->control);
}
