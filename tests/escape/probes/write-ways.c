// SPDX-License-Identifier: MIT
// write-ways FILE: every way we know to change FILE or to put something else in its place. Prints
// those that worked. FILE must exist and be readable; the current directory may be writable.
#include "probe.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static char beside[4096], parent[4096], reopened[64];

static long reopen(const char *path, int how, int flags)
{
	int fd = open(path, how);

	if (fd < 0)
		return -1;
	snprintf(reopened, sizeof(reopened), "/proc/self/fd/%d", fd);
	return open(reopened, flags);
}

static int own_file(void)
{
	int fd = open("write-ways.tmp", O_CREAT | O_RDWR | O_TRUNC, 0644);

	if (fd < 0)
		return -1;
	if (write(fd, "evil\n", 5) < 0)
		perror("write");
	return fd;
}

static long way_wronly(const char *p)
{
	return open(p, O_WRONLY);
}
static long way_rdwr(const char *p)
{
	return open(p, O_RDWR);
}
static long way_append(const char *p)
{
	return open(p, O_WRONLY | O_APPEND);
}
static long way_truncate(const char *p)
{
	return truncate(p, 4);
}
static long way_reopen(const char *p)
{
	return reopen(p, O_RDONLY, O_RDWR);
}
static long way_opath(const char *p)
{
	return reopen(p, O_PATH, O_WRONLY);
}
static long way_chmod(const char *p)
{
	return chmod(p, 0600);
}
static long way_chown(const char *p)
{
	return chown(p, getuid(), getgid());
}
static long way_utimes(const char *p)
{
	return utimensat(AT_FDCWD, p, NULL, 0);
}
static long way_xattr(const char *p)
{
	return setxattr(p, "user.evil", "1", 1, 0);
}
static long way_unlink(const char *p)
{
	return unlink(p);
}
static long way_create(const char *p)
{
	(void)p;
	return open(beside, O_CREAT | O_WRONLY, 0644);
}
static long way_mkdir(const char *p)
{
	(void)p;
	return mkdir(beside, 0755);
}
static long way_symlink(const char *p)
{
	(void)p;
	return symlink("/dev/null", beside);
}
static long way_linkout(const char *p)
{
	if (link(p, "write-ways.link") < 0)
		return -1;
	return open("write-ways.link", O_WRONLY);
}
static long way_linkin(const char *p)
{
	(void)p;
	return own_file() < 0 ? -1 : link("write-ways.tmp", beside);
}
static long way_rename(const char *p)
{
	return own_file() < 0 ? -1 : rename("write-ways.tmp", p);
}
static long way_exchange(const char *p)
{
	if (own_file() < 0)
		return -1;
	return syscall(SYS_renameat2, AT_FDCWD, "write-ways.tmp", AT_FDCWD, p, RENAME_EXCHANGE);
}
static long way_moveout(const char *p)
{
	return rename(p, "write-ways.moved");
}
static long way_tmpfile(const char *p)
{
	int fd = open(parent, O_TMPFILE | O_RDWR, 0644);

	(void)p;
	if (fd < 0)
		return -1;
	snprintf(reopened, sizeof(reopened), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, reopened, AT_FDCWD, beside, AT_SYMLINK_FOLLOW);
}
static long way_mmap(const char *p)
{
	int fd = open(p, O_RDONLY);
	void *m = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	return m == MAP_FAILED || mprotect(m, 4096, PROT_READ | PROT_WRITE) < 0 ? -1 : 0;
}
static long way_flags(const char *p)
{
	int fd = open(p, O_RDONLY), flags = 0;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}
static long way_parent(const char *p)
{
	char moved[5000];

	(void)p;
	snprintf(moved, sizeof(moved), "%s.moved", parent);
	return rename(parent, moved);
}

static const struct {
	const char *name;
	long (*go)(const char *path);
} ways[] = {
	{"O_WRONLY", way_wronly},
	{"O_RDWR", way_rdwr},
	{"O_APPEND", way_append},
	{"reopen O_RDONLY", way_reopen},
	{"reopen O_PATH", way_opath},
	{"mprotect a shared map", way_mmap},
	{"chmod", way_chmod},
	{"chown", way_chown},
	{"utimensat", way_utimes},
	{"setxattr", way_xattr},
	{"SETFLAGS", way_flags},
	{"link to here", way_linkout},
	{"truncate", way_truncate},
	{"create beside", way_create},
	{"mkdir beside", way_mkdir},
	{"symlink beside", way_symlink},
	{"link beside", way_linkin},
	{"O_TMPFILE beside", way_tmpfile},
	{"rename over", way_rename},
	{"exchange", way_exchange},
	{"move to here", way_moveout},
	{"unlink", way_unlink},
	{"rename the parent", way_parent},
};

int main(int argc, char **argv)
{
	const char *path = need_arg(argc, argv, 1);
	const char *slash = strrchr(path, '/');
	int hits = 0;

	if (access(path, R_OK) < 0)
		verdict(BROKEN, "%s: %s", path, strerror(errno));
	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	snprintf(beside, sizeof(beside), "%.2000s/write-ways.new", parent);
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].go(path) < 0)
			continue;
		printf("%s%s", hits++ ? ", " : "ways: ", ways[i].name);
		unlink(beside);
		rmdir(beside);
	}
	verdict(hits ? WORKED : REFUSED, "%s%d ways to change %s", hits ? " = " : "", hits, path);
}
