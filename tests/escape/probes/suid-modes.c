// SPDX-License-Identifier: MIT
// suid-modes: leave a file with the setuid or setgid bit in the current directory, by each system
// call that takes a mode, also those that a filter cannot see into.
#include "probe.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NAME "suid-modes.tmp"

static long by_open(mode_t m)
{
	return open(FILE_NAME, O_CREAT | O_EXCL | O_WRONLY, m);
}
static long by_openat(mode_t m)
{
	return syscall(SYS_openat, AT_FDCWD, FILE_NAME, O_CREAT | O_EXCL | O_WRONLY, m);
}
static long by_openat2(mode_t m)
{
	struct open_how how = {.flags = O_CREAT | O_EXCL | O_WRONLY, .mode = m};

	return syscall(SYS_openat2, AT_FDCWD, FILE_NAME, &how, sizeof(how));
}
static long by_mknod(mode_t m)
{
	return syscall(SYS_mknodat, AT_FDCWD, FILE_NAME, m | S_IFREG, 0);
}
static long by_mkdir(mode_t m)
{
	return mkdir(FILE_NAME, m);
}
static int plain(void)
{
	int fd = open(FILE_NAME, O_CREAT | O_WRONLY, 0755);

	if (fd < 0)
		verdict(BROKEN, "%s: %s", FILE_NAME, strerror(errno));
	return fd;
}
static long by_chmod(mode_t m)
{
	close(plain());
#ifdef SYS_chmod
	return syscall(SYS_chmod, FILE_NAME, m);
#else
	return chmod(FILE_NAME, m);
#endif
}
static long by_fchmod(mode_t m)
{
	return syscall(SYS_fchmod, plain(), m);
}
static long by_fchmodat(mode_t m)
{
	close(plain());
	return syscall(SYS_fchmodat, AT_FDCWD, FILE_NAME, m);
}
static long by_fchmodat2(mode_t m)
{
	close(plain());
	return syscall(452, AT_FDCWD, FILE_NAME, m, 0);
}
static long by_high_bits(mode_t m)
{
	return syscall(SYS_fchmod, plain(), 0x100000000UL | m);
}

static const struct {
	const char *name;
	long (*go)(mode_t m);
} ways[] = {
	{"chmod", by_chmod},	   {"fchmod", by_fchmod},
	{"fchmodat", by_fchmodat}, {"fchmodat2", by_fchmodat2},
	{"open", by_open},	   {"openat", by_openat},
	{"openat2", by_openat2},   {"mknodat", by_mknod},
	{"mkdir", by_mkdir},	   {"fchmod with high bits", by_high_bits},
};

int main(void)
{
	static const mode_t modes[] = {04755, 02755};
	int hits = 0;

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]) * 2; i++) {
		struct stat st = {0};

		if (unlink(FILE_NAME) < 0)
			rmdir(FILE_NAME);
		ways[i / 2].go(modes[i % 2]);
		if (stat(FILE_NAME, &st) == 0 && st.st_mode & (S_ISUID | S_ISGID))
			printf("%s%s %o", hits++ ? ", " : "", ways[i / 2].name, modes[i % 2]);
	}
	if (unlink(FILE_NAME) < 0)
		rmdir(FILE_NAME);
	verdict(hits ? WORKED : REFUSED, " = %d ways to a setuid or setgid bit", hits);
}
