/* SPDX-License-Identifier: MIT */
/* What the kernel shows: /proc, /dev, the host name. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "inside/inside.h"

#define ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Something of /proc becomes read-only, or is covered by nothing. What a kernel does not have is no
 * loss. */
static int mask(struct inside *in, int proc, const char *name, bool cover, struct err *e)
{
	const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW;
	_cleanup_fd_ int mount = -1;
	struct stat st;

	if (cover && fstatat(proc, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_errno(e, "/proc/%s", name);
	if (cover)
		mount = open_tree(in->nothing, S_ISDIR(st.st_mode) ? "void" : "file", flags);
	else
		mount = open_tree(proc, name, flags);
	if (mount < 0)
		return errno == ENOENT && !cover ? 0 : err_errno(e, "/proc/%s", name);
	if (!cover && inside_set_attributes(mount, "", ATTRIBUTES | MOUNT_ATTR_RDONLY, false, e))
		return -1;
	return inside_attach(mount, proc, name, e);
}

/* No user namespaces below ours: a second wall behind the filter. Before /proc/sys becomes
 * read-only. */
static int forbid_nesting(int proc, struct err *e)
{
	static const char path[] = "sys/user/max_user_namespaces";

	return fd_write_path(proc, path, "0", 1) ? err_errno(e, "/proc/%s", path) : 0;
}

/*
 * What changes the host, or tells of it, in /proc. Most of it belongs to the host's root, so to
 * everybody else it is closed already, and each mount costs 10 us: for a normal caller only what is
 * left. /proc/keys names keys of the caller's other sessions; /proc/sys is a second wall (a program
 * that is root of its network namespace owns a part).
 */
static const struct {
	const char *name;
	bool cover;   /* else read-only */
	bool of_root; /* open to the host's root only */
} masks[] = {{"sys", false, false},	 {"keys", true, false},
	     {"pressure", false, false}, {"sysrq-trigger", false, true},
	     {"irq", false, true},	 {"bus", false, true},
	     {"fs", false, true},	 {"kcore", true, true},
	     {"kmsg", true, true},	 {"key-users", true, true},
	     {"timer_list", true, true}, {"sched_debug", true, true},
	     {"acpi", true, true},	 {"scsi", true, true},
	     {"asound", true, true}};

static int fill_proc(struct inside *in, int proc, struct err *e)
{
	enum plan_masks wanted = in->plan->mask_proc;

	if (in->plan->restrict_namespaces && forbid_nesting(proc, e))
		return -1;
	for (size_t i = 0; wanted != MASK_NOTHING && i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (masks[i].of_root && wanted != MASK_FOR_ROOT)
			continue;
		if (mask(in, proc, masks[i].name, masks[i].cover, e))
			return -1;
	}
	return 0;
}

int inside_mount_proc(struct inside *in, int dir, const char *name, struct err *e)
{
	_cleanup_fd_ int proc = inside_new_filesystem("proc", NULL, ATTRIBUTES, e);

	if (proc < 0) {
		if (e->error == EPERM)
			err_hint(
				e,
				"the /proc here is itself masked (a container?); a new one can only be "
				"mounted where all of it is visible");
		return -1;
	}
	if (inside_attach(proc, dir, name, e) || fill_proc(in, proc, e))
		return -1;
	return fd_take(&proc);
}

/* Device nodes: the major and minor numbers are checked, because a host path can be anything. */
static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},	  {"full", 1, 7},
	     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
enum { NODES = sizeof(nodes) / sizeof(nodes[0]) };

/* A node of the usual ones: what was cloned is checked, whatever the path led to. */
static int open_node(size_t i, struct err *e)
{
	char path[32];
	struct stat st;
	int mount;

	snprintf(path, sizeof(path), "/dev/%s", nodes[i].name);
	mount = open_tree(AT_FDCWD, path,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (mount < 0 || fstat(mount, &st)) {
		err_errno(e, "%s", path);
		return err_hint(e, "%s",
				"`sandbox doctor` names what keeps you from using user namespaces");
	}
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(nodes[i].major, nodes[i].minor))
		return err_set(e, "%s: not the device it should be (%u:%u)", path, nodes[i].major,
			       nodes[i].minor);
	return mount;
}

static int open_named_device(const struct plan_mount *m, struct err *e)
{
	_cleanup_fd_ int fd = fd_openat2(AT_FDCWD, m->source, O_PATH, 0, RESOLVE_NO_SYMLINKS);
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
			 (m->directory ? AT_RECURSIVE : 0);
	struct stat st;
	int mount;

	if (fd < 0 || fstat(fd, &st))
		return err_errno(e, "%s", m->source);
	if (!m->directory && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, "%s: not a device any more", m->source);
	mount = open_tree(fd, "", flags);
	if (mount < 0)
		return err_errno(e, "%s: open_tree", m->source);
	if (inside_set_attributes(mount, "", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, m->directory,
				  e)) {
		close(mount);
		return -1;
	}
	return mount;
}

int inside_open_devices(struct inside *in, struct err *e)
{
	size_t n = in->plan->devices.n;

	in->devices = pool_alloc(&in->pool, (NODES + n) * sizeof(*in->devices));
	for (size_t i = 0; i < NODES + n; i++) {
		in->devices[i] = i < NODES ? open_node(i, e)
					   : open_named_device(&in->plan->devices.v[i - NODES], e);
		if (in->devices[i] < 0)
			return -1;
	}
	return 0;
}

static int add_node(int dev, const char *name, bool directory, int mount, struct err *e)
{
	int rc = directory ? mkdirat(dev, name, 0755) : mknodat(dev, name, S_IFREG | 0444, 0);

	if (rc && errno != EEXIST)
		return err_errno(e, "/dev/%s", name);
	return inside_attach(mount, dev, name, e);
}

static int add_named_devices(struct inside *in, int dev, struct err *e)
{
	for (size_t i = 0; i < in->plan->devices.n; i++) {
		const struct plan_mount *m = &in->plan->devices.v[i];
		char *name = pool_strdup(&in->pool, m->place + strlen("/dev/"));

		for (char *c = strchr(name, '/'); c; c = strchr(c + 1, '/')) {
			*c = '\0';
			if (mkdirat(dev, name, 0755) && errno != EEXIST)
				return err_errno(e, "/dev/%s", name);
			*c = '/';
		}
		if (add_node(dev, name, m->directory, in->devices[NODES + i], e))
			return -1;
	}
	return 0;
}

int inside_fill_dev(struct inside *in, int dev, struct err *e)
{
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},
					       {"/proc/self/fd/0", "stdin"},
					       {"/proc/self/fd/1", "stdout"},
					       {"/proc/self/fd/2", "stderr"},
					       {"pts/ptmx", "ptmx"}};
	static const char *const of_pts[] = {"mode", "0620", "ptmxmode", "0666", NULL};
	int mount;

	for (size_t i = 0; i < NODES; i++) {
		if (add_node(dev, nodes[i].name, false, in->devices[i], e))
			return -1;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i][0], dev, links[i][1]))
			return err_errno(e, "/dev/%s", links[i][1]);
	}
	mount = inside_new_filesystem("devpts", of_pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
	if (mount < 0 || add_node(dev, "pts", true, mount, e))
		return -1;
	mount = inside_new_filesystem("mqueue", NULL, ATTRIBUTES, e);
	if (mount < 0 || add_node(dev, "mqueue", true, mount, e))
		return -1;
	mount = inside_new_directory(in, "shm", 01777, e);
	if (mount < 0 || add_node(dev, "shm", true, mount, e))
		return -1;
	return add_named_devices(in, dev, e);
}

int inside_set_hostname(void *context, struct err *e)
{
	const char *name = ((const struct inside *)context)->plan->hostname;

	return sethostname(name, strlen(name)) ? err_errno(e, "sethostname %s", name) : 0;
}
