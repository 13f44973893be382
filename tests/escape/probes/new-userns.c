// SPDX-License-Identifier: MIT
// new-userns unshare|clone|clone-high|clone3: get a user namespace, where one would
// hold every capability.
#include "probe.h"
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH 0x100000000UL

static long by_clone(unsigned long bits)
{
	long pid = syscall(SYS_clone, bits | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long by_clone3(uint64_t flags)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = {.flags = CLONE_NEWUSER | flags, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

int main(int argc, char **argv)
{
	const char *way = need_arg(argc, argv, 1);

	if (!strcmp(way, "unshare"))
		verdict_call(unshare(CLONE_NEWUSER), way);
	if (!strcmp(way, "clone"))
		verdict_call(by_clone(0), way);
	if (!strcmp(way, "clone-high"))
		verdict_call(by_clone(HIGH), way);
	if (!strcmp(way, "clone3"))
		verdict_call(by_clone3(0), way);
	verdict(BROKEN, "no such way: %s", way);
}
