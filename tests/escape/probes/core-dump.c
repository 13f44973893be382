// SPDX-License-Identifier: MIT
// core-dump: raise the core limit as far as it goes and crash: the kernel would write a file, or
// start the host's handler as root with our memory on its input.
#include "probe.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct rlimit lim;
	int status;
	pid_t pid;

	getrlimit(RLIMIT_CORE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_CORE, &lim);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		verdict(BROKEN, "the victim did not crash");
	verdict(WCOREDUMP(status) ? WORKED : REFUSED, "core limit %ld", (long)lim.rlim_max);
}
