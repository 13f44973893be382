// SPDX-License-Identifier: MIT
// limits raise | persona: raise a hard limit above what we were given; switch address randomisation
// off.
#include "probe.h"
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static long raise_one(void)
{
	for (int r = 0; r < RLIM_NLIMITS; r++) {
		struct rlimit lim;

		if (getrlimit(r, &lim) < 0 || lim.rlim_max == RLIM_INFINITY)
			continue;
		lim.rlim_max++;
		if (setrlimit(r, &lim) == 0 || prlimit(1, r, &lim, NULL) == 0)
			return r;
	}
	return -1;
}

int main(int argc, char **argv)
{
	if (!strcmp(need_arg(argc, argv, 1), "raise"))
		verdict_call(raise_one(), "raise a hard limit");
	verdict_call(syscall(SYS_personality, ADDR_NO_RANDOMIZE), "ADDR_NO_RANDOMIZE");
}
