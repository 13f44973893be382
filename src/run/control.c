/* SPDX-License-Identifier: MIT */
/* Pausing and ending sandboxes that run: see control.h. */
#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/control.h"
#include "run/processes.h"

enum { ROUND_NS = 1000000, FREEZE_ROUNDS = 500, STOP_ROUNDS = 2000 };

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){.tv_nsec = ROUND_NS}, NULL);
}

/* --- by the cgroup --- */

int control_group(const struct running *r)
{
	const char *suffix = r->cgroup ? strrchr(r->cgroup, '.') : NULL;
	_cleanup_fd_ int group = -1;
	struct statfs fs;
	char ours[16];

	/* Its name ends in the launcher's number: an entry that names another one is not obeyed. */
	snprintf(ours, sizeof(ours), ".%d", (int)r->launcher.pid);
	if (!suffix || !str_eq(suffix, ours))
		return -1;
	group = open(r->cgroup, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* In another file system anybody could have written its files. */
	if (group < 0 || fstatfs(group, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -1;
	return fd_take(&group);
}

static bool says(int group, const char *file, const char *line)
{
	_cleanup_fd_ int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return strstr(text, line);
}

static bool is_to_freeze(int group)
{
	return says(group, "cgroup.freeze", "1\n");
}

static int set_frozen(int group, bool frozen)
{
	return fd_write_path(group, "cgroup.freeze", frozen ? "1" : "0", 1);
}

/*
 * What runs is frozen at once. What waits in the kernel (for fuse-overlayfs, which is frozen with it) may
 * stay there, and gets no further than the end of its system call: so that is not waited for for long.
 */
static int await_frozen(const struct running *r, int group, struct err *e)
{
	for (int i = 0; i < FREEZE_ROUNDS && running_lives(r); i++) {
		if (says(group, "cgroup.events", "frozen 1\n"))
			return 0;
		wait_a_moment();
	}
	return running_lives(r) ? 0 : err_set(e, "%s: it has ended", r->name);
}

/* --- by signals --- */

static bool is_still(const struct process *p)
{
	return p->ended || p->stopped;
}

/* False: they are not to be seen, or PID 1 has ended, and what was seen may be below another of its number. */
static bool list(const struct running *r, struct pool *p, bool deep, process_vec *ret)
{
	return processes_below(p, r->init.pid, deep, ret) == 0 && running_lives(r);
}

static void send_signal(const struct process_id *id, int signal)
{
	_cleanup_fd_ int fd = process_open(id);

	if (fd >= 0)
		pidfd_send_signal(fd, signal, NULL, 0);
}

static bool launcher_is_stopped(const struct running *r)
{
	struct process p;

	return process_read(r->launcher.pid, &p) == 0 && p.id.started == r->launcher.started &&
	       p.stopped;
}

/* Children first, so that no shell sees its job stopped. */
static void continue_all(const struct running *r)
{
	process_vec all = {0};
	struct pool pool = {0};

	for (size_t i = list(r, &pool, true, &all) ? all.n : 0; i-- > 0;)
		send_signal(&all.v[i].id, SIGCONT);
	send_signal(&r->launcher, SIGCONT);
	pool_done(&pool);
}

/*
 * SIGSTOP for all that run, parents first, so that no shell sees its job stop. True if there was none:
 * what is blocked in the kernel (vfork(2) until the child has exec'd) stops when it comes back, and has
 * made no process meanwhile.
 */
static bool stop_once(const process_vec *all, bool again)
{
	bool still = true;

	for (size_t i = 0; i < all->n; i++) {
		const struct process *p = &all->v[i];

		if (is_still(p))
			continue;
		send_signal(&p->id, SIGSTOP);
		still = still && p->blocked && again;
	}
	return still;
}

static int stop_all(const struct running *r, struct err *e)
{
	bool still = false;

	for (int i = 0; i < STOP_ROUNDS && running_lives(r); i++) {
		process_vec all = {0};
		struct pool pool = {0};
		bool listed = list(r, &pool, true, &all);

		still = listed && stop_once(&all, i > 0);
		pool_done(&pool);
		if (!listed && running_lives(r))
			return err_set(e, "%s: its processes are not to be seen in /proc", r->name);
		/* Told by PID 1 it stops like a shell's job: before that it could not be continued. */
		if (still && launcher_is_stopped(r))
			return 0;
		wait_a_moment();
	}
	continue_all(r);
	return err_set(e, "%s: it cannot be paused: %s", r->name,
		       !running_lives(r) ? "it has ended"
		       : still		 ? "its launcher does not stop"
					 : "its processes do not all stop");
}

/* The launcher stops with its program, so where it has not there is no need to look at all of it. */
static bool all_are_stopped(const struct running *r)
{
	process_vec all = {0};
	struct pool pool = {0};
	bool some = false;

	if (!launcher_is_stopped(r))
		return false;
	some = list(r, &pool, true, &all) && all.n > 0;
	for (size_t i = 0; i < all.n; i++)
		some = some && (is_still(&all.v[i]) || all.v[i].blocked);
	pool_done(&pool);
	return some;
}

/* --- both --- */

bool control_is_paused(const struct running *r)
{
	_cleanup_fd_ int group = control_group(r);

	return (group >= 0 && is_to_freeze(group)) || all_are_stopped(r);
}

int control_pause(const struct running *r, bool *ret_by_group, struct err *e)
{
	_cleanup_fd_ int group = control_group(r);

	*ret_by_group = group >= 0 && set_frozen(group, true) == 0;
	return *ret_by_group ? await_frozen(r, group, e) : stop_all(r, e);
}

int control_resume(const struct running *r, struct err *e)
{
	_cleanup_fd_ int group = control_group(r);

	if (group >= 0 && is_to_freeze(group) && set_frozen(group, false) && errno != ENODEV)
		return err_errno(e, "%s: its cgroup", r->name);
	if (launcher_is_stopped(r))
		continue_all(r);
	return 0;
}

int control_terminate(const struct running *r, int launcher, struct err *e)
{
	if (pidfd_send_signal(launcher, SIGTERM, NULL, 0) && errno != ESRCH)
		return err_errno(e, "%s: its launcher", r->name);
	return control_resume(r, e);
}

void control_kill(const struct running *r)
{
	process_vec all = {0};
	struct pool pool = {0};

	/* The program is a child of PID 1 and stays one; the others are orphans. */
	for (size_t i = list(r, &pool, false, &all) ? all.n : 0; i-- > 0;)
		send_signal(&all.v[i].id, SIGKILL);
	pool_done(&pool);
	pidfd_send_signal(r->process, SIGCONT, NULL, 0);
	control_resume(r, &(struct err){0});
}
