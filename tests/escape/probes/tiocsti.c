// SPDX-License-Identifier: MIT
// tiocsti [high]: push a command line into the input of the controlling terminal, through each
// descriptor that leads there. "high" sets bits above the 32 that the kernel looks at.
#include "probe.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int push(int fd, unsigned long bits)
{
	for (const char *p = "id\n"; *p; p++)
		if (syscall(SYS_ioctl, fd, bits | TIOCSTI, p) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long bits = argc > 1 && !strcmp(argv[1], "high") ? 0x100000000UL : 0;
	int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR)};
	int terminals = 0;

	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		terminals += fds[i] >= 0 && isatty(fds[i]);
		if (fds[i] >= 0 && push(fds[i], bits) == 0)
			verdict(WORKED, "pushed a line through descriptor %d", fds[i]);
	}
	if (!terminals)
		verdict(BROKEN, "no terminal here");
	verdict(REFUSED, "TIOCSTI: %s", strerror(errno));
}
