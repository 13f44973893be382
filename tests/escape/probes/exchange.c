// SPDX-License-Identifier: MIT
// exchange A B: swap two names with RENAME_EXCHANGE, over and over, until it is killed.
#include "probe.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *a = need_arg(argc, argv, 1), *b = need_arg(argc, argv, 2);
	struct timespec t = {0, 20000};

	for (;;) {
		if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
			verdict(BROKEN, "exchange: %s", strerror(errno));
		nanosleep(&t, NULL);
	}
}
