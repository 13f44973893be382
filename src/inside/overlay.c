/* SPDX-License-Identifier: MIT */
/*
 * Overlays of copy-on-write trees. The kernel's are made here, those of fuse-overlayfs come as mounts
 * from its processes (run/overlay.c), in any order. Both while the tree still is as the host has it:
 * an overlay takes its layers with the attributes that their mounts have now, and a read-only upper
 * layer is none.
 */
#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "inside/inside.h"

int inside_open_store(const char *path, int known, struct err *e)
{
	struct stat ours, theirs;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &ours) || fstat(known, &theirs)) {
		err_errno(e, "%s", path);
		fd_closep(&fd);
		return -1;
	}
	if (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino)
		return fd;
	close(fd);
	return err_set(e, "%s: another directory has taken its place", path);
}

int inside_open_layer(int store, size_t layer, const char *name, struct err *e)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "%zu/%s", layer, name);
	/* Through a link in its place the program would write elsewhere (CVE-2024-42472). */
	fd = fd_openat2(store, path, O_PATH | O_DIRECTORY, 0,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	return fd < 0 ? err_errno(e, "layer %s", path) : fd;
}

/*
 * By /proc/self/fd, because paths could contain what separates layers (`:`), and would be resolved a
 * second time. Not by descriptors: fsconfig(2) takes them for layers since Linux 6.13 only.
 */
static int make_kernels(struct inside *in, size_t i, int store, struct err *e)
{
	const struct plan_cow *cow = &in->plan->cows.v[i];
	char lower[40], upper[40], work[40];
	/*
	 * userxattr: its marks are attributes that an unprivileged user may set. volatile: no fsync(2) of
	 * the program reaches the disk, and the end of a sandbox does not sync the whole file system of
	 * the layer (overlayfs.rst, "Volatile mount"). uuid=off: no identity of its own is written into
	 * the layer.
	 */
	const char *options[] = {"lowerdir", lower,	  "upperdir", upper,	  "workdir",
				 work,	     "userxattr", NULL,	      "volatile", NULL,
				 "uuid",     "off",	  NULL};
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      (cow->no_exec ? MOUNT_ATTR_NOEXEC : 0);
	_cleanup_fd_ int tree =
		fd_openat2(AT_FDCWD, cow->path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	_cleanup_fd_ int above = inside_open_layer(store, in->layers[i], "upper", e), aside = -1;

	if (above < 0)
		return -1;
	aside = inside_open_layer(store, in->layers[i], "work", e);
	if (aside < 0)
		return -1;
	if (tree < 0)
		return err_errno(e, "%s", cow->path);
	snprintf(lower, sizeof(lower), "/proc/self/fd/%d", tree);
	snprintf(upper, sizeof(upper), "/proc/self/fd/%d", above);
	snprintf(work, sizeof(work), "/proc/self/fd/%d", aside);
	in->cows[i] = inside_new_filesystem("overlay", options, attributes, e);
	if (in->cows[i] >= 0)
		return 0;
	err_set(e, "%s: the kernel makes no overlay of it: %s", cow->path, strerror(e->error));
	return err_hint(e, "--set Filesystem.Overlay=fuse takes fuse-overlayfs");
}

static int receive(struct inside *in, struct err *e)
{
	struct overlay_message m = {0};
	int mount, rc = fd_receive(in->overlays, &m, sizeof(m), &mount);

	if (rc == 1 && mount >= 0 && m.cow < in->plan->cows.n) {
		in->cows[m.cow] = mount;
		return 0;
	}
	if (rc != 1) {
		err_set(e, "the process of fuse-overlayfs died before it began");
		e->error = ENOTCONN;
		return -1;
	}
	*e = m.err;
	return -1;
}

int inside_make_overlays(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan *p = in->plan;
	_cleanup_fd_ int store = inside_open_store(in->store_path, in->store, e);

	if (store < 0)
		return -1;
	in->cows = pool_alloc(&in->pool, p->cows.n * sizeof(*in->cows));
	for (size_t i = 0; i < p->cows.n; i++) {
		if (!p->cows.v[i].fuse && make_kernels(in, i, store, e))
			return -1;
	}
	for (size_t i = 0; i < p->cows.n; i++) {
		if (p->cows.v[i].fuse && receive(in, e))
			return -1;
	}
	return 0;
}
