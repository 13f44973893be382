// SPDX-License-Identifier: MIT
// mount-ways WAY: change the mounts of this namespace, with the old calls and with the new ones.
// WAY: tmpfs bind remount-rw proc umount PATH, fsopen, clone-tree, setattr-rw, pivot, chroot
#include "probe.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MS_BIND
enum { MS_BIND = 4096, MS_REMOUNT = 32, MS_REC = 16384 };
#endif

static long way_tmpfs(const char *p)
{
	return mount("none", p, "tmpfs", 0, NULL);
}
static long way_bind(const char *p)
{
	return mount("/", p, NULL, MS_BIND | MS_REC, NULL);
}
static long way_remount(const char *p)
{
	return mount(NULL, p, NULL, MS_BIND | MS_REMOUNT, NULL);
}
static long way_proc(const char *p)
{
	return mount("proc", p, "proc", 0, NULL);
}
static long way_umount(const char *p)
{
	return umount2(p, MNT_DETACH);
}
static long way_fsopen(const char *p)
{
	int fs = syscall(SYS_fsopen, "tmpfs", 0), fd;

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* CMD_CREATE */, NULL, NULL, 0) < 0)
		return -1;
	fd = syscall(SYS_fsmount, fs, 0, 0);
	return fd < 0 ? -1 : syscall(SYS_move_mount, fd, "", AT_FDCWD, p, MOVE_MOUNT_F_EMPTY_PATH);
}
static long way_tree(const char *p)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);

	return fd < 0 ? -1 : syscall(SYS_move_mount, fd, "", AT_FDCWD, p, MOVE_MOUNT_F_EMPTY_PATH);
}
static long way_setattr(const char *p)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	return syscall(SYS_mount_setattr, AT_FDCWD, p, 0, &attr, sizeof(attr));
}
static long way_pivot(const char *p)
{
	if (way_tmpfs(p) < 0 || chdir(p) < 0)
		return -1;
	return syscall(SYS_pivot_root, ".", ".");
}
static long way_chroot(const char *p)
{
	return chroot(p);
}

static const struct {
	const char *name;
	long (*go)(const char *path);
} ways[] = {
	{"tmpfs", way_tmpfs},	  {"bind", way_bind},	       {"remount-rw", way_remount},
	{"proc", way_proc},	  {"umount", way_umount},      {"fsopen", way_fsopen},
	{"clone-tree", way_tree}, {"setattr-rw", way_setattr}, {"pivot", way_pivot},
	{"chroot", way_chroot},
};

int main(int argc, char **argv)
{
	const char *want = need_arg(argc, argv, 1), *path = need_arg(argc, argv, 2);

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(want, ways[i].name))
			verdict_call(ways[i].go(path), want);
	verdict(BROKEN, "no such way: %s", want);
}
