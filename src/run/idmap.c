/* SPDX-License-Identifier: MIT */
/*
 * The id maps of the new user namespace. One line that maps the caller's own id needs no privilege,
 * once setgroups(2) is given up (user_namespaces(7)). Only newuidmap(1) and newgidmap(1) may map
 * the subordinate ranges; they run side by side, which takes 1.5 ms instead of 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/run.h"

struct mapper {
	pid_t pid;
	int errors; /* read end of its standard error */
};

enum { ARGS_MAX = 2 + 3 * ID_MAPS_MAX + 1, NUMBER = 12 };

static int start(struct mapper *m, const char *path, pid_t target, const struct id_map *maps,
		 size_t n, const sigset_t *mask, struct err *e)
{
	char numbers[1 + 3 * ID_MAPS_MAX][NUMBER];
	char *argv[ARGS_MAX] = {(char *)(uintptr_t)path, numbers[0]}, *environment[] = {NULL};
	int pipes[2];

	snprintf(numbers[0], NUMBER, "%d", (int)target);
	for (size_t i = 0; i < n; i++) {
		const unsigned of_map[] = {maps[i].inside, maps[i].outside, maps[i].count};

		for (size_t k = 0; k < 3; k++) {
			snprintf(numbers[1 + 3 * i + k], NUMBER, "%u", of_map[k]);
			argv[2 + 3 * i + k] = numbers[1 + 3 * i + k];
		}
	}
	if (pipe2(pipes, O_CLOEXEC))
		return err_errno(e, "pipe");
	m->pid = vfork();
	if (m->pid == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		dup2(pipes[1], STDERR_FILENO);
		execve(path, argv, environment);
		_exit(127);
	}
	close(pipes[1]);
	m->errors = pipes[0];
	return m->pid < 0 ? err_errno(e, "cannot start %s", path) : 0;
}

static int finish(struct mapper *m, const char *path, struct err *e)
{
	char text[256] = "";
	int status = 0;
	ssize_t n;

	if (m->pid <= 0)
		return 0;
	n = read(m->errors, text, sizeof(text) - 1);
	fd_closep(&m->errors);
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	err_set(e, "%s failed: %s", path, *text ? text : "no reason given");
	return err_hint(e, "`sandbox doctor` checks the subordinate ranges");
}

static int write_line(int proc, const char *file, const char *text, struct err *e)
{
	if (fd_write_path(proc, file, text, strlen(text)) == 0)
		return 0;
	err_errno(e, "/proc/PID/%s", file);
	return err_hint(e, "`sandbox doctor` names what keeps you from using user namespaces");
}

static int write_own_line(const struct plan_identity *id, pid_t pid, struct err *e)
{
	_cleanup_fd_ int proc = -1;
	char path[32], uids[40], gids[40];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	snprintf(uids, sizeof(uids), "%u %u 1", id->uids[0].inside, id->uids[0].outside);
	snprintf(gids, sizeof(gids), "%u %u 1", id->gids[0].inside, id->gids[0].outside);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return err_errno(e, "%s", path),
		       err_hint(e, "/proc has to be mounted: mount -t proc proc /proc");
	if (write_line(proc, "setgroups", "deny", e) || write_line(proc, "uid_map", uids, e))
		return -1;
	return write_line(proc, "gid_map", gids, e);
}

static int run_mappers(const struct plan_identity *id, pid_t pid, const sigset_t *mask,
		       struct err *e)
{
	struct mapper users = {.errors = -1}, groups = {.errors = -1};
	struct err second;
	int rc = start(&users, id->newuidmap, pid, id->uids, id->n_uids, mask, e);

	if (rc == 0)
		rc = start(&groups, id->newgidmap, pid, id->gids, id->n_gids, mask, e);
	if (finish(&users, id->newuidmap, rc ? &second : e))
		rc = -1;
	if (finish(&groups, id->newgidmap, rc ? &second : e))
		rc = -1;
	return rc;
}

int idmap_write(const struct plan_identity *id, pid_t pid, const sigset_t *mask, struct err *e)
{
	return id->by_helper ? run_mappers(id, pid, mask, e) : write_own_line(id, pid, e);
}
