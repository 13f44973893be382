/* SPDX-License-Identifier: MIT */
/* The processes below one, and what /proc says that they use: see processes.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/pool.h"
#include "host/process.h"
#include "run/processes.h"

enum { CHILDREN_MAX = 1 << 20, IO_MAX = 4096 };

struct found {
	pid_t pid, parent;
};

struct walk {
	struct pool pool;
	vec_of(struct found) all;
};

/* Children belong to the thread that made them. */
static int add_children(struct walk *w, pid_t pid)
{
	DIR *dir = opendir(pool_printf(&w->pool, "/proc/%d/task", (int)pid));
	struct dirent *thread;
	int rc = 0;

	while (dir && (thread = readdir(dir))) {
		char *text, *end;

		if (*thread->d_name == '.')
			continue;
		if (fd_read_path(&w->pool,
				 pool_printf(&w->pool, "/proc/%d/task/%s/children", (int)pid,
					     thread->d_name),
				 CHILDREN_MAX, &text) < 0) {
			rc = -1;
			continue;
		}
		for (long child; (child = strtol(text, &end, 10)) > 0; text = end)
			*vec_add(&w->pool, &w->all) = (struct found){(pid_t)child, pid};
	}
	if (dir)
		closedir(dir);
	return dir ? rc : -1;
}

static int64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/* Bytes of disks; false: it may not be read. Of what has ended meanwhile there is nothing. */
static bool add_io(struct walk *w, pid_t pid, struct usage *sum)
{
	char *text;

	if (fd_read_path(&w->pool, pool_printf(&w->pool, "/proc/%d/io", (int)pid), IO_MAX, &text) <
	    0)
		return errno == ENOENT || errno == ESRCH;
	sum->read += number_behind(text, "\nread_bytes: ");
	sum->written += number_behind(text, "\nwrite_bytes: ");
	return true;
}

/* The list grows while it is gone through. False: what they read and wrote may not be known. */
static bool add_all(struct walk *w, pid_t init, struct usage *sum)
{
	bool io = true;

	for (size_t i = 0; i < w->all.n; i++) {
		const struct found f = w->all.v[i];
		struct process p;

		/* Who was orphaned meanwhile is PID 1's; anybody else has got the number of one that ended. */
		if (process_read(f.pid, &p) || (p.parent != f.parent && p.parent != init))
			continue;
		sum->user += p.user + p.children_user;
		sum->system += p.system + p.children_system;
		if (p.ended)
			continue;
		sum->memory += p.memory;
		sum->tasks += p.threads;
		io = add_io(w, f.pid, sum) && io;
		add_children(w, f.pid);
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
	struct walk w = {0};
	struct process p;
	bool io, filled = false;

	/* Without CONFIG_PROC_CHILDREN nothing can be told. */
	if (process_read(init, &p) || add_children(&w, init)) {
		pool_done(&w.pool);
		return false;
	}
	/* The orphans that it has waited for were the sandbox's. */
	sum.user = p.children_user;
	sum.system = p.children_system;
	io = add_all(&w, init, &sum);
	filled |= fill(&ret->user, sum.user);
	filled |= fill(&ret->system, sum.system);
	filled |= fill(&ret->memory, sum.memory);
	filled |= fill(&ret->tasks, sum.tasks);
	if (io) {
		filled |= fill(&ret->read, sum.read);
		filled |= fill(&ret->written, sum.written);
	}
	pool_done(&w.pool);
	return filled;
}
