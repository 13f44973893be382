/* SPDX-License-Identifier: MIT */
/* The processes below PID 1, and what /proc says that they use: see processes.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/pool.h"
#include "host/process.h"
#include "run/processes.h"

enum { CHILDREN_MAX = 1 << 20, IO_MAX = 4096, BELOW_MAX = 1 << 20 };

/* Children belong to the thread that made them. */
static int add_children(struct pool *pool, pid_t pid, process_vec *all)
{
	DIR *dir = opendir(pool_printf(pool, "/proc/%d/task", (int)pid));
	struct dirent *thread;
	int rc = 0;

	while (dir && (thread = readdir(dir))) {
		char *text, *end;

		if (*thread->d_name == '.')
			continue;
		if (fd_read_path(pool,
				 pool_printf(pool, "/proc/%d/task/%s/children", (int)pid,
					     thread->d_name),
				 CHILDREN_MAX, &text) < 0) {
			rc = -1;
			continue;
		}
		for (long child; (child = strtol(text, &end, 10)) > 0; text = end)
			*vec_add(pool, all) =
				(struct process){.id.pid = (pid_t)child, .parent = pid};
	}
	if (dir)
		closedir(dir);
	return dir ? rc : -1;
}

/* The list grows while it is gone through; with an end, should they be made faster than they are read. */
int processes_below(struct pool *p, pid_t init, bool deep, process_vec *ret)
{
	process_vec all = {0};

	if (add_children(p, init, &all))
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const struct process f = all.v[i];
		struct process now;

		/* Who was orphaned meanwhile is PID 1's; any other has got the number of one that ended. */
		if (process_read(f.id.pid, &now) || (now.parent != f.parent && now.parent != init))
			continue;
		*vec_add(p, ret) = now;
		if (deep && !now.ended && all.n < BELOW_MAX)
			add_children(p, now.id.pid, &all);
	}
	return 0;
}

static int64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/* Bytes of disks; false: it may not be read. Of what has ended meanwhile there is nothing. */
static bool add_io(struct pool *pool, pid_t pid, struct usage *sum)
{
	char *text;

	if (fd_read_path(pool, pool_printf(pool, "/proc/%d/io", (int)pid), IO_MAX, &text) < 0)
		return errno == ENOENT || errno == ESRCH;
	sum->read += number_behind(text, "\nread_bytes: ");
	sum->written += number_behind(text, "\nwrite_bytes: ");
	return true;
}

/* False: what they read and wrote may not be known. */
static bool add_all(struct pool *pool, const process_vec *all, struct usage *sum)
{
	bool io = true;

	for (size_t i = 0; i < all->n; i++) {
		const struct process *p = &all->v[i];

		sum->user += p->user + p->children_user;
		sum->system += p->system + p->children_system;
		if (p->ended)
			continue;
		sum->memory += p->memory;
		sum->tasks += p->threads;
		io = add_io(pool, p->id.pid, sum) && io;
	}
	return io;
}

static bool fill(int64_t *unknown, int64_t value)
{
	if (*unknown >= 0)
		return false;
	*unknown = value;
	return true;
}

bool processes_usage(pid_t init, struct usage *ret)
{
	struct usage sum = {0};
	process_vec all = {0};
	struct pool pool = {0};
	struct process p;
	bool io, filled = false;

	if (process_read(init, &p) || processes_below(&pool, init, true, &all)) {
		pool_done(&pool);
		return false;
	}
	/* The orphans that it has waited for were the sandbox's. */
	sum.user = p.children_user;
	sum.system = p.children_system;
	io = add_all(&pool, &all, &sum);
	filled |= fill(&ret->user, sum.user);
	filled |= fill(&ret->system, sum.system);
	filled |= fill(&ret->memory, sum.memory);
	filled |= fill(&ret->tasks, sum.tasks);
	if (io) {
		filled |= fill(&ret->read, sum.read);
		filled |= fill(&ret->written, sum.written);
	}
	pool_done(&pool);
	return filled;
}
