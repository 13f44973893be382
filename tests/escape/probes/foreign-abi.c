// SPDX-License-Identifier: MIT
// foreign-abi i386|x32: ask for the process id through the other system call tables of the
// processor, whose numbers a filter for the native table would misread. Any answer of the kernel is
// a success.
#include "probe.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
static long call_i386(void)
{
	long ret = 20;

	asm volatile("int $0x80" : "+a"(ret) : : "memory", "r8", "r9", "r10", "r11");
	return ret;
}
static long call_x32(void)
{
	long ret = 0x40000000L | 39;

	asm volatile("syscall" : "+a"(ret) : : "memory", "rcx", "r11");
	return ret;
}
#else
static long call_i386(void)
{
	return -ENOSYS;
}
static long call_x32(void)
{
	return -ENOSYS;
}
#endif

int main(int argc, char **argv)
{
	int i386 = !strcmp(need_arg(argc, argv, 1), "i386"), status;
	pid_t pid = fork();

	if (pid == 0) {
		long ret = i386 ? call_i386() : call_x32();

		_exit(ret == getpid() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		verdict(REFUSED, "killed by signal %d", WTERMSIG(status));
	verdict(WEXITSTATUS(status), "%s system call", argv[1]);
}
