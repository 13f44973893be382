// SPDX-License-Identifier: MIT
// renice user|process PID: slow down every process of this user, or one process.
#include "probe.h"
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *what = need_arg(argc, argv, 1);
	int ret = !strcmp(what, "user")
			  ? setpriority(PRIO_USER, getuid(), 7)
			  : setpriority(PRIO_PROCESS, atoi(need_arg(argc, argv, 2)), 7);

	verdict_call(ret, what);
}
