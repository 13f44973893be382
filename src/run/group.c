/* SPDX-License-Identifier: MIT */
/*
 * The cgroup below which PID 1 makes that of the sandbox, as the launcher gets it ready: a scope of
 * systemd if there is no other, no processes in the group itself, and controllers for its children.
 *
 * A process can be put into a group only by who may write to both and to what is above them
 * (cgroup-v2.rst, "Delegation Containment"). A login session is not its user's, so there systemd has to
 * move somebody; it moves the launcher, and everything else follows.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "run/run.h"

enum { PROCS_SIZE = 1 << 16, EVACUATE_ROUNDS = 64 };

/* --- a scope: helpers/sandbox-scope.c --- */

struct helper {
	pid_t pid;
	int input, errors;
};

/* "CPUWeight=50", or NULL. */
static const char *weight_of(const struct plan *p, enum key_id key)
{
	for (size_t i = 0; i < p->limits.n; i++) {
		if (p->limits.v[i].key == key)
			return pool_printf(p->pool, "%s=%s", keys[key].name, p->limits.v[i].text);
	}
	return NULL;
}

static void start_helper(struct launch *l, const char *unit, struct helper *h, int in, int errors)
{
	const struct plan_group *g = &l->plan->group;
	/* Shares are given to siblings: the scope is one, the group in it has none. */
	const char *argv[] = {
		"sandbox-scope", unit, "sandbox", weight_of(l->plan, KEY_CPU_WEIGHT), NULL, NULL};
	const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
	char *environment[] = {
		pool_printf(l->plan->pool, "XDG_RUNTIME_DIR=%s", g->runtime_dir),
		bus ? pool_printf(l->plan->pool, "DBUS_SESSION_BUS_ADDRESS=%s", bus) : NULL, NULL};

	argv[argv[3] ? 4 : 3] = weight_of(l->plan, KEY_IO_WEIGHT);
	h->pid = vfork();
	if (h->pid == 0) {
		sigprocmask(SIG_SETMASK, &l->mask, NULL);
		dup2(in, STDIN_FILENO);
		dup2(errors, STDERR_FILENO);
		execve(g->scope_helper, (char **)(uintptr_t)argv, environment);
		_exit(127);
	}
}

/* Its last words, if it has failed. */
static int finish_helper(struct launch *l, struct helper *h, struct err *e)
{
	char text[512] = "";
	int status = 0;
	ssize_t n;

	/* If it has failed already, its words tell more than EPIPE. */
	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	send(h->input, text, strlen(text), MSG_NOSIGNAL);
	fd_closep(&h->input);
	n = read(h->errors, text, sizeof(text) - 1);
	fd_closep(&h->errors);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	err_set(e, "no scope for the limits: %s",
		*text		    ? str_safe(l->plan->pool, text)
		: WIFEXITED(status) ? "sandbox-scope cannot be run"
				    : "sandbox-scope was killed");
	return err_hint(e, "`sandbox doctor` checks what systemd delegates to you");
}

static int enter_scope(struct launch *l, const char **ret, struct err *e)
{
	struct helper h = {.input = -1, .errors = -1};
	const char *unit = pool_printf(l->plan->pool, "%s.scope", l->group_name);
	int in[2], errors[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in))
		return err_errno(e, "socketpair");
	if (pipe2(errors, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return err_errno(e, "pipe");
	}
	h.input = in[1];
	h.errors = errors[0];
	start_helper(l, unit, &h, in[0], errors[1]);
	close(in[0]);
	close(errors[1]);
	if (h.pid < 0) {
		fd_closep(&h.input);
		fd_closep(&h.errors);
		return err_set(e, "cannot start %s", l->plan->group.scope_helper);
	}
	if (finish_helper(l, &h, e))
		return -1;
	*ret = host_own_cgroup(l->plan->pool, l->plan->group.mount);
	if (!*ret || !str_eq(path_name(*ret), unit))
		return err_set(e, "systemd made %s, but did not put us into it", unit);
	return 0;
}

/* --- the group above ours --- */

/* True if one was there. A process that forks meanwhile leaves a child behind: hence the rounds. */
static int evacuate_once(int parent, int leaf, bool *ret_found, struct err *e)
{
	_cleanup_fd_ int procs = openat(parent, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int to = openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[PROCS_SIZE], *save = NULL;
	ssize_t n;

	*ret_found = false;
	if (procs < 0 || to < 0)
		return err_errno(e, "cgroup.procs");
	n = read(procs, text, sizeof(text) - 1);
	if (n < 0)
		return err_errno(e, "cgroup.procs");
	text[n] = '\0';
	for (char *pid = strtok_r(text, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save)) {
		*ret_found = true;
		if (write(to, pid, strlen(pid)) < 0 && errno != ESRCH)
			return err_errno(e, "process %s cannot be moved to " CGROUP_CALLERS, pid);
	}
	return 0;
}

static int evacuate(int parent, struct err *e)
{
	_cleanup_fd_ int leaf = -1;
	bool found = true;

	/* The root of the hierarchy has no type, and may have processes beside groups with controllers. */
	if (faccessat(parent, "cgroup.type", F_OK, 0) && errno == ENOENT)
		return 0;

	if (mkdirat(parent, CGROUP_CALLERS, 0755) && errno != EEXIST)
		return err_errno(e, CGROUP_CALLERS);
	leaf = openat(parent, CGROUP_CALLERS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (leaf < 0)
		return err_errno(e, CGROUP_CALLERS);
	for (int i = 0; i < EVACUATE_ROUNDS && found; i++) {
		if (evacuate_once(parent, leaf, &found, e))
			return -1;
	}
	return found ? err_set(e, "processes are made there faster than they can be moved") : 0;
}

/* Each by itself, so that it is known which one cannot be. */
static int enable(int parent, uint32_t controllers, struct err *e)
{
	for (size_t i = 0; i < CONTROLLERS; i++) {
		char word[16];
		int n = snprintf(word, sizeof(word), "+%s", host_controllers[i]);

		if ((controllers & 1u << i) &&
		    fd_write_path(parent, "cgroup.subtree_control", word, (size_t)n))
			return err_errno(e, "controller %s", host_controllers[i]);
	}
	return 0;
}

static int open_groups(struct launch *l, struct err *e)
{
	const struct plan_group *g = &l->plan->group;
	const char *path = g->parent;

	if (g->by_scope && enter_scope(l, &path, e))
		return -1;
	if (!path)
		return err_set(e, "no cgroup to divide");
	l->groups = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->groups < 0)
		return err_errno(e, "%s", path);
	l->group_path = path_join(l->plan->pool, path, l->group_name);
	if ((!g->has_callers || evacuate(l->groups, e) == 0) &&
	    enable(l->groups, g->to_enable, e) == 0)
		return 0;
	fd_closep(&l->groups);
	return -1;
}

int group_begin(void *context, struct err *e)
{
	struct launch *l = context;

	l->group_name = l->request->name ? pool_printf(l->plan->pool, "sandbox-%s.%d",
						       l->request->name, (int)getpid())
					 : pool_printf(l->plan->pool, "sandbox.%d", (int)getpid());
	if (open_groups(l, e) == 0)
		return 0;
	if (!l->plan->group.optional)
		return -1;
	l->outcome->no_group = *e;
	*e = (struct err){0};
	return 0;
}

static int open_group(const struct launch *l)
{
	return openat(l->groups, l->group_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* PID 1 has removed it, unless it was killed or fuse-overlayfs was still in there. */
void group_end(void *context)
{
	struct launch *l = context;
	_cleanup_fd_ int group = -1;

	if (l->groups < 0)
		return;
	group = open_group(l);
	if (group >= 0) {
		if (!l->outcome->has_group)
			usage_read(group, l->plan->group.to_read, &l->outcome->usage);
		l->outcome->has_group = true;
		group_remove(l->groups, l->group_name);
	}
	fd_closep(&l->groups);
}

/* The launcher that a group is named after: "sandbox.PID", "sandbox-NAME.PID"; 0: none. */
static pid_t launcher_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	int64_t pid;

	if ((!str_begins(name, "sandbox.") && !str_begins(name, "sandbox-")) || !dot ||
	    str_number(dot + 1, 1, INT32_MAX, &pid))
		return 0;
	return (pid_t)pid;
}

static bool is_older(int groups, const char *name)
{
	enum { SECONDS = 2 };
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	return fstatat(groups, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.tv_sec - st.st_ctim.tv_sec > SECONDS;
}

/*
 * What is left of launchers that were killed: PID 1 cannot remove the group when it is killed too, nor while
 * fuse-overlayfs, which ends after it, is still in there.
 */
int group_sweep(void *context, struct err *e)
{
	const struct launch *l = context;
	int fd = l->groups < 0 ? -1 : openat(l->groups, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	(void)e;
	while (dir && (entry = readdir(dir))) {
		pid_t pid = launcher_of(entry->d_name);

		/* A launcher in another PID namespace may be putting its first process into it. */
		if (pid && kill(pid, 0) && errno == ESRCH && is_older(fd, entry->d_name))
			group_remove(l->groups, entry->d_name);
	}
	if (dir)
		closedir(dir);
	else
		fd_closep(&fd);
	return 0;
}

bool group_was_killed(const struct launch *l)
{
	_cleanup_fd_ int group = -1;
	struct usage usage = usage_unknown;

	if (l->groups >= 0)
		group = open_group(l);
	if (group >= 0)
		usage_read(group, CONTROLLER_MEMORY, &usage);
	return usage.memory_kills > 0;
}

int group_await(struct launch *l, struct err *e)
{
	struct message m = {0};
	int group;

	if (channel_receive(l->channel, &m) != 1 || m.kind != MESSAGE_GROUP) {
		if (m.kind == MESSAGE_FAILED)
			*e = m.err;
		else
			err_set(e, "PID 1 of the sandbox died before it made its cgroup");
		return -1;
	}
	group = open_group(l);
	return group < 0 ? err_errno(e, "cgroup %s", l->group_name) : group;
}
