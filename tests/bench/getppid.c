/* SPDX-License-Identifier: MIT */
/*
 * getppid [-f] N: N system calls that do next to nothing; the nanoseconds that one of them takes. -f: under a filter of
 * one instruction that allows everything, which no other filter can be faster than.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int load_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			    &program);
}

int main(int argc, char **argv)
{
	int filtered = argc > 1 && strcmp(argv[1], "-f") == 0;
	long n = argc > 1 + filtered ? atol(argv[1 + filtered]) : 1000000;
	struct timespec from, to;

	if (filtered && load_filter()) {
		perror("seccomp");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.3f\n",
	       ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
		       (double)n);
	return 0;
}
