/* SPDX-License-Identifier: MIT */
/*
 * measure RUNS COMMANDS: runs the commands of a file in turn, one after the other, RUNS times, so
 * that whatever else the machine does hits all of them alike; prints the median of each in
 * microseconds, a line each in their order. A command is a line of words with a tab between two;
 * the first word is a path. A command that fails ends it all.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 32, LINE = 1 << 20, WORDS_MAX = 4096 };

struct command {
	char *words[WORDS_MAX];
	double *times;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double run_once(const struct command *c)
{
	extern char **environ;
	static posix_spawn_file_actions_t actions;
	static int ready;
	double start = now();
	int status;
	pid_t pid;

	if (!ready++) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	}
	if (posix_spawn(&pid, c->words[0], &actions, NULL, c->words, environ) ||
	    waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? now() - start : -1;
}

static size_t read_commands(const char *path, struct command *list)
{
	FILE *f = fopen(path, "re");
	static char line[LINE];
	size_t n = 0;

	while (f && n < COMMANDS_MAX && fgets(line, sizeof(line), f)) {
		char *copy = strdup(line), *save = NULL;
		size_t words = 0;

		for (char *w = strtok_r(copy, "\t\n", &save); w && words + 1 < WORDS_MAX;
		     w = strtok_r(NULL, "\t\n", &save))
			list[n].words[words++] = w;
		if (words)
			n++;
	}
	if (f)
		fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	static struct command list[COMMANDS_MAX];
	size_t runs = argc == 3 ? (size_t)atoi(argv[1]) : 0,
	       n = runs ? read_commands(argv[2], list) : 0;

	if (!n) {
		fprintf(stderr, "usage: measure RUNS COMMANDS\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++)
		list[i].times = calloc(runs, sizeof(double));
	/* The first round only warms up. */
	for (size_t round = 0; round <= runs; round++) {
		for (size_t i = 0; i < n; i++) {
			double time = run_once(&list[i]);

			if (time < 0) {
				fprintf(stderr, "measure: %s failed\n", list[i].words[0]);
				return 1;
			}
			if (round)
				list[i].times[round - 1] = time;
		}
	}
	for (size_t i = 0; i < n; i++) {
		qsort(list[i].times, runs, sizeof(double), by_value);
		printf("%.1f\n", list[i].times[runs / 2]);
	}
	return 0;
}
