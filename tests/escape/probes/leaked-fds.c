// SPDX-License-Identifier: MIT
// leaked-fds: is any descriptor above 2 open? Reads from it, and from files relative to it.
#include "probe.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	int hits = 0;

	for (int fd = 3; fd < 20000; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		printf("%d%s ", fd, openat(fd, ".secret", O_RDONLY) >= 0 ? " (secret below)" : "");
		hits++;
	}
	verdict(hits ? WORKED : REFUSED, "%d descriptors leaked", hits);
}
