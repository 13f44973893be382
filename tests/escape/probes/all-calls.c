// SPDX-License-Identifier: MIT
// all-calls FIRST LAST: try each system call number with six arguments that are invalid as
// pointers, descriptors and ids, each in a child of its own. Prints "NR VERDICT" a line, where the
// verdict is denied (EUCLEAN, the filter's answer), enosys, killed, or reached.
#include "probe.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_ARGS -1L, -1L, -1L, -1L, -1L, -1L

// Makes the call in a child, which is ended if it does not come back.
static int make_call(long nr, long *answer)
{
	int status;
	pid_t pid;

	*answer = 1; // never an errno: the call did not come back
	pid = fork();
	if (pid < 0)
		verdict(BROKEN, "fork: %s", strerror(errno));
	if (pid == 0) {
		ualarm(100000, 0);
		*answer = syscall(nr, NO_ARGS) < 0 ? -errno : 0;
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		verdict(BROKEN, "waitpid: %s", strerror(errno));
	return status;
}

static const char *try_one(long nr, long *answer)
{
	int status = make_call(nr, answer);

	// A call that waits does so each time, a child that only got no processor does not.
	for (int i = 1; i < 5 && *answer == 1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
	     i++)
		status = make_call(nr, answer);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return "killed";
	if (*answer == -EUCLEAN)
		return "denied";
	return *answer == -ENOSYS ? "enosys" : "reached";
}

int main(int argc, char **argv)
{
	long first = atol(need_arg(argc, argv, 1)), last = atol(need_arg(argc, argv, 2));
	long *answer = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	setpgid(0, 0);
	for (long nr = first; nr <= last; nr++)
		printf("%ld %s\n", nr, try_one(nr, answer));
	return 0;
}
