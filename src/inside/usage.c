/* SPDX-License-Identifier: MIT */
/* The files of a cgroup that count: see usage.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "host/host.h"
#include "inside/usage.h"

enum { FILE_SIZE = 4096 }; /* the kernel writes each of them into a page */

const struct usage usage_unknown = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, false};

static bool read_file(int group, const char *name, char *text)
{
	_cleanup_fd_ int fd = openat(group, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, FILE_SIZE - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static int64_t read_number(int group, const char *name)
{
	char text[FILE_SIZE];

	return read_file(group, name, text) ? strtoll(text, NULL, 10) : -1;
}

/* The number behind `name` in lines of `name number`; -1: there is none. */
static int64_t field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n) == 0 && line[n] == ' ')
			return strtoll(line + n + 1, NULL, 10);
	}
	return -1;
}

/* Lines of `MAJOR:MINOR rbytes=N wbytes=N ...`. */
static int64_t sum(const char *text, const char *name)
{
	int64_t total = 0;

	for (const char *at = text; (at = strstr(at, name)); at++)
		total += strtoll(at + strlen(name), NULL, 10);
	return total;
}

static void read_memory(int group, const char *events, bool all, struct usage *ret)
{
	/* By whatever want of memory; it was this group's limit only if this group met it. */
	ret->memory_kills = field(events, "oom") == 0 ? 0 : field(events, "oom_kill");
	ret->memory_slowed = field(events, "high");
	if (!all && ret->memory_kills <= 0 && ret->memory_slowed <= 0)
		return;
	ret->memory = read_number(group, "memory.current");
	ret->memory_peak = read_number(group, "memory.peak");
	ret->swap_peak = read_number(group, "memory.swap.peak");
}

void usage_read(int group, uint32_t controllers, struct usage *ret)
{
	bool all = controllers == CONTROLLERS_ALL;
	char text[FILE_SIZE];

	if ((controllers & CONTROLLER_CPU) && read_file(group, "cpu.stat", text)) {
		ret->user = field(text, "user_usec");
		ret->system = field(text, "system_usec");
		ret->throttled = field(text, "throttled_usec");
	}
	if ((controllers & CONTROLLER_MEMORY) && read_file(group, "memory.events", text))
		read_memory(group, text, all, ret);
	if ((controllers & CONTROLLER_PIDS) && read_file(group, "pids.events", text)) {
		ret->tasks_refused = field(text, "max");
		ret->tasks = all ? read_number(group, "pids.current") : -1;
		ret->tasks_peak = all ? read_number(group, "pids.peak") : -1;
	}
	/* Empty until the first byte. */
	if ((controllers & CONTROLLER_IO) && faccessat(group, "io.stat", R_OK, 0) == 0) {
		read_file(group, "io.stat", text);
		ret->read = sum(text, "rbytes=");
		ret->written = sum(text, "wbytes=");
	}
}

static int64_t microseconds(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

void usage_of_children(struct usage *ret)
{
	struct rusage of;

	if (getrusage(RUSAGE_CHILDREN, &of))
		return;
	if (ret->user < 0) {
		ret->user = microseconds(of.ru_utime);
		ret->system = microseconds(of.ru_stime);
	}
	if (ret->memory_peak < 0) {
		ret->memory_peak = of.ru_maxrss * 1024;
		ret->of_largest = true;
	}
	/* In blocks of 512 bytes. */
	if (ret->read < 0) {
		ret->read = of.ru_inblock * 512;
		ret->written = of.ru_oublock * 512;
	}
}
