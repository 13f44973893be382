/* SPDX-License-Identifier: MIT */
/*
 * fuse-overlayfs, in the sandbox's user namespace but not in its pid namespace: the program can
 * neither see nor signal it. Nor in its mount namespace: it has a small root of its own, with its
 * layers, itself and its libraries, so that a program that takes it over through the file system
 * has gained little.
 *
 * The mount is ours, not its: fsmount(2) of a connection that we open, sent to PID 1, which attaches
 * it where the plan wants it. libfuse takes a mount point named /dev/fd/N for a descriptor that is
 * mounted already (fuse_session_mount(), since 3.3); fuse-overlayfs resolves links in the name first,
 * so in its root /dev/fd is a directory and N a file. PID 1 need not wait until it is up: the kernel
 * keeps requests until somebody reads them.
 *
 * It is not killed with the launcher. It ends when the last mount has gone, with PID 1, and writes
 * before what the kernel still has of it; killed, it would leave files half written.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "run/server.h"

#define CLOSED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* In the new process. Descriptors: -1 is none. */
struct serving {
	const struct launch *launch;
	const struct plan_cow *cow;
	size_t index;
	int lower, layer, proc; /* detached mounts */
	int root;		/* the small root: a tmpfs */
	int connection;		/* /dev/fuse */
	int nothing;		/* /dev/null */
};

static int clone_tree(int dir, const char *path, unsigned flags, struct err *e)
{
	int tree = open_tree(dir, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | flags);

	return tree < 0 ? err_errno(e, "%s: open_tree", *path ? path : "layer") : tree;
}

/* Root of the sandbox's user namespace, and a copy of the host's mounts. */
static int enter(const struct launch *l, struct err *e)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	/* Its network and IPC too, where it has its own: what takes the server over reaches no socket. */
	const uint64_t flags = CLONE_NEWUSER |
			       (l->plan->namespaces & (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
	int process = (int)syscall(SYS_pidfd_open, l->pid, 0);

	if (process < 0 || setns(process, (int)flags) || unshare(CLONE_NEWNS | CLONE_NEWCGROUP))
		return err_errno(e, "cannot enter the sandbox's user namespace");
	close(process);
	if (l->plan->identity.by_helper &&
	    (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, 0, 0, 0) ||
	     syscall(SYS_setresuid, 0, 0, 0)))
		return err_errno(e, "cannot become root of the namespace");
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)))
		return err_errno(e, "mount_setattr /");
	return 0;
}

static int place_standins(const struct serving *s, int tree, int store, struct err *e)
{
	_cleanup_fd_ int upper = -1, work = -1;
	char name[40];

	if (!s->cow->standins.n)
		return 0;
	snprintf(name, sizeof(name), "%zu/upper", s->launch->layers[s->index]);
	upper = fd_openat2(store, name, O_RDONLY | O_DIRECTORY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	snprintf(name, sizeof(name), "%zu/work", s->launch->layers[s->index]);
	work = fd_openat2(store, name, O_RDONLY | O_DIRECTORY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (upper < 0 || work < 0)
		return err_errno(e, "%s", name);
	return standins_place(&s->cow->standins, s->cow->path, tree, upper, work, e);
}

/* fuse-overlayfs would follow links, although not out of its small root: so all of it is looked at here. */
static int clone_layer(const struct serving *s, int store, struct err *e)
{
	static const char *const names[] = {"upper", "work", "."};
	_cleanup_fd_ int fd = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd_closep(&fd);
		fd = inside_open_layer(store, s->launch->layers[s->index], names[i], e);
		if (fd < 0)
			return -1;
	}
	return clone_tree(fd, "", AT_EMPTY_PATH, e);
}

static int open_trees(struct serving *s, struct err *e)
{
	const struct launch *l = s->launch;
	const char *store = path_join(l->plan->pool, l->plan->state_home, l->store.name);
	_cleanup_fd_ int tree =
		fd_openat2(AT_FDCWD, s->cow->path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	_cleanup_fd_ int dir = inside_open_store(store, l->store.dir, e);

	if (dir < 0)
		return -1;
	if (tree < 0)
		return err_errno(e, "%s", s->cow->path);
	if (place_standins(s, tree, dir, e))
		return -1;
	s->lower = clone_tree(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, e);
	if (s->lower < 0 || inside_set_attributes(s->lower, "", CLOSED, true, e))
		return -1;
	s->layer = clone_layer(s, dir, e);
	s->proc = s->layer < 0 ? -1 : clone_tree(AT_FDCWD, "/proc", AT_RECURSIVE, e);
	if (s->proc < 0 || inside_set_attributes(s->proc, "", CLOSED | MOUNT_ATTR_NOEXEC, true, e))
		return -1;
	s->nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s->nothing < 0)
		return err_errno(e, "/dev/null");
	/* The kernel wants it opened in the user namespace that mounts (fuse_fill_super()). */
	s->connection = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	return s->connection < 0 ? err_errno(e, "/dev/fuse") : 0;
}

static int send_mount(const struct serving *s, struct err *e)
{
	const struct plan_identity *id = &s->launch->plan->identity;
	struct overlay_message m = {.cow = s->index};
	char connection[16], user[16], group[16];
	/* allow_other: not only for the user who mounts; default_permissions: the kernel checks modes. */
	const char *options[] = {"fd",
				 connection,
				 "rootmode",
				 "40000",
				 "user_id",
				 user,
				 "group_id",
				 group,
				 "allow_other",
				 NULL,
				 "default_permissions",
				 NULL,
				 NULL};
	_cleanup_fd_ int mount = -1;

	snprintf(connection, sizeof(connection), "%d", s->connection);
	snprintf(user, sizeof(user), "%u", id->by_helper ? 0 : id->uid);
	snprintf(group, sizeof(group), "%u", id->by_helper ? 0 : id->gid);
	mount = inside_new_filesystem("fuse", options,
				      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					      (s->cow->no_exec ? MOUNT_ATTR_NOEXEC : 0),
				      e);
	if (mount < 0)
		return -1;
	return fd_send(s->launch->overlays, &m, sizeof(m), mount) ? err_errno(e, "channel") : 0;
}

/* A directory of the system in the small root, or the link that leads to it. */
static int show(const struct serving *s, const char *name, struct err *e)
{
	const char *path = path_join(s->launch->plan->pool, "/", name);
	_cleanup_fd_ int tree = -1;
	char target[256];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : err_errno(e, "%s", path);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		return symlinkat(target, s->root, name) ? err_errno(e, "%s", path) : 0;
	}
	if (S_ISDIR(st.st_mode) ? mkdirat(s->root, name, 0755)
				: mknodat(s->root, name, S_IFREG | 0444, 0))
		return err_errno(e, "%s", path);
	tree = clone_tree(AT_FDCWD, path, AT_RECURSIVE, e);
	if (tree < 0 || inside_set_attributes(tree, "", CLOSED, true, e))
		return -1;
	return inside_attach(tree, s->root, name, e);
}

static int attach_new(const struct serving *s, int mount, const char *name, struct err *e)
{
	return mkdirat(s->root, name, 0755) ? err_errno(e, "%s", name)
					    : inside_attach(mount, s->root, name, e);
}

/*
 * What the program does not see there is empty for fuse-overlayfs too. Each is a file of its own:
 * fuse-overlayfs takes directories with the same inode for one, and loses all but one of the names.
 */
static int cover(const struct serving *s, struct err *e)
{
	size_t skip = strlen(s->cow->path);
	char void_name[32];

	for (size_t i = 0; i < s->cow->covers.n; i++) {
		const char *path = s->cow->covers.v[i], *name = path + skip + (skip > 1);
		_cleanup_fd_ int place = fd_openat2(s->lower, name, O_PATH, 0,
						    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		_cleanup_fd_ int empty = -1;
		struct stat st;

		if (place < 0 && errno == ENOENT)
			continue;
		if (place < 0 || fstat(place, &st))
			return err_errno(e, "%s", path);
		snprintf(void_name, sizeof(void_name), "void%zu", i);
		if (S_ISDIR(st.st_mode) ? mkdirat(s->root, void_name, 0755)
					: mknodat(s->root, void_name, S_IFREG | 0444, 0))
			return err_errno(e, "tmpfs");
		empty = clone_tree(s->root, void_name, 0, e);
		if (empty < 0 || inside_set_attributes(empty, "", CLOSED, false, e) ||
		    inside_attach(empty, place, "", e))
			return -1;
	}
	return 0;
}

static int make_root(struct serving *s, struct err *e)
{
	static const char *const system[] = {"usr",   "bin",   "lib",
					     "lib64", "lib32", "etc/ld.so.cache"};
	static const char *const options[] = {"mode", "0755", NULL};
	char name[32];

	s->root = inside_new_filesystem("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
	if (s->root < 0 || inside_attach(s->root, AT_FDCWD, "/proc", e))
		return -1;
	if (mkdirat(s->root, "etc", 0755))
		return err_errno(e, "tmpfs");
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		if (show(s, system[i], e))
			return -1;
	}
	snprintf(name, sizeof(name), "dev/fd/%d", s->connection);
	if (mkdirat(s->root, "dev", 0755) || mkdirat(s->root, "dev/fd", 0755) ||
	    mknodat(s->root, name, S_IFREG | 0444, 0))
		return err_errno(e, "tmpfs");
	if (attach_new(s, s->proc, "proc", e) || attach_new(s, s->layer, "layer", e) ||
	    attach_new(s, s->lower, "lower", e) || cover(s, e) ||
	    inside_set_attributes(s->root, "", CLOSED, false, e))
		return -1;
	if (fchdir(s->root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		return err_errno(e, "pivot_root");
	return 0;
}

/*
 * What it needs to keep files that are another's: no more of root than that. A user's own needs one of
 * them to make marks in the copy of a directory that is read-only (chmod(2)); modes are looked at by
 * the kernel before it is asked anything (default_permissions).
 */
static int drop_privileges(const struct plan *p, struct err *e)
{
	const uint64_t of_user = CAP_BIT(1 /* DAC_OVERRIDE */);
	const uint64_t set = CAP_BIT(0 /* CHOWN */) | CAP_BIT(1 /* DAC_OVERRIDE */) |
			     CAP_BIT(2 /* DAC_READ_SEARCH */) | CAP_BIT(3 /* FOWNER */) |
			     CAP_BIT(4 /* FSETID */) | CAP_BIT(6 /* SETGID */) |
			     CAP_BIT(7 /* SETUID */) | CAP_BIT(31 /* SETFCAP */);

	if (p->identity.by_helper ? cap_apply(set, set, 0, e)
				  : cap_apply(of_user, of_user, of_user, e))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? err_errno(e, "PR_SET_NO_NEW_PRIVS") : 0;
}

static int become(const struct serving *s, struct err *e)
{
	static const char others[] = "65534:0:1:0:0:65534";
	const struct plan *p = s->launch->plan;
	char options[256], squash[160] = "", mount[32];
	char *argv[] = {"fuse-overlayfs", "-f", "-o", options, mount, NULL};
	char *environment[] = {"PATH=/usr/bin:/bin", NULL};

	if (s->cow->squash == SQUASH_ROOT)
		snprintf(squash, sizeof(squash), ",squash_to_root");
	/*
	 * HOST:INSIDE:COUNT. The host's ids, which are not mapped, look like 65534 (/proc/sys/fs/overflowuid)
	 * and become root; all others are themselves, so that chown(2) works. The last triple is looked
	 * at first: what root makes is root's, not 65534's.
	 */
	if (s->cow->squash == SQUASH_OTHERS)
		snprintf(squash, sizeof(squash), ",uidmapping=%s,gidmapping=%s", others, others);
	if (s->cow->squash == SQUASH_PROGRAM)
		snprintf(squash, sizeof(squash), ",squash_to_uid=%u,squash_to_gid=%u",
			 p->identity.uid, p->identity.gid);
	snprintf(options, sizeof(options),
		 "lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work%s", squash);
	snprintf(mount, sizeof(mount), "/dev/fd/%d", s->connection);
	if (drop_privileges(p, e))
		return -1;
	if (dup2(s->nothing, 0) < 0 || dup2(s->nothing, 1) < 0 ||
	    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) || fcntl(s->connection, F_SETFD, 0))
		return err_errno(e, "descriptors");
	execve(p->fuse_overlayfs, argv, environment);
	return err_errno(e, "%s", p->fuse_overlayfs);
}

static int leave_callers_session(int errors, struct err *e)
{
	/* Ctrl-C is for the program. */
	return setsid() < 0 || dup2(errors, STDERR_FILENO) < 0 ? err_errno(e, "session") : 0;
}

static _Noreturn void serve(const struct launch *l, size_t i, int errors)
{
	struct serving s = {.launch = l, .cow = &l->plan->cows.v[i], .index = i};
	struct overlay_message m = {.cow = i};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0);
	if (leave_callers_session(errors, &m.err) || enter(l, &m.err) || open_trees(&s, &m.err) ||
	    make_root(&s, &m.err) || send_mount(&s, &m.err)) {
		fd_send(l->overlays, &m, sizeof(m), -1);
		_exit(125);
	}
	become(&s, &m.err);
	dprintf(STDERR_FILENO, "%s\n", m.err.text);
	_exit(125);
}

int server_start(struct launch *l, size_t i, int group, struct server *ret, struct err *e)
{
	/* What it reads and writes for the program is limited as if the program did it. */
	struct clone_args args = {.flags = group >= 0 ? CLONE_INTO_CGROUP : 0,
				  .exit_signal = SIGCHLD,
				  .cgroup = group >= 0 ? (uint64_t)group : 0};
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return err_errno(e, "pipe");
	*ret = (struct server){.path = l->plan->cows.v[i].path, .process = -1, .errors = pipes[0]};
	ret->pid = fd_clone3(&args);
	if (ret->pid == 0)
		serve(l, i, pipes[1]);
	close(pipes[1]);
	if (ret->pid < 0)
		return err_errno(e, "cannot make a process");
	ret->process = (int)syscall(SYS_pidfd_open, ret->pid, 0);
	if (ret->process >= 0)
		return 0;
	err_errno(e, "pidfd_open");
	kill(ret->pid, SIGKILL);
	while (waitpid(ret->pid, NULL, 0) < 0 && errno == EINTR)
		;
	ret->pid = 0;
	return -1;
}

/* The last line is the reason; before it, fuse-overlayfs talks of options that it does not know. */
int overlay_died(const struct server *server, const char *when, struct err *e)
{
	char text[4096] = "", *last;
	ssize_t n = read(server->errors, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	text[n > 0 && text[n - 1] == '\n' ? n - 1 : n > 0 ? n : 0] = '\0';
	last = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
	if (str_begins(last, "unknown argument ignored"))
		last = text + strlen(text);
	return err_set(e, "%s: fuse-overlayfs ended %s%s%s", server->path, when, *last ? ": " : "",
		       last);
}

enum { SERVER_ENDS_MS = 1000 };

int overlay_reason(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_servers; i++) {
		struct pollfd end = {.fd = l->servers[i].process, .events = POLLIN};

		/* It closes the connection a little before its end is seen. */
		if (poll(&end, 1, e->error == ENOTCONN ? SERVER_ENDS_MS : 0) == 1)
			return overlay_died(&l->servers[i], "before the program began", e);
	}
	return -1;
}
