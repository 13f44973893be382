/* SPDX-License-Identifier: MIT */
/*
 * reaper -t SECONDS COMMAND [ARG...]: runs a test so that nothing can outlive it unseen.
 *
 * It is the subreaper of the command, so whatever loses its parent becomes our child and not
 * init's. When the command ends, or its time is up, what is still alive below us is named and
 * killed. Status: that of the command (128+N for signal N); 124 if the time was up; 123 if the
 * command succeeded and left a process behind. The command finds our pid in $SANDBOX_REAPER and its
 * own in $SANDBOX_REAPER_CHILD (see tests/lib/common.bash).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIME_UP = 124, LEFT_BEHIND = 123, MAX_PIDS = 4096 };

struct process {
	pid_t pid, parent;
	char state, name[32];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool process_read(const char *dir, struct process *p)
{
	char path[64], line[512], *end;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", dir);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	/* The name may hold spaces and parentheses: it ends at the last one. */
	end = strrchr(line, ')');
	if (!end || sscanf(end, ") %c %d", &p->state, &p->parent) != 2)
		return false;
	*end = '\0';
	p->pid = atoi(dir);
	snprintf(p->name, sizeof(p->name), "%s", strchr(line, '(') ? strchr(line, '(') + 1 : "?");
	return true;
}

static size_t process_list(struct process *list)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (d && n < MAX_PIDS && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && process_read(e->d_name, &list[n]))
			n++;
	if (d)
		closedir(d);
	return n;
}

static bool descends(const struct process *list, size_t n, pid_t pid)
{
	for (int depth = 0; depth < 1000; depth++) {
		size_t i;

		for (i = 0; i < n && list[i].pid != pid; i++)
			;
		if (i == n)
			return false;
		if (list[i].parent == getpid())
			return true;
		pid = list[i].parent;
	}
	return false;
}

/* Kills what is alive below us; returns how many those were. */
static int kill_rest(bool tell)
{
	static struct process list[MAX_PIDS];
	size_t n = process_list(list);
	int found = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].state == 'Z' || !descends(list, n, list[i].pid))
			continue;
		if (tell)
			fprintf(stderr, "# left behind: process %d (%s)\n", list[i].pid,
				list[i].name);
		kill(list[i].pid, SIGKILL);
		found++;
	}
	return found;
}

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Reaps until the command has ended, or everything if pid is 0, or the time is up. False: the time
 * was up, or a signal told us to stop. */
static bool reap_until(double deadline, pid_t pid, int *status)
{
	for (;;) {
		struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
		int st;
		pid_t got = waitpid(-1, &st, WNOHANG);

		if (got < 0 && errno == ECHILD)
			return true;
		if (got > 0 && got == pid) {
			*status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
			return true;
		}
		if (got > 0)
			continue;
		if (stopped || now() > deadline)
			return false;
		nanosleep(&pause, NULL);
	}
}

static void command_exec(char **argv)
{
	pid_t reaper = getppid();
	char text[32];

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(text, sizeof(text), "%d", reaper);
	setenv("SANDBOX_REAPER", text, 1);
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("SANDBOX_REAPER_CHILD", text, 1);
	execvp(argv[0], argv);
	fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	int status = TIME_UP, left = 0;
	double seconds;
	pid_t pid;

	if (argc < 4 || strcmp(argv[1], "-t") != 0 || (seconds = atof(argv[2])) <= 0) {
		fputs("usage: reaper -t SECONDS COMMAND [ARG...]\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || (pid = fork()) < 0) {
		perror("reaper");
		return 2;
	}
	if (pid == 0)
		command_exec(argv + 3);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGHUP, on_signal);
	if (reap_until(now() + seconds, pid, &status))
		reap_until(now() + 10, 0, NULL);
	else
		fprintf(stderr, stopped ? "# stopped\n" : "# time was up after %g s\n", seconds);
	/* Two or three rounds: a process can fork while we read the list. */
	for (int round = 0; round < 10 && kill_rest(round == 0); round++) {
		left = 1;
		stopped = 0;
		reap_until(now() + 1, 0, NULL);
	}
	return status == 0 && left ? LEFT_BEHIND : status;
}
