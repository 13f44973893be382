// SPDX-License-Identifier: MIT
// open-tty PATH: write to another terminal of the same user.
#include "probe.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *path = need_arg(argc, argv, 1);
	static const char mark[] = "intruder\r\n";
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		verdict(REFUSED, "%s: %s", path, strerror(errno));
	if (write(fd, mark, sizeof(mark) - 1) < 0)
		verdict(REFUSED, "write to %s: %s", path, strerror(errno));
	verdict(WORKED, "wrote to %s", path);
}
