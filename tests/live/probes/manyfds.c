/* SPDX-License-Identifier: MIT
 *
 * Run a program with N more open descriptors: manyfds N PROGRAM [ARG...]. Exit status 77 if the
 * hard limit does not allow it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rlimit limit;
	rlim_t wanted;

	if (argc < 3 || getrlimit(RLIMIT_NOFILE, &limit))
		return 2;
	wanted = strtoul(argv[1], NULL, 10) + 64;
	if (limit.rlim_max < wanted)
		return 77;
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 77;
	for (unsigned long n = wanted - 64; n > 0; n--)
		if (open("/etc/passwd", O_RDONLY) < 0)
			return 77;
	execvp(argv[2], argv + 2);
	perror("execvp");
	return 126;
}
