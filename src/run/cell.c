/* SPDX-License-Identifier: MIT */
/* Where programs of others run that serve a sandbox: see cell.h. */
#include "run/cell.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cap.h"
#include "base/fd.h"
#include "base/path.h"
#include "inside/program.h"
#include "run/filter.h"

int cell_start(struct server *ret, const char *name, int group,
	       void (*main)(void *context, int errors), void *context, struct err *e)
{
	struct clone_args args = {.flags = group >= 0 ? CLONE_INTO_CGROUP : 0,
				  .exit_signal = SIGCHLD,
				  .cgroup = group >= 0 ? (uint64_t)group : 0};
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return err_errno(e, "pipe");
	*ret = (struct server){.name = name, .process = -1, .errors = pipes[0]};
	ret->pid = fd_clone3(&args);
	if (ret->pid == 0) {
		main(context, pipes[1]);
		_exit(125);
	}
	close(pipes[1]);
	if (ret->pid > 0)
		ret->process = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	if (ret->process >= 0)
		return 0;
	err_errno(e, "%s: cannot make a process", name);
	cell_end(ret, true);
	return -1;
}

void cell_end(struct server *server, bool kill_it)
{
	if (server->pid > 0 && kill_it)
		kill(server->pid, SIGKILL);
	while (server->pid > 0 && waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (server->pid) {
		fd_closep(&server->process);
		fd_closep(&server->errors);
	}
	server->pid = 0;
}

void cell_leave(struct server *server)
{
	kill(server->pid, SIGKILL);
	server->pid = 0;
	fd_closep(&server->process);
	fd_closep(&server->errors);
}

const char *cell_words(struct pool *pool, const struct server *server)
{
	char text[4096] = "", *last, *error;
	ssize_t n = read(server->errors, text, sizeof(text) - 1);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n > 0 ? n : 0] = '\0';
	/* nft(8) shows the place behind it. */
	error = strstr(text, "Error: ");
	if (error)
		return pool_strndup(pool, error, strcspn(error, "\n"));
	last = strrchr(text, '\n');
	return pool_strdup(pool, last ? last + 1 : text);
}

int cell_leave_group(int errors, struct err *e)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0);
	/*
	 * Ctrl-C is for the program. Not a session: the scheduler would share the processors between sessions
	 * (sched_autogroup, sched(7)), which costs a tenth of what goes through here.
	 */
	return (getpgrp() != getpid() && setpgid(0, 0)) || dup2(errors, STDERR_FILENO) < 0
		       ? err_errno(e, "process group")
		       : 0;
}

int cell_leave_session(int errors, struct err *e)
{
	if (setsid() < 0)
		return err_errno(e, "session");
	return cell_leave_group(errors, e);
}

int cell_isolate(pid_t *ret, struct err *e)
{
	struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
					   CLONE_PARENT};

	*ret = fd_clone3(&args);
	return *ret < 0 ? err_errno(e, "pid namespace") : *ret > 0;
}

int cell_enter(const struct launch *l, uint64_t namespaces, struct err *e)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	_cleanup_fd_ int process = (int)syscall(SYS_pidfd_open, l->pid, 0);

	if (process < 0 || setns(process, (int)(CLONE_NEWUSER | namespaces)) ||
	    unshare(CLONE_NEWNS | CLONE_NEWCGROUP))
		return err_errno(e, "cannot enter the sandbox's user namespace");
	if (l->plan->identity.by_helper &&
	    (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, 0, 0, 0) ||
	     syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)))
		return err_errno(e, "mount_setattr /");
	return 0;
}

int cell_clone(int dir, const char *path, unsigned flags, struct err *e)
{
	int tree = open_tree(dir, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | flags);

	return tree < 0 ? err_errno(e, "%s: open_tree", *path ? path : "layer") : tree;
}

int cell_attach(int root, int mount, const char *name, bool is_file, struct err *e)
{
	if (is_file ? mknodat(root, name, S_IFREG | 0444, 0) : mkdirat(root, name, 0755))
		return err_errno(e, "%s", name);
	return inside_attach(mount, root, name, e);
}

/* A directory or file of the system, or the link that leads to it. */
static int show(struct pool *pool, int root, const char *name, struct err *e)
{
	const char *path = path_join(pool, "/", name);
	_cleanup_fd_ int tree = -1;
	char target[256];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : err_errno(e, "%s", path);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		return symlinkat(target, root, name) ? err_errno(e, "%s", path) : 0;
	}
	tree = cell_clone(AT_FDCWD, path, AT_RECURSIVE, e);
	if (tree < 0 || inside_set_attributes(tree, "", CELL_CLOSED, true, e))
		return -1;
	return cell_attach(root, tree, name, !S_ISDIR(st.st_mode), e);
}

int cell_device(int root, const char *name, struct err *e)
{
	char path[64];
	_cleanup_fd_ int node = -1;

	snprintf(path, sizeof(path), "/%s", name);
	node = cell_clone(AT_FDCWD, path, 0, e);
	if (node < 0 ||
	    inside_set_attributes(node, "", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false, e))
		return -1;
	return cell_attach(root, node, name, true, e);
}

int cell_make_root(struct pool *pool, struct err *e)
{
	static const char *const system[] = {"usr",   "bin",   "lib",
					     "lib64", "lib32", "etc/ld.so.cache"};
	static const char *const options[] = {"mode", "0755", NULL};
	_cleanup_fd_ int root =
		inside_new_filesystem("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);

	if (root < 0 || inside_attach(root, AT_FDCWD, "/proc", e))
		return -1;
	if (mkdirat(root, "etc", 0755) || mkdirat(root, "dev", 0755))
		return err_errno(e, "tmpfs");
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		if (show(pool, root, system[i], e))
			return -1;
	}
	return cell_device(root, "dev/null", e) || cell_device(root, "dev/urandom", e)
		       ? -1
		       : fd_take(&root);
}

int cell_write(int root, const char *name, const char *text, struct err *e)
{
	_cleanup_fd_ int fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t n = strlen(text);

	return fd < 0 || write(fd, text, n) != (ssize_t)n ? err_errno(e, "%s", name) : 0;
}

int cell_close(int root, struct err *e)
{
	if (inside_set_attributes(root, "", CELL_CLOSED, false, e))
		return -1;
	if (fchdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		return err_errno(e, "pivot_root");
	return 0;
}

static int scope(const struct plan *p, struct err *e)
{
	/* struct landlock_ruleset_attr and LANDLOCK_SCOPE_* of Linux 6.12. */
	const struct {
		uint64_t fs, net, scoped;
	} attr = {.scoped = 1 | 2};
	_cleanup_fd_ int rules = -1;

	if (p->landlock_abi < 6)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0 || syscall(SYS_landlock_restrict_self, rules, 0))
		return err_errno(e, "Landlock");
	return 0;
}

int cell_get_filter(const char *cache_dir, struct bpf *ret, struct err *e)
{
	static const char *const words[] = {"@system-service"};
	static const struct filter_spec spec = {.words = words,
						.n_words = 1,
						.default_error = ENOSYS,
						.args = {.restrict_namespaces = true,
							 .lock_personality = true,
							 .memory_deny_write_execute = true}};
	struct bpf none = {0};

	return filter_get(&spec, cache_dir, ret, &none, e);
}

static int keep_descriptors(int kept, struct err *e)
{
	_cleanup_fd_ int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	return nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 ||
			       close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) ||
			       (kept >= 0 && fcntl(kept, F_SETFD, 0))
		       ? err_errno(e, "descriptors")
		       : 0;
}

int cell_execute(const struct launch *l, const struct cell_program *p, struct err *e)
{
	static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	const uint64_t caps = p->capabilities;

	/* Who is root of the namespace keeps over exec what is in its bounding set. */
	if (cap_apply(caps, caps, l->plan->identity.by_helper ? 0 : caps, e) ||
	    program_no_new_privs(NULL, e) || scope(l->plan, e) || keep_descriptors(p->keep, e))
		return -1;
	if (!p->filters_itself && program_load_filter(&l->of_cells, "helpers", e))
		return -1;
	execve(p->path, (char *const *)(uintptr_t)p->argv, environment);
	return err_errno(e, "%s", p->path);
}
