/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

int cmd_completion(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
