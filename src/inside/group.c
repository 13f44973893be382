/* SPDX-License-Identifier: MIT */
/*
 * The cgroup of the program, which PID 1 makes and removes. PID 1 stays where the launcher is: what it
 * does for the sandbox is not the program's, it survives when all of the group is killed for want of
 * memory, and while it lives there is somebody who removes the group, whatever becomes of the launcher.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "inside/inside.h"
#include "inside/program.h"

#define INNER "program"

static int limit_err(const struct inside *in, const struct plan_limit *limit, struct err *e,
		     const char *why)
{
	err_set(e, "%s: %s=%s: %s", origin_text(in->plan->pool, limit->at), keys[limit->key].name,
		limit->value, why);
	e->located = limit->at.line > 0;
	return -1;
}

static bool has_processor(const char *list, unsigned n)
{
	unsigned first, last;

	while (*list && str_range(&list, &first, &last) == 0) {
		if (n >= first && n <= last)
			return true;
	}
	return false;
}

/* Both are lists of processors; every one of `list` is in `of`. */
static bool is_within(const char *list, const char *of)
{
	unsigned first, last;

	while (*list) {
		if (str_range(&list, &first, &last))
			return false;
		for (unsigned n = first; n <= last; n++) {
			if (!has_processor(of, n))
				return false;
		}
	}
	return true;
}

/* When none of them is to be had, the kernel gives the group all that its parent has. */
static bool is_effective(int group, const char *list)
{
	_cleanup_fd_ int fd = openat(group, "cpuset.cpus.effective", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n > 0 && is_within(text, list);
}

const char *group_refusal(int error)
{
	return error == ENOENT	 ? "this kernel has no such limit"
	       : error == ENODEV ? "none of them is given to the group above"
				 : strerror(error);
}

static int set_limit(struct inside *in, const struct plan_limit *limit, struct err *e)
{
	int error = 0;

	if (fd_write_path(in->group, limit->file, limit->text, strlen(limit->text)))
		error = errno;
	else if (limit->key == KEY_CPUS && !is_effective(in->group, limit->text))
		error = ENODEV;
	if (error && !limit->optional)
		return limit_err(in, limit, e, group_refusal(error));
	in->progress->refused[limit->key] = error;
	return 0;
}

static int make_inner(struct inside *in, struct err *e)
{
	/* What it makes there we have to remove, and the kernel's memory for it is on nobody's account. */
	static const char depth[] = "32", number[] = "1024";

	if (fd_write_path(in->group, "cgroup.max.depth", depth, strlen(depth)) ||
	    fd_write_path(in->group, "cgroup.max.descendants", number, strlen(number)) ||
	    mkdirat(in->group, INNER, 0755))
		return err_errno(e, "cgroup %s/" INNER, in->group_name);
	in->program_group =
		openat(in->group, INNER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return in->program_group < 0 ? err_errno(e, "cgroup %s/" INNER, in->group_name) : 0;
}

int inside_make_group(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan *p = in->plan;

	if (in->groups < 0)
		return 0; /* the launcher has found no place for it, and all of it is optional */
	/* One that is there has the number of our launcher in its name, and so is left over. */
	if (mkdirat(in->groups, in->group_name, 0755) &&
	    (errno != EEXIST || unlinkat(in->groups, in->group_name, AT_REMOVEDIR) ||
	     mkdirat(in->groups, in->group_name, 0755)))
		return err_errno(e, "cgroup %s", in->group_name);
	in->group =
		openat(in->groups, in->group_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (in->group < 0)
		return err_errno(e, "cgroup %s", in->group_name);
	for (size_t i = 0; i < p->limits.n; i++) {
		if (set_limit(in, &p->limits.v[i], e))
			return -1;
	}
	in->program_group = in->group;
	if (p->group.inner && make_inner(in, e))
		return -1;
	/* Whoever serves files to the program is to join. */
	if (plan_uses_fuse(p) && channel_send(in->channel, MESSAGE_GROUP, 0, NULL))
		return err_errno(e, "channel");
	return 0;
}

/* All below, which a program with namespaces of its own may have made; then itself. */
static void remove_below(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && *entry->d_name != '.')
			remove_below(fd, entry->d_name);
	}
	if (dir)
		closedir(dir);
	else
		fd_closep(&fd);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void group_remove(int groups, const char *name)
{
	if (unlinkat(groups, name, AT_REMOVEDIR) && errno == EBUSY)
		remove_below(groups, name);
}

bool group_killed_program(struct inside *in, struct err *e)
{
	const struct plan *p = in->plan;
	struct usage usage = usage_unknown;

	if (in->group >= 0)
		usage_read(in->group, CONTROLLER_MEMORY, &usage);
	for (size_t i = 0; usage.memory_kills > 0 && i < p->limits.n; i++) {
		if (p->limits.v[i].key != KEY_MEMORY_MAX)
			continue;
		limit_err(in, &p->limits.v[i], e, "too little for the program to start");
		return true;
	}
	return false;
}

void inside_leave_group(struct inside *in, struct usage *ret)
{
	if (in->group < 0)
		return;
	if (ret)
		usage_read(in->group, in->plan->group.to_read, ret);
	group_remove(in->groups, in->group_name);
}

int program_cgroup_namespace(void *context, struct err *e)
{
	(void)context;
	/* Here and not with the others: its root is the group that the process is in. */
	return unshare(CLONE_NEWCGROUP) ? err_errno(e, "cgroup namespace") : 0;
}
