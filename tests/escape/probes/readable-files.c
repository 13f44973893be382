// SPDX-License-Identifier: MIT
// readable-files FILE...: which of the files have content to read (one byte at least).
#include "probe.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int hits = 0;

	need_arg(argc, argv, 1);
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_NONBLOCK);
		char c;

		if (fd >= 0 && read(fd, &c, 1) == 1) {
			printf("%s ", argv[i]);
			hits++;
		}
		if (fd >= 0)
			close(fd);
	}
	verdict(hits ? WORKED : REFUSED, "%d of %d files readable", hits, argc - 1);
}
