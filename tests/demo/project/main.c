/* SPDX-License-Identifier: MIT */
/* greet NAME: prints a greeting. */
#include <stdio.h>

#include "greeting.h"

int main(int argc, char **argv)
{
	char text[256];

	if (greeting_format(text, sizeof(text), argc > 1 ? argv[1] : "world") < 0) {
		fputs("greet: the name is too long\n", stderr);
		return 1;
	}
	puts(text);
	return 0;
}
