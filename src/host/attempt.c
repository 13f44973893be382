/* SPDX-License-Identifier: MIT */
/*
 * Attempts in children: see attempt.h. A child answers with its exit status, which is an errno
 * (they all fit), and writes the name of what failed to its standard output, a pipe. It dies with
 * this process, and is killed when its time is up; one that cannot even be killed (in the middle of
 * a system call that hangs) is left behind.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/attempt.h"

/* Names what failed, on the pipe; errno stays. */
static int failed(const char *what)
{
	int error = errno;

	(void)!write(STDOUT_FILENO, what, strlen(what));
	errno = error;
	return -1;
}

static int write_file(const char *path, const char *text)
{
	return fd_write_path(AT_FDCWD, path, text, strlen(text)) ? failed(path) : 0;
}

/* The caller's ids: in a new user namespace one no longer knows them. */
struct caller {
	uid_t uid;
	gid_t gid;
};

/*
 * Maps the caller's ids as a launch does, and uses a capability. An AppArmor that restricts user
 * namespaces lets them be made and takes the capabilities away afterwards, at their use; capget(2)
 * would still show all of them.
 */
static int become_somebody(const struct caller *caller)
{
	char line[64];

	if (write_file("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", caller->uid, caller->uid);
	if (write_file("/proc/self/uid_map", line))
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", caller->gid, caller->gid);
	if (write_file("/proc/self/gid_map", line))
		return -1;
	return prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0) ? failed("a capability of it") : 0;
}

static int nothing_more(const struct caller *caller)
{
	(void)caller;
	return 0;
}

static int mount_proc(const struct caller *caller)
{
	_cleanup_fd_ int fs = -1;

	if (become_somebody(caller))
		return -1;
	fs = fsopen("proc", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return failed("fsopen");
	return fsmount(fs, FSMOUNT_CLOEXEC, 0) < 0 ? failed("fsmount") : 0;
}

static int mount_overlay(const struct caller *caller)
{
	static const char options[] = "lowerdir=/proc/l,upperdir=/proc/u,workdir=/proc/w,userxattr";

	if (become_somebody(caller))
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/proc", "tmpfs", 0, NULL))
		return failed("tmpfs");
	if (mkdir("/proc/l", 0700) || mkdir("/proc/u", 0700) || mkdir("/proc/w", 0700))
		return failed("tmpfs");
	return mount("overlay", "/proc/l", "overlay", 0, options) ? failed("overlay") : 0;
}

/* Called with nonsense, a call that exists says anything but ENOSYS. Names those that do not. */
static int call_all(const struct caller *caller)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {{" clone3", SYS_clone3},	      {" openat2", SYS_openat2},
		     {" open_tree", SYS_open_tree},   {" move_mount", SYS_move_mount},
		     {" fsopen", SYS_fsopen},	      {" mount_setattr", SYS_mount_setattr},
		     {" pidfd_open", SYS_pidfd_open}, {" close_range", SYS_close_range}};
	int error = 0;

	(void)caller;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L) == 0 || errno != ENOSYS)
			continue;
		(void)!write(STDOUT_FILENO, calls[i].name, strlen(calls[i].name));
		error = ENOSYS;
	}
	errno = error;
	return error ? -1 : 0;
}

static int load_filter(unsigned flags)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed("PR_SET_NO_NEW_PRIVS");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0
		       ? failed("seccomp")
		       : 0;
}

static int filter(const struct caller *caller)
{
	(void)caller;
	return load_filter(0);
}

static int notify(const struct caller *caller)
{
	(void)caller;
	return load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static int open_fuse(const struct caller *caller)
{
	(void)caller;
	return open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 0;
}

static int open_tun(const struct caller *caller)
{
	(void)caller;
	return open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 0;
}

static int wait_for_end(const struct caller *caller)
{
	(void)caller;
	pause();
	return 0;
}

static const struct {
	uint64_t namespaces;
	int (*run)(const struct caller *caller);
} attempts[ATTEMPT_COUNT] = {
	[ATTEMPT_USER] = {CLONE_NEWUSER, become_somebody},
	[ATTEMPT_MOUNT] = {CLONE_NEWUSER | CLONE_NEWNS, nothing_more},
	[ATTEMPT_PID] = {CLONE_NEWUSER | CLONE_NEWPID, nothing_more},
	[ATTEMPT_IPC] = {CLONE_NEWUSER | CLONE_NEWIPC, nothing_more},
	[ATTEMPT_UTS] = {CLONE_NEWUSER | CLONE_NEWUTS, nothing_more},
	[ATTEMPT_NETWORK] = {CLONE_NEWUSER | CLONE_NEWNET, nothing_more},
	[ATTEMPT_CGROUP] = {CLONE_NEWUSER | CLONE_NEWCGROUP, nothing_more},
	[ATTEMPT_TIME] = {CLONE_NEWUSER | CLONE_NEWTIME, nothing_more},
	[ATTEMPT_PROC] = {CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, mount_proc},
	[ATTEMPT_OVERLAY] = {CLONE_NEWUSER | CLONE_NEWNS, mount_overlay},
	[ATTEMPT_CALLS] = {0, call_all},
	[ATTEMPT_FILTER] = {0, filter},
	[ATTEMPT_NOTIFY] = {0, notify},
	[ATTEMPT_FUSE] = {0, open_fuse},
	[ATTEMPT_TUN] = {0, open_tun},
};

/* In the child: its output is the pipe, its input nothing; it does not outlive its parent. */
static void prepare_child(int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	dup2(null >= 0 ? null : out, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
}

/* fork(2) where no namespace is asked for: inside a sandbox clone3(2) does not exist. */
static pid_t make_child(uint64_t namespaces)
{
	struct clone_args args = {.flags = namespaces, .exit_signal = SIGCHLD};

	return namespaces ? fd_clone3(&args) : fork();
}

static void start(struct attempt *a, uint64_t namespaces, int (*run)(const struct caller *caller),
		  const char *const *argv)
{
	static char *const environment[] = {NULL};
	const struct caller caller = {getuid(), getgid()};
	_cleanup_fd_ int out = -1;
	int pipes[2];

	*a = (struct attempt){.output = -1, .status = -1, .started = true};
	if (pipe2(pipes, O_CLOEXEC)) {
		a->error = errno;
		return;
	}
	/* Above the standard descriptors, of which the caller may have closed one. */
	out = fcntl(pipes[1], F_DUPFD_CLOEXEC, 3);
	close(pipes[1]);
	a->output = pipes[0];
	a->pid = make_child(namespaces);
	if (a->pid < 0) {
		a->error = errno;
		fd_closep(&a->output);
	}
	if (a->pid != 0)
		return;
	prepare_child(out);
	if (argv)
		execve(argv[0], (char *const *)(uintptr_t)argv, environment);
	_exit(run && run(&caller) == 0 ? 0 : errno);
}

void attempt_start(struct attempt *a, enum attempt_id id)
{
	start(a, attempts[id].namespaces, attempts[id].run, NULL);
}

void attempt_program(struct attempt *a, const char *const *argv)
{
	start(a, 0, NULL, argv);
}

void attempt_target(struct attempt *a)
{
	start(a, CLONE_NEWUSER, wait_for_end, NULL);
}

/* Its output up to the end, or until the time is up. */
static bool read_output(struct attempt *a, int64_t deadline)
{
	struct pollfd fd = {.fd = a->output, .events = POLLIN};
	char rest[512] = "";
	size_t n = 0;

	for (;;) {
		size_t room = sizeof(a->text) - 1 - n;
		ssize_t got;

		if (clock_now() >= deadline || poll(&fd, 1, clock_poll(deadline)) == 0)
			return false;
		got = read(a->output, room ? a->text + n : rest, room ? room : sizeof(rest));
		if (got <= 0)
			return got == 0;
		n += room ? (size_t)got : 0;
	}
}

/* After SIGKILL a child ends within microseconds, unless the kernel itself hangs. */
static bool reap(struct attempt *a, int *ret)
{
	for (int i = 0; i < 100; i++) {
		if (waitpid(a->pid, ret, WNOHANG) == a->pid)
			return true;
		usleep(200);
	}
	return false;
}

void attempt_end(struct attempt *a, int64_t deadline)
{
	int status = 0;
	bool ended;

	if (a->pid <= 0)
		return;
	ended = read_output(a, deadline);
	fd_closep(&a->output);
	/* The pipe is closed after the exit status has been set, so a child that has ended keeps
	 * it. */
	kill(a->pid, SIGKILL);
	if (reap(a, &status) && WIFEXITED(status))
		a->status = WEXITSTATUS(status);
	a->error = !ended ? ETIMEDOUT : a->status >= 0 ? a->status : EPERM;
	a->pid = 0;
}
