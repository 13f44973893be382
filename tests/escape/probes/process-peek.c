// SPDX-License-Identifier: MIT
// process-peek WAY [PID]: look into or steer another process. Without PID a child of the probe is
// the victim, which shows that the way works as such.
#include "probe.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char shared[64] = "a line of memory";

static long way_attach(int pid)
{
	return ptrace(PTRACE_ATTACH, pid, 0, 0);
}
static long way_seize(int pid)
{
	return ptrace(PTRACE_SEIZE, pid, 0, 0);
}

// Address 0 is unmapped everywhere: EFAULT means that the right to read was granted.
static long way_readv(int pid)
{
	char buf[8];
	struct iovec local = {buf, 8}, far = {shared, 8};
	long ret = process_vm_readv(pid, &local, 1, &far, 1, 0);

	return ret < 0 && errno == EFAULT ? 0 : ret;
}
static long way_writev(int pid)
{
	struct iovec local = {"12345678", 8}, far = {shared, 8};
	long ret = process_vm_writev(pid, &local, 1, &far, 1, 0);

	return ret < 0 && errno == EFAULT ? 0 : ret;
}

static long open_proc(int pid, const char *name, int flags)
{
	char path[64], buf[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags);
	if (fd < 0 || flags & (O_DIRECTORY | O_WRONLY | O_PATH))
		return fd;
	return read(fd, buf, sizeof(buf)) < 0 && errno != EIO ? -1 : 0;
}

static long way_mem(int pid)
{
	return open_proc(pid, "mem", O_RDONLY);
}
static long way_memw(int pid)
{
	return open_proc(pid, "mem", O_WRONLY);
}
static long way_environ(int pid)
{
	return open_proc(pid, "environ", O_RDONLY);
}
static long way_maps(int pid)
{
	return open_proc(pid, "maps", O_RDONLY);
}
static long way_pagemap(int pid)
{
	return open_proc(pid, "pagemap", O_RDONLY);
}
static long way_auxv(int pid)
{
	return open_proc(pid, "auxv", O_RDONLY);
}
static long way_root(int pid)
{
	return open_proc(pid, "root/", O_RDONLY | O_DIRECTORY);
}
static long way_cwd(int pid)
{
	return open_proc(pid, "cwd/", O_RDONLY | O_DIRECTORY);
}
static long way_exe(int pid)
{
	return open_proc(pid, "exe", O_RDONLY);
}
static long way_fds(int pid)
{
	return open_proc(pid, "fd/0", O_PATH);
}
static long way_mapfiles(int pid)
{
	return open_proc(pid, "map_files/", O_RDONLY | O_DIRECTORY);
}
static long way_ns(int pid)
{
	return open_proc(pid, "ns/mnt", O_RDONLY | O_PATH);
}

static long way_getfd(int pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	return pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, 0, 0);
}
static long way_kcmp(int pid)
{
	return syscall(SYS_kcmp, pid, getpid(), 1, 0, 0);
}
static long way_rlimit(int pid)
{
	struct rlimit old;

	return prlimit(pid, RLIMIT_NOFILE, NULL, &old);
}

static const struct {
	const char *name;
	long (*go)(int pid);
} ways[] = {
	{"attach", way_attach},	  {"seize", way_seize}, {"readv", way_readv},
	{"writev", way_writev},	  {"mem", way_mem},	{"memw", way_memw},
	{"environ", way_environ}, {"maps", way_maps},	{"pagemap", way_pagemap},
	{"auxv", way_auxv},	  {"root", way_root},	{"cwd", way_cwd},
	{"exe", way_exe},	  {"fds", way_fds},	{"map_files", way_mapfiles},
	{"ns", way_ns},		  {"getfd", way_getfd}, {"kcmp", way_kcmp},
	{"rlimit", way_rlimit},
};

static int make_victim(void)
{
	int pid = fork();

	if (pid == 0) {
		alarm(300);
		pause();
		_exit(0);
	}
	return pid;
}

int main(int argc, char **argv)
{
	const char *want = need_arg(argc, argv, 1);
	int pid = argc > 2 ? atoi(argv[2]) : make_victim();
	long ret;

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(want, ways[i].name))
			continue;
		ret = ways[i].go(pid);
		if (argc <= 2) {
			int err = errno;

			kill(pid, SIGKILL);
			errno = err;
		}
		verdict_call(ret, want);
	}
	verdict(BROKEN, "no such way: %s", want);
}
