// SPDX-License-Identifier: MIT
// signal-all group|everybody|parent|init: send SIGTERM to the process group, to every process we
// may signal, to the parent, or to process 1. Always exits 0: whoever died tells.
#include "probe.h"
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *whom = need_arg(argc, argv, 1);
	int target = !strcmp(whom, "group")    ? 0
		     : !strcmp(whom, "parent") ? getppid()
		     : !strcmp(whom, "init")   ? 1
					       : -1;

	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	kill(target, SIGTERM);
	kill(target, SIGUSR1);
	if (target)
		kill(target, SIGKILL);
	usleep(50000);
	printf("sent\n");
	return 0;
}
