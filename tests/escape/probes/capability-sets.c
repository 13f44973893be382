// SPDX-License-Identifier: MIT
// capability-sets [SET...]: is any of the named sets of this process (default: all five) not empty?
#include "probe.h"

int main(int argc, char **argv)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	int hits = 0, seen = 0;

	while (f && fgets(line, sizeof(line), f)) {
		int wanted = argc == 1;

		if (strncmp(line, "Cap", 3))
			continue;
		seen++;
		for (int i = 1; i < argc; i++)
			wanted |= !strncmp(line, argv[i], strlen(argv[i]));
		line[strcspn(line, "\n")] = '\0';
		if (wanted && strtoull(strchr(line, ':') + 1, NULL, 16)) {
			printf("%s ", line);
			hits++;
		}
	}
	if (seen != 5)
		verdict(BROKEN, "%d capability lines in /proc/self/status", seen);
	verdict(hits ? WORKED : REFUSED, "%d sets are not empty", hits);
}
