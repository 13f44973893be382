// SPDX-License-Identifier: MIT
// stdin-reopen write|below NAME: use descriptor 0 for more than it was given for: reopen the file
// behind it for writing, or, when it is a directory, open a file below it.
#include "probe.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (!strcmp(need_arg(argc, argv, 1), "write"))
		verdict_call(open("/proc/self/fd/0", O_WRONLY), "reopen for writing");
	verdict_call(openat(0, need_arg(argc, argv, 2), O_RDONLY), "open below the directory");
}
