// SPDX-License-Identifier: MIT
// make-node DIR: create a node of a real device below DIR.
#include "probe.h"
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct {
		mode_t type;
		unsigned major, minor;
	} nodes[] = {{S_IFCHR, 1, 1}, {S_IFCHR, 1, 3}, {S_IFCHR, 1, 11},
		     {S_IFBLK, 7, 0}, {S_IFBLK, 8, 0}, {S_IFBLK, 254, 0}};
	char path[4096];
	int made = 0;

	snprintf(path, sizeof(path), "%.4000s/probe-node", need_arg(argc, argv, 1));
	for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		unlink(path);
		if (mknod(path, nodes[i].type | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
			continue;
		made++;
	}
	unlink(path);
	verdict(made ? WORKED : REFUSED, "%d device nodes below %s", made, argv[1]);
}
