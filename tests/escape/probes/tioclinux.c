// SPDX-License-Identifier: MIT
// tioclinux: reach the TIOCLINUX code of the terminal driver (selection and paste on a console). On
// a pseudo terminal the driver itself answers ENOTTY: any answer of the driver counts as reached.
#include "probe.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	static const unsigned long bits[] = {0, 0x100000000UL};
	int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR)};
	int tries = 0;

	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		for (unsigned j = 0; fds[i] >= 0 && isatty(fds[i]) && j < 2; j++) {
			char paste = 3;
			long ret = syscall(SYS_ioctl, fds[i], bits[j] | TIOCLINUX, &paste);

			tries++;
			if (ret >= 0 || errno == ENOTTY || errno == EINVAL)
				verdict(WORKED, "the driver of descriptor %d answered", fds[i]);
		}
	}
	if (!tries)
		verdict(BROKEN, "no terminal here");
	verdict(REFUSED, "TIOCLINUX: %s", strerror(errno));
}
