// SPDX-License-Identifier: MIT
// writable-files DIR: open each file below DIR for writing (nothing is written) and count. Entries
// of processes (/proc/NUMBER, self) are left out.
#include "probe.h"
#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static int hits, seen;

static int look(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + at->base;
	int fd;

	(void)st;
	if (type == FTW_D && at->level == 1 && isdigit((unsigned char)name[0]))
		return FTW_SKIP_SUBTREE;
	if (type != FTW_F)
		return FTW_CONTINUE;
	seen++;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return FTW_CONTINUE;
	close(fd);
	if (hits++ < 5)
		printf("%s ", path);
	return FTW_CONTINUE;
}

int main(int argc, char **argv)
{
	const char *dir = need_arg(argc, argv, 1);

	nftw(dir, look, 20, FTW_PHYS | FTW_ACTIONRETVAL);
	verdict(hits ? WORKED : REFUSED, "%d of %d files below %s open for writing", hits, seen,
		dir);
}
