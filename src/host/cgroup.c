/* SPDX-License-Identifier: MIT */
/*
 * Where the caller is in the cgroup v2 hierarchy, and what it may do there: facts for the plan.
 *
 * A directory is a subtree of ours when we may write to it and it has been delegated. To be allowed to
 * write is not enough below systemd: the user's manager owns all of its own tree, and takes controllers
 * away again from groups that it does not know (systemd.io/CGROUP_DELEGATION, "single writer").
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "host/host.h"

#ifndef HELPER_DIR
#error "HELPER_DIR, where our helper programs are installed, comes from the Makefile"
#endif

#define CGROUP_DIR "/sys/fs/cgroup"
enum { SMALL_FILE = 64 * 1024 };

const char *const host_controllers[CONTROLLERS] = {"cpu", "cpuset", "io", "memory", "pids"};

const char *host_controller_names(struct pool *p, uint32_t set)
{
	const char *text = "";

	for (size_t i = 0; i < CONTROLLERS; i++) {
		if (set & 1u << i)
			text = pool_printf(p, "%s%s%s", text, *text ? " " : "",
					   host_controllers[i]);
	}
	return text;
}

static bool is_of_type(const char *path, long magic)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == magic;
}

static void find_hierarchy(struct host_cgroup *c)
{
	c->kind = CGROUP_ABSENT;
	if (is_of_type(CGROUP_DIR, CGROUP2_SUPER_MAGIC)) {
		c->kind = CGROUP_V2;
		c->mount = CGROUP_DIR;
	} else if (is_of_type(CGROUP_DIR "/unified", CGROUP2_SUPER_MAGIC)) {
		c->kind = CGROUP_HYBRID;
		c->mount = CGROUP_DIR "/unified";
	} else if (is_of_type(CGROUP_DIR, TMPFS_MAGIC)) {
		c->kind = CGROUP_V1;
	}
}

/* The line of version 2 is `0::PATH`; one that lies outside of our cgroup namespace begins with /.. */
const char *host_own_cgroup(struct pool *pool, const char *mount)
{
	char *text, *line, *save = NULL;

	if (fd_read_path(pool, "/proc/self/cgroup", SMALL_FILE, &text) < 0)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = str_after(line, "0::/");

		if (path && !str_begins(path, ".."))
			return *path ? path_join(pool, mount, path) : mount;
	}
	return NULL;
}

static uint32_t controllers_in(struct pool *p, const char *dir, const char *file)
{
	str_vec words = {0};
	uint32_t set = 0;
	char *text;

	if (fd_read_path(p, path_join(p, dir, file), SMALL_FILE, &text) < 0 ||
	    str_words(p, text, &words))
		return 0;
	for (size_t i = 0; i < words.n; i++) {
		for (size_t k = 0; k < CONTROLLERS; k++) {
			if (str_eq(words.v[i], host_controllers[k]))
				set |= 1u << k;
		}
	}
	return set;
}

static bool may_divide(struct pool *p, const char *dir)
{
	static const char *const files[] = {"cgroup.procs", "cgroup.subtree_control"};

	if (faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS))
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (faccessat(AT_FDCWD, path_join(p, dir, files[i]), W_OK, AT_EACCESS))
			return false;
	}
	return true;
}

/* systemd writes down what it was asked for when it makes a unit that has no file. */
static bool is_delegated_unit(struct host *h, const char *dir)
{
	const char *unit = path_join(h->pool,
				     path_join(h->pool, h->cgroup.runtime_dir, "systemd/transient"),
				     path_name(dir));
	char *text, *line, *save = NULL;
	bool delegated = false;

	if (fd_read_path(h->pool, unit, SMALL_FILE, &text) < 0)
		return false;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *value = str_after(line, "Delegate=");

		if (value)
			delegated = *value && !str_eq(value, "no");
	}
	return delegated;
}

/*
 * The system's systemd marks what it delegates with an attribute, and so does sandbox-delegate; the
 * user's does not mark its units (cgroup_xattr_apply() in systemd's src/core/cgroup.c). Where there is
 * no systemd, a directory that is ours was given to us.
 */
static bool is_delegated(struct host *h, const char *dir)
{
	char mark[2] = "";

	if (getxattr(dir, "user.delegate", mark, 1) == 1)
		return *mark == '1';
	if (!h->cgroup.systemd)
		return true;
	return h->cgroup.runtime_dir && is_delegated_unit(h, dir);
}

static void find_subtree(struct host *h)
{
	struct host_cgroup *c = &h->cgroup;
	const char *dir = c->own;

	c->has_callers = true;
	if (str_eq(path_name(dir), CGROUP_CALLERS)) {
		dir = pool_strndup(h->pool, dir, strlen(dir) - strlen("/" CGROUP_CALLERS));
		c->has_callers = false;
	}
	if (!may_divide(h->pool, dir) || !is_delegated(h, dir))
		return;
	c->subtree = dir;
	c->there = controllers_in(h->pool, dir, "cgroup.controllers");
	c->enabled = controllers_in(h->pool, dir, "cgroup.subtree_control");
}

static const char *find_helper(struct host *h, const char *name)
{
	const char *const dirs[] = {host_beside_program(h->pool, "helpers"), HELPER_DIR};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		const char *path = dirs[i] ? path_join(h->pool, dirs[i], name) : NULL;

		if (path && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static void find_manager(struct host *h)
{
	struct host_cgroup *c = &h->cgroup;
	const char *dir = host_getenv(h, "XDG_RUNTIME_DIR");

	if (!dir || *dir != '/')
		dir = pool_printf(h->pool, "/run/user/%u", (unsigned)h->uid);
	if (access(path_join(h->pool, dir, "systemd/private"), W_OK))
		return;
	c->runtime_dir = dir;
	c->of_manager =
		controllers_in(h->pool,
			       pool_printf(h->pool, "%s/user.slice/user-%u.slice/user@%u.service",
					   c->mount, (unsigned)h->uid, (unsigned)h->uid),
			       "cgroup.controllers");
}

void host_machine_probe(struct host *h)
{
	struct sysinfo machine;
	char *cpus;

	if (sysinfo(&machine) == 0)
		h->memory = (uint64_t)machine.totalram * machine.mem_unit;
	if (fd_read_path(h->pool, "/sys/devices/system/cpu/online", SMALL_FILE, &cpus) > 0)
		h->cpus = pool_strndup(h->pool, cpus, strcspn(cpus, "\n"));
}

void host_cgroup_probe(struct host *h, bool without_controllers)
{
	struct host_cgroup *c = &h->cgroup;

	find_hierarchy(c);
	c->systemd = access("/run/systemd/system", F_OK) == 0;
	if (c->kind != CGROUP_V2 && !without_controllers)
		return;
	c->own = c->mount ? host_own_cgroup(h->pool, c->mount) : NULL;
	if (!c->own)
		return;
	find_manager(h);
	find_subtree(h);
	if (c->runtime_dir) /* it may have controllers that a group of ours lacks */
		c->scope_helper = find_helper(h, "sandbox-scope");
}

/* kernel-parameters.txt, "cgroup_no_v1"; sandbox-delegate says the same. */
const char *host_cgroup_cure(const struct host_cgroup *c)
{
	if (c->kind == CGROUP_ABSENT)
		return "mount -t cgroup2 cgroup2 /sys/fs/cgroup";
	return c->systemd ? "boot with systemd.unified_cgroup_hierarchy=1"
			  : "boot with cgroup_no_v1=all, and mount cgroup2 on /sys/fs/cgroup;"
			    " OpenRC: rc_cgroup_mode=\"unified\" in /etc/rc.conf";
}

/* io.max wants the disk, not a partition of it (blkcg_conf_open_bdev() in block/blk-cgroup.c). */
static const char *whole_disk(struct pool *p, dev_t dev)
{
	const char *dir = pool_printf(p, "/sys/dev/block/%u:%u", major(dev), minor(dev));
	char *text;

	if (access(dir, F_OK))
		return NULL;
	if (access(path_join(p, dir, "partition"), F_OK))
		return pool_printf(p, "%u:%u", major(dev), minor(dev));
	if (fd_read_path(p, path_join(p, dir, "../dev"), SMALL_FILE, &text) < 0)
		return NULL;
	return pool_strndup(p, text, strcspn(text, "\n"));
}

/*
 * Files on btrfs have a device number of their subvolume, which is nobody's; the table of mounts tells the
 * disk (the first one, if there are several).
 */
static const char *disk_of_mount(struct pool *p, const char *path)
{
	char *text, *line, *save = NULL;
	struct statx file;
	struct stat st;

	if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &file) || !(file.stx_mask & STATX_MNT_ID) ||
	    fd_read_path(p, "/proc/self/mountinfo", 16 * 1024 * 1024, &text) < 0)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char source[4096];
		const char *rest = strstr(line, " - ");

		if (strtoull(line, NULL, 10) == file.stx_mnt_id && rest &&
		    sscanf(rest, " - %*s %4095s", source) == 1 && *source == '/' &&
		    stat(source, &st) == 0 && S_ISBLK(st.st_mode))
			return whole_disk(p, st.st_rdev);
	}
	return NULL;
}

void host_disk_probe(struct host *h, const char *path)
{
	struct host_disk *d = vec_add(h->pool, &h->disks);
	struct stat st;

	*d = (struct host_disk){.path = path};
	if (stat(path, &st))
		d->error = errno;
	else if (S_ISBLK(st.st_mode))
		d->device = whole_disk(h->pool, st.st_rdev);
	else
		d->device = major(st.st_dev) ? whole_disk(h->pool, st.st_dev)
					     : disk_of_mount(h->pool, path);
}
