/* SPDX-License-Identifier: MIT
 *
 * Run a program with an empty argument vector, as no shell can: noargs PROGRAM.
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *const none[] = {NULL};

	if (argc != 2)
		return 2;
	execv(argv[1], none);
	perror("execv");
	return 126;
}
