/* SPDX-License-Identifier: MIT */
/* What /proc tells of one process: see process.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/process.h"

enum { FILE_SIZE = 4096, MICROSECONDS = 1000000, PF_EXITING = 4 /* include/linux/sched.h */ };

/* Fields of /proc/PID/stat, counted from that behind the state. */
enum {
	FIELD_PARENT = 0,
	FIELD_FLAGS = 5,
	FIELD_USER = 10,
	FIELD_SYSTEM,
	FIELD_CHILDREN_USER,
	FIELD_CHILDREN_SYSTEM,
	FIELD_THREADS = 16,
	FIELD_STARTED = 18,
	FIELD_MEMORY = 20,
	FIELDS,
};

static ssize_t read_file(pid_t pid, const char *name, char *text)
{
	char path[40];
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, FILE_SIZE - 1);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static int64_t of_ticks(int64_t ticks)
{
	return ticks * (MICROSECONDS / sysconf(_SC_CLK_TCK));
}

int process_read(pid_t pid, struct process *ret)
{
	char text[FILE_SIZE], *name, *at, *end;
	int64_t v[FIELDS];

	if (read_file(pid, "stat", text) < 0)
		return -1;
	/* The name of the program may hold spaces and parentheses. */
	name = strchr(text, '(');
	at = strrchr(text, ')');
	errno = EINVAL;
	if (!name || !at || at[1] != ' ' || !at[2])
		return -1;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(at - name - 1), name + 1);
	ret->ended = at[2] == 'Z' || at[2] == 'X';
	ret->stopped = at[2] == 'T' || at[2] == 't';
	ret->blocked = at[2] == 'D';
	at += 3;
	for (size_t i = 0; i < FIELDS; i++, at = end) {
		v[i] = strtoll(at, &end, 10);
		if (end == at)
			return -1;
	}
	ret->id = (struct process_id){pid, v[FIELD_STARTED]};
	ret->ending = ret->ended || v[FIELD_FLAGS] & PF_EXITING;
	ret->parent = (pid_t)v[FIELD_PARENT];
	ret->user = of_ticks(v[FIELD_USER]);
	ret->system = of_ticks(v[FIELD_SYSTEM]);
	ret->children_user = of_ticks(v[FIELD_CHILDREN_USER]);
	ret->children_system = of_ticks(v[FIELD_CHILDREN_SYSTEM]);
	ret->threads = v[FIELD_THREADS];
	ret->memory = v[FIELD_MEMORY] * sysconf(_SC_PAGESIZE);
	return 0;
}

int process_open(const struct process_id *id)
{
	int fd = pidfd_open(id->pid, 0);

	/* Alive behind the opening, it is what has been opened. */
	if (fd >= 0 && !process_lives(id)) {
		fd_closep(&fd);
		errno = ESRCH;
	}
	return fd;
}

bool process_lives(const struct process_id *id)
{
	struct process p;

	return process_read(id->pid, &p) == 0 && p.id.started == id->started && !p.ended;
}

bool process_is_init(pid_t pid)
{
	char text[FILE_SIZE], *line, *last;

	/* NSpid: its number in our namespace and in each below, down to its own. */
	if (read_file(pid, "status", text) < 0 || !(line = strstr(text, "\nNSpid:\t")))
		return false;
	line += strlen("\nNSpid:\t");
	line[strcspn(line, "\n")] = '\0';
	last = strrchr(line, '\t');
	return last && strcmp(last, "\t1") == 0;
}

int64_t process_age(const struct process_id *id)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 - of_ticks(id->started);
}
