/* SPDX-License-Identifier: MIT */
/*
 * Mounts that no line of a profile names: what has to be closed in a tree that is in view, and what
 * has to be there in one that is not. Each is a rule about paths of the host, applied at every
 * place where the host's path is seen.
 */
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/plan.h"

/* Called for each place at which a path of the host can be seen. `over` is NULL for the root. */
typedef void seen_at(struct plan *p, const char *place, const struct plan_mount *over,
		     const void *context);

static void each_place(struct plan *p, const char *path, seen_at *call, const void *context)
{
	size_t n = p->mounts.n;

	if (p->root != ROOT_EMPTY && !plan_mount_over(p, path)) {
		if (p->root == ROOT_HOST)
			call(p, path, NULL, context);
		else if (path_within(path, p->root_path))
			call(p, path_join(p->pool, "/", path + strlen(p->root_path)), NULL,
			     context);
	}
	for (size_t i = 0; i < n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];
		const char *place;

		if ((m->kind != MOUNT_BIND && m->kind != MOUNT_COW) ||
		    !path_within(path, m->source) || m->pin)
			continue;
		place = path_join(p->pool, m->place,
				  pool_printf(p->pool, "./%s", path + strlen(m->source)));
		if (plan_mount_over(p, place) == m)
			call(p, place, m, context);
	}
}

static struct plan_mount *add_rule(struct plan *p, enum mount_kind kind, const char *place,
				   const char *reason)
{
	struct plan_mount *m = vec_add(p->pool, &p->mounts);

	*m = (struct plan_mount){.kind = kind, .place = place, .reason = reason};
	return m;
}

static bool is_cow(const struct plan *p, const struct plan_mount *over)
{
	return over ? over->kind == MOUNT_COW : p->root_cow;
}

/* The host's own files can be changed there. */
static bool writable(const struct plan *p, const struct plan_mount *over)
{
	return !is_cow(p, over) && (over ? !over->read_only : p->root_writable);
}

/* A bind of something onto its own place, with other rights. */
static void add_self(struct plan *p, const char *place, const char *source, bool directory,
		     bool read_only, const char *reason)
{
	struct plan_mount *m = add_rule(p, MOUNT_BIND, place, reason);

	m->source = source;
	m->directory = directory;
	m->read_only = read_only;
	m->pin = true;
}

struct git_rule {
	const struct host_git *git;
	enum choice_git choice;
};

/*
 * .git is mounted on itself so that it cannot be renamed and replaced by one with other hooks;
 * below it, what git reads or runs is read-only. A .git without hooks or config has no place to
 * mount them on, and making them would change the host: all of it is read-only then. So is a .git
 * file, which names the real directory.
 */
static void protect_git(struct plan *p, const char *place, const struct plan_mount *over,
			const void *context)
{
	const struct git_rule *rule = context;
	const struct host_git *git = rule->git;
	uint32_t need = 1u << HOST_GIT_HOOKS | 1u << HOST_GIT_CONFIG;
	bool all = rule->choice == GIT_ALL || !git->is_directory || (git->present & need) != need;

	if (!writable(p, over))
		return;
	/* The repository itself is what a line opens: then that mount is the one. */
	if (over && str_eq(place, over->place))
		p->mounts.v[over - p->mounts.v].read_only |= all;
	else
		add_self(p, place, git->path, git->is_directory, all, "ProtectGit");
	for (unsigned i = 0; !all && i < HOST_GIT_NAMES; i++) {
		const struct host_git_name *name = &host_git_names[i];

		if (git->present & 1u << i)
			add_self(p, path_join(p->pool, place, name->name),
				 path_join(p->pool, git->path, name->name), name->is_directory,
				 !name->is_writable, "ProtectGit");
	}
	if (!all)
		*vec_add(p->pool, &p->git_dirs) = git->path;
	if (all && rule->choice == GIT_YES)
		*vec_add(p->pool, &p->notes) = pool_printf(
			p->pool,
			"%s is read-only as a whole (it is a file, or has no hooks or config)",
			str_safe(p->pool, place));
}

/* Connecting is not writing: a live socket in a read-only tree is open until something stands in
 * front of it. */
static void close_socket(struct plan *p, const char *place, const struct plan_mount *over,
			 const void *context)
{
	(void)context;
	if (over && over->kind == MOUNT_BIND && !over->directory)
		return; /* SocketPaths= */
	/* An overlay has inodes of its own, and unix(7) looks for the one that was bound. */
	if (is_cow(p, over))
		return;
	add_rule(p, MOUNT_EMPTY, place, "live socket of the host");
}

/* A program that could write a profile, or a compiled filter, would choose its own walls the next
 * time. */
static void protect_own(struct plan *p, const char *place, const struct plan_mount *over,
			const void *context)
{
	const struct host_path *own = context;

	if (!writable(p, over))
		return;
	add_self(p, place, own->real, own->kind != PATH_FILE, true, "ours");
	if (own->kind == PATH_MISSING)
		*vec_add(p->pool, &p->own_dirs) = own->real;
}

/* The layers of all sandboxes: what a program changed in another project is none of this one's
 * business, and writing there would get round every check of a commit. */
static void hide_state(struct plan *p, const char *place, const struct plan_mount *over,
		       const void *context)
{
	const struct host_path *state = context;

	(void)over;
	add_rule(p, MOUNT_EMPTY, place, "layers of sandboxes");
	if (state->kind == PATH_MISSING)
		*vec_add(p->pool, &p->own_dirs) = state->real;
}

static void name_files(const struct plan_inputs *in, struct plan *p)
{
	const char *resolv = in->host->resolv_conf;
	const struct plan_mount *over;
	struct plan_mount *m;

	if (p->root == ROOT_EMPTY && p->network != NETWORK_PRIVATE)
		return;
	if (p->network == NETWORK_NONE) {
		m = add_rule(p, MOUNT_TEXT, "/etc/hosts", "names without a network");
		m->source = pool_printf(
			p->pool,
			"127.0.0.1 localhost %s\n::1 localhost ip6-localhost ip6-loopback\n",
			p->hostname);
		m->read_only = m->optional = true;
		return;
	}
	if (p->network == NETWORK_PRIVATE) {
		if (!plan_resolv_place(in, p))
			return;
		m = add_rule(p, MOUNT_TEXT, plan_resolv_place(in, p), "the network's resolver");
		m->source = p->net.resolv_conf;
		m->read_only = m->optional = true;
		return;
	}
	over = resolv ? plan_mount_over(p, resolv) : NULL;
	if (p->root != ROOT_HOST || !over || mount_shows(over->kind))
		return;
	m = add_rule(p, MOUNT_BIND, resolv, "where /etc/resolv.conf points");
	m->source = resolv;
	m->read_only = true;
}

void plan_rules(const struct plan_inputs *in, struct plan *p)
{
	struct git_rule git = {
		.choice = (enum choice_git)profile_number(in->profile, KEY_PROTECT_GIT, GIT_YES)};
	const struct host *h = in->host;

	name_files(in, p);
	if (h->state.real)
		each_place(p, h->state.real, hide_state, &h->state);
	/* Before the rules below, whose mounts on themselves are not looked through. */
	for (size_t i = 0; i < h->sockets.n; i++)
		each_place(p, h->sockets.v[i].real, close_socket, NULL);
	for (size_t i = 0; i < h->own.n; i++)
		each_place(p, h->own.v[i].real, protect_own, &h->own.v[i]);
	for (size_t i = 0; git.choice != GIT_NO && i < h->git.n; i++) {
		git.git = &h->git.v[i];
		each_place(p, git.git->path, protect_git, &git);
	}
}

static bool is_mounted(const struct plan *p, size_t from, const char *place)
{
	for (size_t i = p->mounts.n; i-- > from;) {
		if (str_eq(p->mounts.v[i].place, place))
			return true;
	}
	return false;
}

/* `pins` is where those begin that have been added here: siblings share their ancestors. */
static void pin_ancestors(struct plan *p, size_t pins, const char *place, ssize_t parent)
{
	const struct plan_mount *above;
	const char *base, *source;
	size_t skip;

	while (parent >= 0 && str_eq(p->mounts.v[parent].place, place))
		parent = p->mounts.v[parent].parent;
	above = parent < 0 ? NULL : &p->mounts.v[parent];
	if (above ? above->kind != MOUNT_BIND || above->read_only || !above->directory
		  : !p->root_writable || p->root_cow)
		return;
	base = above ? above->place : "";
	source = above ? above->source : "";
	skip = strlen(base);
	for (const char *c = strchr(place + skip + 1, '/'); c; c = strchr(c + 1, '/')) {
		const char *ancestor = pool_strndup(p->pool, place, (size_t)(c - place));

		if (!is_mounted(p, pins, ancestor))
			add_self(p, ancestor, pool_printf(p->pool, "%s%s", source, ancestor + skip),
				 true, false, "stays in its place");
	}
}

/*
 * A directory that is no mount point itself can be renamed, with all that is mounted below it, and
 * another one put into its place. So in a writable tree every directory on the way to something
 * that is mounted there becomes one.
 */
void plan_pins(struct plan *p)
{
	size_t n = p->mounts.n;

	for (size_t i = 0; i < n; i++)
		pin_ancestors(p, n, p->mounts.v[i].place, p->mounts.v[i].parent);
}
