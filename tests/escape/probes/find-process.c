// SPDX-License-Identifier: MIT
// find-process NAME|PID: look for a process by its name or its id in /proc, and by signal 0.
#include "probe.h"
#include <ctype.h>
#include <dirent.h>
#include <signal.h>

static int has_name(const char *pid, const char *want)
{
	char path[300], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, want);
}

int main(int argc, char **argv)
{
	const char *want = need_arg(argc, argv, 1);
	DIR *proc = opendir("/proc");
	int seen = 0, hits = 0;

	for (struct dirent *d; proc && (d = readdir(proc));) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		seen++;
		hits += has_name(d->d_name, want);
	}
	if (isdigit((unsigned char)want[0]) && kill(atoi(want), 0) == 0)
		hits++;
	if (!seen)
		verdict(BROKEN, "nothing in /proc");
	verdict(hits ? WORKED : REFUSED, "%d of %d processes are %s", hits, seen, want);
}
