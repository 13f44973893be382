/* SPDX-License-Identifier: MIT */
/* `sandbox stop`, `pause` and `resume`: what becomes of sandboxes that run, by their names. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/store.h"
#include "run/control.h"
#include "run/run.h"

/* Microseconds: until SIGKILL; between two; until PID 1 gets it too; until there is no hope. */
enum {
	TIMEOUT = 10 * 1000 * 1000,
	AGAIN = 100 * 1000,
	ESCALATE = 5 * 1000 * 1000,
	HOPELESS = 15 * 1000 * 1000,
};

struct target {
	const char *name;
	struct running of;
	int launcher; /* pidfd; -1: there is nothing more to be done */
};

static int fail(const struct err *e)
{
	cli_error(e);
	return EXIT_SANDBOX;
}

/* 1: it runs; 0: it does not; -1: refused. */
static int find(struct store_words *w, const char *name, struct running *ret, struct err *e)
{
	*ret = (struct running){.pool = &w->pool, .home = -1, .dir = -1, .process = -1};
	return w->host.runtime_home ? running_read(ret, w->host.runtime_home, name, e) : 0;
}

static bool was_named_before(const struct store_words *w, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (str_eq(w->names.v[k], w->names.v[i]))
			return true;
	}
	return false;
}

/* --- stop --- */

/* There is one of that name, and it has ended: that is what was wanted. */
static int already_ended(struct store_words *w, const char *name)
{
	struct store kept = {.pool = &w->pool, .home = -1, .dir = -1};
	struct err e = {0};
	int rc = w->host.state_home ? store_open(&kept, w->host.state_home, name, false, &e) : -1;

	store_done(&kept);
	if (rc ? store_not_running(w, name, &e) : store_runs_elsewhere(w, name, &e))
		return fail(&e);
	fprintf(stderr, "sandbox: note: %s: it does not run\n", name);
	return 0;
}

/*
 * Its PID 1 has gone, and its launcher may be at work on what is kept: whoever runs or removes it next
 * should not find it locked.
 */
static void await_settled(const struct target *t)
{
	_cleanup_fd_ int launcher = t->of.launcher.pid ? process_open(&t->of.launcher) : -1;
	struct pollfd end = {.fd = launcher, .events = POLLIN};

	if (launcher >= 0)
		(void)!poll(&end, 1, TIMEOUT / 1000);
}

/* The status; with t->launcher open if its end is to be waited for. */
static int begin_stop(struct store_words *w, struct target *t, bool quiet)
{
	struct err e = {0};
	int rc = find(w, t->name, &t->of, &e);

	t->launcher = -1;
	if (rc < 0)
		return fail(&e);
	if (rc == 0) {
		await_settled(t);
		return quiet ? 0 : already_ended(w, t->name);
	}
	t->launcher = process_open(&t->of.launcher);
	if (t->launcher < 0 && errno != ESRCH) {
		err_errno(&e, "%s: its launcher", t->name);
		return fail(&e);
	}
	if (t->launcher < 0 || w->flags & STORE_FORCE ||
	    control_terminate(&t->of, t->launcher, &e) == 0)
		return 0;
	fd_closep(&t->launcher);
	return fail(&e);
}

/* `since`: for how long now. The status. */
static int kill_again(struct target *t, int64_t since)
{
	struct err e = {0};

	control_kill(&t->of);
	/* Its launcher then fails, and settles all the same. */
	if (since >= ESCALATE)
		pidfd_send_signal(t->of.process, SIGKILL, NULL, 0);
	/* Without a PID 1 the launcher is at work on what is kept, however long that takes. */
	if (since < HOPELESS || !running_lives(&t->of))
		return 0;
	fd_closep(&t->launcher);
	err_set(&e, "%s: it has not ended: a process of it waits in the kernel", t->name);
	return fail(&e);
}

/* How many have not ended yet. */
static size_t await_ends(struct target *targets, size_t n, int64_t usec)
{
	struct pollfd fds[n + 1];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = targets[i].launcher, .events = POLLIN};
		left += targets[i].launcher >= 0;
	}
	/* poll(2) would wait for nobody until the time is up. */
	if (!left)
		return 0;
	if (usec > INT32_MAX)
		usec = INT32_MAX; /* and then again */
	/* Cut short by a signal, it has said nothing, and the caller looks at the clock. */
	(void)!poll(fds, n, (int)((usec + 999) / 1000));
	for (size_t i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		fd_closep(&targets[i].launcher);
		left--;
	}
	return left;
}

static int stop_all(struct target *targets, size_t n, int64_t timeout)
{
	const int64_t begun = clock_now();
	int64_t wait = timeout;
	int status = 0;

	while (await_ends(targets, n, wait)) {
		int64_t over = timeout == STR_INFINITY ? -1 : clock_now() - begun - timeout;

		wait = timeout == STR_INFINITY ? timeout : over < 0 ? -over : AGAIN;
		for (size_t i = 0; over >= 0 && i < n; i++) {
			if (targets[i].launcher >= 0)
				status |= kill_again(&targets[i], over);
		}
	}
	return status;
}

static int end_all(struct store_words *w, int64_t timeout, bool quiet)
{
	struct target targets[w->names.n + 1];
	int status = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->names.n; i++) {
		if (was_named_before(w, i))
			continue;
		targets[n].name = w->names.v[i];
		status |= begin_stop(w, &targets[n++], quiet);
	}
	status |= stop_all(targets, n, timeout);
	for (size_t i = 0; i < n; i++)
		running_done(&targets[i].of);
	return status;
}

int store_end_running(struct store_words *w)
{
	return end_all(w, 0, true);
}

static int stop(struct store_words *w, struct err *e)
{
	int64_t timeout = w->flags & STORE_FORCE ? 0 : TIMEOUT;
	const char *value = store_value(w, "timeout");

	if (value && w->flags & STORE_FORCE)
		return err_set(e, "stop: --force waits for nothing, so --timeout says nothing");
	if (value && str_time(value, &timeout))
		return err_set(e, "stop: --timeout: %s: not a time (5, 500ms, 1min 30s, infinity)",
			       str_safe(&w->pool, value));
	return end_all(w, timeout, false);
}

int cmd_stop(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, stop, argc, argv);
}

/* --- pause, resume --- */

static int pause_one(const struct running *r, struct err *e)
{
	bool by_group;

	if (control_pause(r, &by_group, e))
		return -1;
	if (!by_group)
		fprintf(stderr,
			"sandbox: note: %s: it has no cgroup: each of its processes has got SIGSTOP\n",
			r->name);
	return 0;
}

static int for_each(struct store_words *w, int (*f)(const struct running *r, struct err *e))
{
	int status = 0;

	for (size_t i = 0; i < w->names.n; i++) {
		struct running r;
		struct err e = {0};
		int rc = find(w, w->names.v[i], &r, &e);

		if (rc == 0)
			store_not_running(w, w->names.v[i], &e);
		if (rc <= 0 || f(&r, &e))
			status = fail(&e);
		running_done(&r);
	}
	return status;
}

static int pause_all(struct store_words *w, struct err *e)
{
	(void)e;
	return for_each(w, pause_one);
}

static int resume_all(struct store_words *w, struct err *e)
{
	(void)e;
	return for_each(w, control_resume);
}

int cmd_pause(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, pause_all, argc, argv);
}

int cmd_resume(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAMES, resume_all, argc, argv);
}
