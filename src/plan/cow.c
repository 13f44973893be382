/* SPDX-License-Identifier: MIT */
/*
 * Which overlay a copy-on-write tree gets. The kernel's is the faster one, but it cannot
 *
 *	- show files as another user's (Identity=separate; a tree of the host's root for a program
 *	  that is root inside)
 *	- have mounts below its lower layer: in a user namespace they are locked in their places, and
 *	  an overlay would show what is under them (clone_private_mount() in fs/namespace.c)
 *	- have its upper layer on some file systems (NFS, FUSE, another overlay; tmpfs before Linux
 *	  6.6), or its lower one on those that compare names in their own way (vfat)
 *
 * fuse-overlayfs can do these.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/plan.h"

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (str_eq(*list, word))
			return true;
	}
	return false;
}

/* What has no files of anybody: left out of a copy. */
static bool is_kernels_file_system(const char *type)
{
	static const char *const types[] = {
		"proc",	      "sysfs",	     "devtmpfs",   "devpts",	  "cgroup",   "cgroup2",
		"securityfs", "debugfs",     "tracefs",	   "bpf",	  "pstore",   "mqueue",
		"configfs",   "fusectl",     "autofs",	   "hugetlbfs",	  "efivarfs", "selinuxfs",
		"nsfs",	      "binfmt_misc", "rpc_pipefs", "fuse.portal", NULL};

	return is_one_of(type, types);
}

/* overlayfs refuses directories whose names the file system hashes or compares itself
 * (ovl_dentry_weird() in fs/overlayfs/util.c). */
static bool compares_names(const char *type)
{
	static const char *const types[] = {"vfat", "msdos", "exfat", "ntfs3",	 "hfs", "hfsplus",
					    "cifs", "smb3",  "ntfs",  "fuseblk", NULL};

	return is_one_of(type, types);
}

static const char *type_at(const struct host *h, const char *path)
{
	const char *type = "";
	size_t longest = 0;

	for (size_t i = 0; i < h->mounts.n; i++) {
		const struct host_mount *m = &h->mounts.v[i];
		size_t n = strlen(m->place);

		if (n >= longest && path_within(path, m->place)) {
			type = m->type;
			longest = n;
		}
	}
	return type;
}

static bool is_below(const char *path, const char *dir)
{
	return path_within(path, dir) && !str_eq(path, dir);
}

static const struct host_mount *mount_below(const struct host *h, const char *dir)
{
	for (size_t i = 0; i < h->mounts.n; i++) {
		if (is_below(h->mounts.v[i].place, dir))
			return &h->mounts.v[i];
	}
	return NULL;
}

static bool is_owner(const struct plan_inputs *in, const char *path)
{
	for (size_t i = 0; i < in->uses->n; i++) {
		const struct host_path *source = &in->uses->v[i].source;

		if (source->real && str_eq(source->real, path))
			return source->owner == in->host->uid;
	}
	return true;
}

/* To a file of an id that is not mapped fuse-overlayfs gives this owner when it copies it. */
enum { OVERFLOW_ID = 65534 };

static bool in_maps(const struct id_map *maps, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (id >= maps[i].inside && id - maps[i].inside < maps[i].count)
			return true;
	}
	return false;
}

static bool has_id(const struct plan_identity *id, uint32_t number)
{
	return in_maps(id->uids, id->n_uids, number) && in_maps(id->gids, id->n_gids, number);
}

/* Why the kernel's overlay will not do; NULL: it will. */
static const char *unfit(const struct plan_inputs *in, struct plan *p, struct plan_cow *cow)
{
	const struct host *h = in->host;
	const struct host_mount *below = mount_below(h, cow->path);

	if (p->identity.kind == IDENTITY_SEPARATE) {
		cow->squash = SQUASH_PROGRAM;
		return "the program is another user than the owner of the files";
	}
	if (p->identity.kind == IDENTITY_ROOT && !is_owner(in, cow->path)) {
		cow->squash = has_id(&p->identity, OVERFLOW_ID) ? SQUASH_OTHERS : SQUASH_ROOT;
		return "the tree is not yours, but is to be root's inside";
	}
	if (below)
		return pool_printf(p->pool, "%s is mounted below it",
				   str_safe(p->pool, below->place));
	if (h->state_type)
		return pool_printf(p->pool, "%s, where the layer would lie, is on %s",
				   str_safe(p->pool, p->state_home), h->state_type);
	if (compares_names(type_at(h, cow->path)))
		return pool_printf(p->pool, "it is on %s", type_at(h, cow->path));
	return NULL;
}

static int cow_err(struct plan *p, const struct plan_cow *cow, struct err *e, const char *why)
{
	err_set(e, "%s: %s cannot be copy-on-write: %s", origin_text(p->pool, cow->at),
		str_safe(p->pool, cow->path), why);
	e->located = cow->at.line > 0;
	return -1;
}

static int no_fuse(const struct host *h, struct plan *p, const struct plan_cow *cow, struct err *e)
{
	cow_err(p, cow, e,
		pool_printf(p->pool, "/dev/fuse cannot be opened: %s (%s)", strerror(h->fuse_error),
			    cow->why));
	if (h->fuse_error == EACCES)
		return err_hint(e, "as root: chmod 666 /dev/fuse");
	if (h->confined)
		return err_hint(e, "the sandbox around this one needs --profile nested, or"
				   " --set Filesystem.DeviceAllow=/dev/fuse");
	return err_hint(e, "as root: modprobe fuse; for a container: --device /dev/fuse");
}

static int choose(const struct plan_inputs *in, struct plan *p, struct plan_cow *cow, struct err *e)
{
	enum choice_overlay asked =
		(enum choice_overlay)profile_number(in->profile, KEY_OVERLAY, OVERLAY_AUTO);
	const struct host *h = in->host;

	cow->why = unfit(in, p, cow);
	cow->fuse = asked == OVERLAY_FUSE || (cow->why && asked == OVERLAY_AUTO);
	if (cow->why && !cow->fuse) {
		cow_err(p, cow, e, pool_printf(p->pool, "Overlay=kernel: %s", cow->why));
		return err_hint(e, "Overlay=auto takes fuse-overlayfs");
	}
	if (!cow->fuse)
		return 0;
	if (!cow->why)
		cow->why = "Overlay=fuse";
	if (!h->fuse_overlayfs) {
		cow_err(p, cow, e,
			pool_printf(p->pool, "fuse-overlayfs is not installed (%s)", cow->why));
		return err_hint(e, "apt-get install fuse-overlayfs");
	}
	return h->fuse_error ? no_fuse(h, p, cow, e) : 0;
}

static void add_cover(struct plan *p, struct plan_cow *cow, const char *path)
{
	for (size_t i = 0; i < cow->covers.n; i++) {
		if (path_within(path, cow->covers.v[i]))
			return;
	}
	*vec_add(p->pool, &cow->covers) = path;
}

/*
 * What the program cannot see, fuse-overlayfs does not see either: should a mount that hides it be
 * lost, there is nothing behind it. Shorter paths come first, so that one cover does for a tree.
 */
static void cover(const struct plan_inputs *in, struct plan *p, struct plan_cow *cow)
{
	const struct host *h = in->host;

	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		if (p->root == ROOT_HOST && !mount_shows(m->kind) && is_below(m->place, cow->path))
			add_cover(p, cow, m->place);
	}
	for (size_t i = 0; i < h->mounts.n; i++) {
		const struct host_mount *m = &h->mounts.v[i];
		const struct plan_mount *over = plan_mount_over(p, m->place);

		if (!is_below(m->place, cow->path) || !is_kernels_file_system(m->type))
			continue;
		if (over ? over->kind == MOUNT_COW : p->root_cow)
			*vec_add(p->pool, &p->notes) = pool_printf(
				p->pool, "%s (%s) is not part of the copy of %s",
				str_safe(p->pool, m->place), m->type, str_safe(p->pool, cow->path));
		add_cover(p, cow, m->place);
	}
}

/* Where the tree is in view; what another mount hides needs none. */
static void stand_in(const struct plan_inputs *in, struct plan *p, size_t index)
{
	const host_standin_vec *all = &in->host->standins;
	struct plan_cow *cow = &p->cows.v[index];

	for (size_t i = 0; i < all->n; i++) {
		const struct plan_mount *over = plan_mount_over(p, all->v[i].path);
		bool here = over ? over->kind == MOUNT_COW && over->cow == index
				 : p->root_cow && index == 0;

		if (here && is_below(all->v[i].path, cow->path))
			*vec_add(p->pool, &cow->standins) = all->v[i];
	}
}

/* What is above them is hidden (rules.c). Who opens a layer itself sees what other programs wrote, and
 * can write what no commit has looked at. */
static int refuse_layers(const struct plan_inputs *in, const struct plan *p, struct err *e)
{
	const char *state = in->host->state.real ? in->host->state.real : p->state_home;

	for (size_t i = 0; state && i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		if ((m->kind != MOUNT_BIND && m->kind != MOUNT_COW) || !m->at.file ||
		    !path_within(m->source, state))
			continue;
		err_set(e, "%s: %s=%s: the layers of sandboxes lie there",
			origin_text(p->pool, m->at), m->reason, str_safe(p->pool, m->source));
		e->located = m->at.line > 0;
		return err_hint(e, "`sandbox changes NAME` shows what is in one");
	}
	return 0;
}

int plan_cows(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	if (refuse_layers(in, p, e))
		return -1;
	for (size_t i = 0; i < p->mounts.n; i++) {
		struct plan_mount *m = &p->mounts.v[i];

		if (m->kind != MOUNT_COW)
			continue;
		m->cow = p->cows.n;
		*vec_add(p->pool, &p->cows) =
			(struct plan_cow){.path = m->source, .at = m->at, .no_exec = m->no_exec};
	}
	if (plan_uses_store(p) && !p->state_home)
		return err_set(e, "there is no home directory to keep changes in"),
		       err_hint(e, "set HOME or XDG_STATE_HOME; or see the tree with --ro");
	for (size_t i = 0; i < p->cows.n; i++) {
		struct plan_cow *cow = &p->cows.v[i];

		if (choose(in, p, cow, e))
			return -1;
		if (cow->fuse)
			cover(in, p, cow);
		if (cow->squash == SQUASH_ROOT || cow->squash == SQUASH_OTHERS)
			stand_in(in, p, i);
	}
	p->fuse_overlayfs = in->host->fuse_overlayfs;
	return 0;
}

bool plan_uses_fuse(const struct plan *p)
{
	for (size_t i = 0; i < p->cows.n; i++) {
		if (p->cows.v[i].fuse)
			return true;
	}
	return false;
}
