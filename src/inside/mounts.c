/* SPDX-License-Identifier: MIT */
/*
 * The mounts of the plan, by descriptors only.
 *
 * Everything that is empty comes from one tmpfs, `scratch`: each temporary directory is a mount of
 * its own on a directory of it. One super block instead of a dozen, and one limit for all of them
 * together (half of the memory, as tmpfs(5) has it). It is attached below the old /proc, where the
 * sandbox's own /proc covers it: before Linux 6.15 only an attached mount can be cloned.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "inside/inside.h"

#define ALWAYS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define CLOSED (ALWAYS | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY)

static int place_err(const struct plan_mount *m, struct err *e)
{
	err_errno(e, "%s (%s)", m->place, m->reason);
	return e->error != ENOENT
		       ? -1
		       : err_hint(e, "a mount point must exist, or lie in /tmp, /run or a --tmpfs");
}

int inside_attach(int mount, int place, const char *name, struct err *e)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	return move_mount(mount, "", place, name, flags) ? err_errno(e, "move_mount %s", name) : 0;
}

int inside_set_attributes(int mount, const char *name, uint64_t attributes, bool below,
			  struct err *e)
{
	struct mount_attr attr = {.attr_set = attributes};
	unsigned flags = (*name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) | (below ? AT_RECURSIVE : 0);

	return mount_setattr(mount, name, flags, &attr, sizeof(attr))
		       ? err_errno(e, "mount_setattr %s", name)
		       : 0;
}

int inside_new_filesystem(const char *type, const char *const *options, uint64_t attributes,
			  struct err *e)
{
	_cleanup_fd_ int fs = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (fs < 0)
		return err_errno(e, "fsopen %s", type);
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", type, 0))
		return err_errno(e, "%s: its name", type);
	for (; options && *options; options += 2) {
		bool is_flag = !options[1];

		if (fsconfig(fs, is_flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, options[0],
			     options[1], 0))
			return err_errno(e, "%s: option %s%s%s", type, options[0],
					 is_flag ? "" : "=", is_flag ? "" : options[1]);
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return err_errno(e, "cannot make a file system of type %s", type);
	mount = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
	return mount < 0 ? err_errno(e, "fsmount %s", type) : mount;
}

static int clone_mount(int dir, const char *name, unsigned flags)
{
	return open_tree(dir, name,
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | flags);
}

int inside_new_directory(struct inside *in, const char *name, unsigned mode, struct err *e)
{
	int mount;

	if (mkdirat(in->scratch, name, mode))
		return err_errno(e, "cannot make a directory in memory");
	mount = clone_mount(in->scratch, name, 0);
	return mount < 0 ? err_errno(e, "open_tree") : mount;
}

/* The host's tree is ours to read by name only here, before anything covers it. */
static int open_source(const struct plan_mount *m, struct err *e)
{
	uint64_t attributes = MOUNT_ATTR_NOSUID | (m->device ? 0 : MOUNT_ATTR_NODEV) |
			      (m->read_only ? MOUNT_ATTR_RDONLY : 0) |
			      (m->no_exec ? MOUNT_ATTR_NOEXEC : 0);
	_cleanup_fd_ int path = fd_openat2(AT_FDCWD, m->source, O_PATH, 0, RESOLVE_NO_SYMLINKS);
	int mount;

	if (path < 0 && errno == ENOENT && m->optional)
		return -2;
	if (path < 0)
		return err_errno(e, "%s (%s)", m->source, m->reason);
	mount = clone_mount(path, "", AT_EMPTY_PATH | (m->directory ? AT_RECURSIVE : 0));
	if (mount < 0)
		return err_errno(e, "%s (%s): open_tree", m->source, m->reason);
	if (inside_set_attributes(mount, "", attributes, m->directory, e)) {
		close(mount);
		return -1;
	}
	return mount;
}

/*
 * The descriptors of mounts stay open until the program has been exec'd (closing one takes the
 * kernel's mount lock, and nobody waits for PID 1 then), so a long profile needs more of them than
 * the soft limit allows. The program gets the old limit back.
 */
static int raise_limit(struct inside *in, struct err *e)
{
	uint64_t need = 2 * in->plan->mounts.n + 64;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_errno(e, "RLIMIT_NOFILE");
	/* Descriptors that the launcher inherited are still open here, and the lowest free one may
	 * be high. */
	if ((uint64_t)in->channel + need < limit.rlim_cur)
		return 0;
	in->files_limit = limit.rlim_cur;
	in->files_limit_max = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) ? err_errno(e, "RLIMIT_NOFILE") : 0;
}

static int make_scratch(struct inside *in, struct err *e)
{
	static const char *const options[] = {"mode", "0700", NULL};

	in->scratch = inside_new_filesystem("tmpfs", options, ALWAYS, e);
	if (in->scratch < 0 || inside_attach(in->scratch, AT_FDCWD, "/proc", e))
		return -1;
	if (mkdirat(in->scratch, "nothing", 0700) || mkdirat(in->scratch, "nothing/void", 0555) ||
	    mknodat(in->scratch, "nothing/file", S_IFREG | 0444, 0))
		return err_errno(e, "tmpfs");
	/* Attached and read-only itself, so that a clone of it needs no attributes set. */
	in->nothing = clone_mount(in->scratch, "nothing", 0);
	if (in->nothing < 0)
		return err_errno(e, "open_tree");
	if (inside_set_attributes(in->nothing, "", CLOSED, false, e))
		return -1;
	return inside_attach(in->nothing, in->scratch, "nothing", e);
}

int inside_open_sources(void *context, struct err *e)
{
	struct inside *in = context;
	size_t n = in->plan->mounts.n;

	in->sources = pool_alloc(&in->pool, (n + 1) * sizeof(*in->sources));
	in->sealed = pool_alloc(&in->pool, (n + 8) * sizeof(*in->sealed));
	in->mounts = pool_alloc(&in->pool, (n + 1) * sizeof(*in->mounts));
	in->skipped = pool_alloc(&in->pool, n + 1);
	if (raise_limit(in, e) || inside_open_devices(in, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (in->plan->mounts.v[i].kind != MOUNT_BIND)
			continue;
		in->sources[i] = open_source(&in->plan->mounts.v[i], e);
		if (in->sources[i] == -1)
			return -1;
	}
	return 0;
}

static int open_root_path(struct inside *in, struct err *e)
{
	const struct plan *p = in->plan;
	_cleanup_fd_ int path =
		fd_openat2(AT_FDCWD, p->root_path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	int mount;

	if (path < 0)
		return err_errno(e, "Root=%s", p->root_path);
	mount = clone_mount(path, "", AT_EMPTY_PATH | AT_RECURSIVE);
	if (mount < 0)
		return err_errno(e, "Root=%s: open_tree", p->root_path);
	if (inside_set_attributes(mount, "", ALWAYS | MOUNT_ATTR_RDONLY, true, e)) {
		close(mount);
		return -1;
	}
	return mount;
}

/*
 * All that the new mount namespace has becomes private (a mount that the host makes later must not
 * appear) and read-only in one call, whatever is mounted where. A root of another kind is made
 * beside it and entered at the end.
 */
int inside_make_root(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan *p = in->plan;
	bool read_only = !p->root_writable || p->root_cow;
	struct mount_attr attr = {.attr_set = ALWAYS | (read_only ? MOUNT_ATTR_RDONLY : 0),
				  .propagation = MS_PRIVATE};
	int root;

	if (p->root == ROOT_PATH) {
		in->root = open_root_path(in, e);
		if (in->root < 0)
			return -1;
	}
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)))
		return err_errno(e, "mount_setattr /");
	if (make_scratch(in, e))
		return -1;
	if (p->root_cow) {
		in->root = in->cows[0];
	} else if (p->root == ROOT_HOST) {
		in->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return in->root < 0 ? err_errno(e, "/") : 0;
	}
	if (p->root == ROOT_EMPTY) {
		in->root = inside_new_directory(in, "root", 0755, e);
		if (in->root < 0)
			return -1;
		in->sealed[in->n_sealed++] = in->root;
	}
	/* pivot_root(2) wants a mount point that is attached; any place will do. */
	root = mkdirat(in->scratch, "new", 0700);
	return root ? err_errno(e, "tmpfs") : inside_attach(in->root, in->scratch, "new", e);
}

static bool is_ours(const struct plan *p, const struct plan_mount *parent)
{
	if (!parent)
		return p->root == ROOT_EMPTY;
	return parent->kind == MOUNT_TMPFS || parent->kind == MOUNT_SKELETON ||
	       parent->kind == MOUNT_DEV;
}

static const char *below_root(const char *place)
{
	return place[1] ? place + 1 : ".";
}

/* Makes `name` below a directory of ours, with the directories on the way. */
static int make_place(int dir, char *name, bool directory)
{
	for (char *c = strchr(name, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		if (mkdirat(dir, name, 0755) && errno != EEXIST)
			return -1;
		*c = '/';
	}
	if (directory ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0444, 0))
		return errno == EEXIST ? 0 : -1;
	return 0;
}

/*
 * The destination, looked up once: a directory held open, and a name to go on with (empty: the
 * descriptor itself). In a tree of the host a place is never made. RESOLVE_IN_ROOT keeps links and
 * `..` of a foreign root inside it; on the host's own root the plan has real paths, so a link that
 * has appeared since is refused. A name in the root directory needs no lookup of its own:
 * move_mount(2) does not follow a link at the end.
 */
struct place {
	int dir;
	const char *name;
	int opened; /* to be closed, or -1 */
};

static int open_in_ours(struct inside *in, const struct plan_mount *m, ssize_t parent,
			struct place *ret, struct err *e)
{
	size_t skip = parent < 0 ? 0 : strlen(in->plan->mounts.v[parent].place);
	char *name = pool_strdup(&in->pool, m->place + skip + 1);
	bool directory = m->kind == MOUNT_BIND ? m->directory : m->kind != MOUNT_TEXT;

	*ret = (struct place){parent < 0 ? in->root : in->mounts[parent], name, -1};
	return make_place(ret->dir, name, directory) ? place_err(m, e) : 0;
}

/* 0; -2: an optional place that does not exist. */
static int open_place(struct inside *in, size_t i, struct place *ret, struct err *e)
{
	const struct plan_mount *m = &in->plan->mounts.v[i];
	ssize_t k = m->parent;
	bool host = in->plan->root == ROOT_HOST;

	if (k >= 0 && in->skipped[k])
		return -2;
	if (is_ours(in->plan, k < 0 ? NULL : &in->plan->mounts.v[k]))
		return open_in_ours(in, m, k, ret, e);
	*ret = (struct place){in->root, below_root(m->place), -1};
	if (host && !strchr(ret->name, '/') && !m->optional)
		return 0;
	/*
	 * A foreign root has no say in where the kernel's own file systems go (CVE-2019-19921), or what
	 * is hidden; inside it only a bind follows its links.
	 */
	host |= (!m->at.file && m->kind != MOUNT_TEXT) || m->kind == MOUNT_TMPFS ||
		m->kind == MOUNT_EMPTY;
	ret->opened = fd_openat2(in->root, ret->name, O_PATH, 0,
				 RESOLVE_IN_ROOT | (host ? RESOLVE_NO_SYMLINKS : 0));
	if (ret->opened < 0 && m->optional && errno == ENOENT)
		return -2;
	ret->dir = ret->opened;
	ret->name = "";
	return ret->opened < 0 ? place_err(m, e) : 0;
}

static const char *scratch_name(struct inside *in, char *buffer, size_t n)
{
	snprintf(buffer, n, "m%u", in->made++);
	return buffer;
}

static bool is_for_all(const char *place)
{
	const char *name = path_name(place);

	return str_eq(name, "tmp") || str_eq(name, "shm");
}

static int new_tmpfs(struct inside *in, const struct plan_mount *m, struct err *e)
{
	unsigned mode = is_for_all(m->place) ? 01777 : 0755;
	char name[16], size[24], text[8];
	const char *options[] = {"size", size, "mode", text, NULL};
	int mount;

	snprintf(size, sizeof(size), "%lld", (long long)m->size);
	snprintf(text, sizeof(text), "%o", mode);
	mount = m->size ? inside_new_filesystem("tmpfs", options, ALWAYS, e)
			: inside_new_directory(in, scratch_name(in, name, sizeof(name)), mode, e);
	if (mount >= 0 && in->plan->identity.switch_ids &&
	    fchownat(mount, "", in->plan->identity.uid, in->plan->identity.gid, AT_EMPTY_PATH)) {
		close(mount);
		return place_err(m, e);
	}
	return mount;
}

static int new_text(struct inside *in, const char *text, struct err *e)
{
	char name[16];
	_cleanup_fd_ int fd = -1;
	size_t n = strlen(text);

	scratch_name(in, name, sizeof(name));
	fd = openat(in->scratch, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		return err_errno(e, "tmpfs");
	return clone_mount(in->scratch, name, 0);
}

/* What is hidden: nothing, of the same type. */
static int new_void(struct inside *in, const struct place *place, struct err *e)
{
	unsigned flags = *place->name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	struct stat st;

	if (fstatat(place->dir, place->name, &st, (int)flags))
		return err_errno(e, "fstatat");
	return clone_mount(in->nothing, S_ISDIR(st.st_mode) ? "void" : "file", 0);
}

static int new_mount(struct inside *in, size_t i, const struct place *place, struct err *e)
{
	const struct plan_mount *m = &in->plan->mounts.v[i];
	char name[16];

	switch (m->kind) {
	case MOUNT_BIND:
		return in->sources[i];
	case MOUNT_COW:
		return in->cows[m->cow];
	case MOUNT_TMPFS:
		return new_tmpfs(in, m, e);
	case MOUNT_EMPTY:
		return new_void(in, place, e);
	case MOUNT_TEXT:
		return new_text(in, m->source, e);
	case MOUNT_SKELETON:
	case MOUNT_DEV:
		return inside_new_directory(in, scratch_name(in, name, sizeof(name)), 0755, e);
	case MOUNT_PROC:
		break;
	}
	return -1;
}

static int attach_one(struct inside *in, size_t i, const struct place *place, struct err *e)
{
	const struct plan_mount *m = &in->plan->mounts.v[i];
	int mount;

	if (m->kind == MOUNT_PROC) {
		in->mounts[i] = inside_mount_proc(in, place->dir, place->name, e);
		return in->mounts[i] < 0 ? -1 : 0;
	}
	e->text[0] = '\0';
	mount = new_mount(in, i, place, e);
	if (mount < 0)
		return e->text[0] ? -1 : place_err(m, e);
	in->mounts[i] = mount;
	if (m->kind == MOUNT_TMPFS && m->no_exec &&
	    inside_set_attributes(mount, "", MOUNT_ATTR_NOEXEC, false, e))
		return -1;
	if (m->kind == MOUNT_TEXT && inside_set_attributes(mount, "", CLOSED, false, e))
		return -1;
	if (inside_attach(mount, place->dir, place->name, e))
		return place_err(m, e);
	if (m->kind == MOUNT_DEV && inside_fill_dev(in, mount, e))
		return -1;
	if (m->kind == MOUNT_SKELETON || m->kind == MOUNT_DEV)
		in->sealed[in->n_sealed++] = mount;
	return 0;
}

int inside_mount_all(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan *p = in->plan;

	for (size_t i = 0; i < p->mounts.n; i++) {
		struct place place = {-1, "", -1};
		int rc;

		in->skipped[i] = p->mounts.v[i].kind == MOUNT_BIND && in->sources[i] == -2;
		if (in->skipped[i])
			continue;
		rc = open_place(in, i, &place, e);
		in->skipped[i] = rc == -2;
		if (rc == 0)
			rc = attach_one(in, i, &place, e);
		fd_closep(&place.opened);
		if (rc == -1)
			return -1;
	}
	return 0;
}

int inside_seal(void *context, struct err *e)
{
	struct inside *in = context;

	for (size_t i = 0; i < in->n_sealed; i++) {
		if (inside_set_attributes(in->sealed[i], "", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC,
					  false, e))
			return -1;
	}
	return 0;
}

/* pivot_root(".", "."), as in pivot_root(2): the old root is then on top of the new one, and goes.
 */
int inside_enter_root(void *context, struct err *e)
{
	struct inside *in = context;

	if (fchdir(in->root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		return err_errno(e, "pivot_root");
	return 0;
}
