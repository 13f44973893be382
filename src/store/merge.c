/* SPDX-License-Identifier: MIT */
/*
 * diff3(1) gets three open files as /proc/self/fd/N, so that no name is looked up twice, an environment
 * without anything of the caller's, and no descriptor but those.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/base.h"
#include "store/beneath.h"
#include "store/merge.h"
#include "store/node.h"

enum { MERGE_MAX = 16 * 1024 * 1024, FIRST = 3, SIDES = 3, ARGS = 9 };

static int open_side(int root, const char *path)
{
	struct beneath b = {root, -1, NULL, 0};
	const char *name;
	int dir = beneath_parent(&b, path, &name), fd;

	fd = dir < 0 ? -1 : node_open_file(dir, name);
	beneath_forget(&b);
	return fd;
}

/* The host's, what both had at first, the sandbox's: in the order of diff3's words. */
static int open_sides(struct store *s, const struct change *c, int fds[SIDES], struct err *e)
{
	_cleanup_fd_ int host = store_open_tree(s, c->tree, e),
			 layer = host < 0 ? -1 : store_open_upper(s, c->tree, e);

	if (layer < 0)
		return -1;
	fds[0] = open_side(host, c->path);
	fds[1] = fds[0] < 0 ? -1 : base_open_saved(s, c->saved);
	fds[2] = fds[1] < 0 ? -1 : open_side(layer, c->path);
	return fds[2] < 0 ? err_errno(e, "%s", str_safe(s->pool, change_path(s, c))) : 0;
}

/* In the child: nothing but the three files and where the result goes, at numbers that are known. */
static _Noreturn void run(const char *diff3, const char *diff, int fds[SIDES], int out)
{
	static char locale[] = "LC_ALL=C", *const environment[] = {locale, NULL};
	const char *argv[ARGS] = {diff3,
				  "-m",
				  "-E",
				  "--text",
				  diff,
				  "/proc/self/fd/3",
				  "/proc/self/fd/4",
				  "/proc/self/fd/5",
				  NULL};
	int high[SIDES], null = open("/dev/null", O_RDWR);

	for (int i = 0; i < SIDES; i++)
		high[i] = fcntl(fds[i], F_DUPFD, FIRST + SIDES);
	out = fcntl(out, F_DUPFD, FIRST + SIDES);
	if (null < 0 || out < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	for (int i = 0; i < SIDES; i++) {
		if (high[i] < 0 || dup2(high[i], FIRST + i) < 0)
			_exit(127);
	}
	close_range(FIRST + SIDES, ~0U, 0);
	execve(diff3, (char *const *)(uintptr_t)argv, environment);
	_exit(127);
}

/* Its exit status; -1. */
static int run_diff3(struct store *s, const struct change *c, int out, struct err *e)
{
	const char *diff3 = host_tool(s->pool, "diff3"), *diff = host_tool(s->pool, "diff");
	int fds[SIDES] = {-1, -1, -1}, status = 0;
	pid_t pid = -1;

	if (!diff3 || !diff)
		return err_set(e, "diff3 is missing"), err_hint(e, "apt-get install diffutils");
	diff = pool_printf(s->pool, "--diff-program=%s", diff);
	if (open_sides(s, c, fds, e) == 0) {
		pid = fork();
		if (pid == 0)
			run(diff3, diff, fds, out);
		if (pid < 0)
			err_errno(e, "fork");
	}
	for (int i = 0; i < SIDES; i++)
		fd_closep(&fds[i]);
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(e, "%s", diff3);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return err_set(e, "%s: cannot merge %s", diff3,
			       str_safe(s->pool, change_path(s, c)));
	return WEXITSTATUS(status);
}

int merge_change(struct store *s, const struct change *c, const char **text, size_t *length,
		 const char **reason, struct err *e)
{
	_cleanup_fd_ int out = -1;
	char *result;
	ssize_t n;
	int rc;

	*reason = "only files that both have changed can be merged";
	if (c->before.type != NODE_FILE || c->after.type != NODE_FILE)
		return 0;
	*reason = "what it was at first has not been kept, so it cannot be merged";
	if (!c->saved)
		return 0;
	*reason = "it is too long to be merged";
	if (c->before.size > MERGE_MAX || c->after.size > MERGE_MAX)
		return 0;
	out = memfd_create("merge", MFD_CLOEXEC);
	if (out < 0)
		return err_errno(e, "memfd_create");
	rc = run_diff3(s, c, out, e);
	if (rc < 0)
		return -1;
	*reason = "both have changed the same lines";
	if (rc == 1)
		return 0;
	if (lseek(out, 0, SEEK_SET) < 0 ||
	    (n = fd_read_all(s->pool, out, 3 * MERGE_MAX, &result)) < 0)
		return err_errno(e, "%s", str_safe(s->pool, change_path(s, c)));
	*text = result;
	*length = (size_t)n;
	return 1;
}
