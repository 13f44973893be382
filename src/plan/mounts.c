/* SPDX-License-Identifier: MIT */
/*
 * What is seen where: the profile's paths to a list of mounts, parents first.
 *
 *	gather	one entry a path of the profile, and the rules of ours: /proc, /dev, /sys
 *	settle	sorted; one entry a place: the later one wins, but for a contradiction that shows what
 *		is hidden
 *	rules	DNS files, .git, live sockets, our own directories (rules.c)
 *	prune	an entry that changes nothing goes; a hidden directory with something visible below
 *		becomes a skeleton of mount points
 *	pins	what leads to a mount in a writable tree cannot be renamed (rules.c)
 *
 * The sort is by place, with a parent before what is below it, so that the order of lines in a
 * profile does not matter and no mount can cover one made before.
 */
#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/plan.h"

const char *mount_kind_name(enum mount_kind kind)
{
	static const char *const names[] = {
		[MOUNT_BIND] = "bind",	[MOUNT_COW] = "cow",	   [MOUNT_TMPFS] = "tmpfs",
		[MOUNT_EMPTY] = "hide", [MOUNT_SKELETON] = "hide", [MOUNT_TEXT] = "file",
		[MOUNT_PROC] = "proc",	[MOUNT_DEV] = "dev",
	};

	return names[kind];
}

static struct plan_mount *add(struct plan *p, enum mount_kind kind, const char *place,
			      const char *reason)
{
	struct plan_mount *m = vec_add(p->pool, &p->mounts);

	m->kind = kind;
	m->place = place;
	m->reason = reason;
	return m;
}

static struct plan_mount *add_bind(struct plan *p, const char *place, const char *source,
				   bool directory, const char *reason)
{
	struct plan_mount *m = add(p, MOUNT_BIND, place, reason);

	m->source = source;
	m->directory = directory;
	return m;
}

const struct plan_mount *plan_mount_over(const struct plan *p, const char *place)
{
	const struct plan_mount *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];
		size_t n = strlen(m->place);

		if (n >= longest && path_within(place, m->place)) {
			best = m;
			longest = n;
		}
	}
	return best;
}

static int use_err(const struct plan_inputs *in, const struct path_use *u, struct err *e,
		   const char *why)
{
	struct pool *pool = in->profile->pool;

	err_set(e, "%s: %s=%s: %s", origin_text(pool, u->value->at), keys[u->key].name,
		str_safe(pool, u->source.path), why);
	e->located = u->value->at.line > 0;
	return -1;
}

static int missing_err(const struct plan_inputs *in, const struct path_use *u, struct err *e)
{
	use_err(in, u, e, u->source.error ? strerror(u->source.error) : "it cannot be named");
	if (u->value->at.line > 0 && key_is_list(u->key))
		return err_hint(e, "\"-\" in front of it skips what does not exist");
	if (u->key == KEY_TMPFS && u->source.error == ENOENT)
		return err_hint(
			e,
			"it must exist on the host; below /tmp and /run there is room without it");
	return -1;
}

/* What merely could not be looked at is not skipped: something would stay open that should be hidden. */
static bool may_skip(const struct path_use *u)
{
	return u->value->optional && host_path_absent(&u->source);
}

/* A root that is not the host's has its own paths: they are looked up there, when it is mounted. */
static bool host_place(const struct plan *p, const struct path_use *u)
{
	return p->root == ROOT_HOST || (u->key != KEY_INACCESSIBLE && u->key != KEY_TMPFS);
}

/*
 * A relative path is meant to be something of the project. A link in its place could have come with
 * the project, or from the last run, and would open what it points to.
 */
int plan_check_beneath(const struct plan_inputs *in, const struct path_use *u, struct err *e)
{
	const char *text = u->value->text, *cwd = in->host->cwd;

	if (*text == '/' || *text == '~' || !u->source.real || path_has_dotdot(u->source.path) ||
	    path_within(u->source.real, cwd))
		return 0;
	use_err(in, u, e, "a link leads out of the working directory");
	return err_hint(e, "if that is meant, name %s",
			str_quoted(in->profile->pool, u->source.real));
}

static bool is_kernels(const char *path)
{
	return path && (path_within(path, "/proc") || path_within(path, "/dev"));
}

/* What no line may open: the host's /proc and /dev, and all of the host by a mere `.`. */
static int check_grant(const struct plan_inputs *in, const struct plan *p, const struct path_use *u,
		       const char *place, enum mount_kind kind, struct err *e)
{
	if ((p->root == ROOT_HOST && is_kernels(u->source.real)) || is_kernels(place)) {
		use_err(in, u, e, "the sandbox has a /proc and a /dev of its own");
		return err_hint(e, "DeviceAllow= adds nodes to /dev");
	}
	if (!mount_shows(kind))
		return 0;
	if (kind == MOUNT_BIND && !u->read_only && *u->value->text != '/' &&
	    str_eq(u->source.real, "/")) {
		use_err(in, u, e, "the working directory is all of the host");
		return err_hint(e, "cd into the project, or --rw / if that is meant");
	}
	if (kind == MOUNT_COW && u->source.kind != PATH_DIRECTORY) {
		use_err(in, u, e, "not a directory");
		return err_hint(e, "the directory that it is in can be copy-on-write");
	}
	return plan_check_beneath(in, u, e);
}

static int add_use(const struct plan_inputs *in, struct plan *p, const struct path_use *u,
		   struct err *e)
{
	static const enum mount_kind kinds[KEY_COUNT] = {
		[KEY_INACCESSIBLE] = MOUNT_EMPTY,
		[KEY_TMPFS] = MOUNT_TMPFS,
		[KEY_COW] = MOUNT_COW,
	};
	const char *place = u->source.real;
	struct plan_mount *m;

	if (!host_place(p, u)) {
		place = u->source.path;
	} else if (u->source.kind == PATH_MISSING) {
		return may_skip(u) ? 0 : missing_err(in, u, e);
	}
	if (u->place.path && p->root == ROOT_HOST && !u->place.real)
		return use_err(in, u, e,
			       pool_printf(p->pool, "%s: %s", str_safe(p->pool, u->place.path),
					   strerror(u->place.error)));
	if (u->place.path)
		place = p->root == ROOT_HOST && u->place.real ? u->place.real : u->place.path;
	if (u->key == KEY_TMPFS && host_place(p, u) && u->source.kind != PATH_DIRECTORY)
		return use_err(in, u, e, "not a directory");
	if (check_grant(in, p, u, place, kinds[u->key], e))
		return -1;
	m = add(p, kinds[u->key], place, keys[u->key].name);
	m->at = u->value->at;
	m->order = u->value->order;
	m->read_only = u->read_only;
	m->size = u->size;
	/* What has been found need not be looked for again. */
	m->optional = u->value->optional && !host_place(p, u);
	if (mount_shows(m->kind)) {
		m->source = u->source.real;
		m->directory = u->source.kind == PATH_DIRECTORY;
	}
	return 0;
}

static int add_device(const struct plan_inputs *in, struct plan *p, const struct path_use *u,
		      struct err *e)
{
	struct plan_mount *m;

	if (u->source.kind == PATH_MISSING)
		return may_skip(u) ? 0 : missing_err(in, u, e);
	if (!path_within(u->source.path, "/dev/") && !str_begins(u->source.path, "/dev/"))
		return use_err(in, u, e, "not below /dev");
	if (u->source.kind != PATH_DEVICE && u->source.kind != PATH_DIRECTORY)
		return use_err(in, u, e, "not a device node");
	m = vec_add(p->pool, &p->devices);
	*m = (struct plan_mount){.kind = MOUNT_BIND,
				 .place = u->source.path,
				 .source = u->source.real,
				 .directory = u->source.kind == PATH_DIRECTORY,
				 .device = true,
				 .reason = keys[u->key].name,
				 .at = u->value->at};
	return 0;
}

static int add_socket(const struct plan_inputs *in, struct plan *p, const struct path_use *u,
		      struct err *e)
{
	struct plan_mount *m;

	if (u->source.kind == PATH_MISSING)
		return may_skip(u) ? 0 : missing_err(in, u, e);
	if (u->source.kind != PATH_SOCKET)
		return use_err(in, u, e, "not a socket");
	if (plan_check_beneath(in, u, e))
		return -1;
	m = add_bind(p, u->source.path, u->source.real, false, keys[u->key].name);
	m->at = u->value->at;
	m->order = u->value->order;
	return 0;
}

static int gather_uses(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < in->uses->n; i++) {
		const struct path_use *u = &in->uses->v[i];
		int rc = 0;

		if (u->key == KEY_DEVICES)
			rc = add_device(in, p, u, e);
		else if (u->key == KEY_SOCKETS)
			rc = add_socket(in, p, u, e);
		else if (keys[u->key].type >= TYPE_WORDS && u->key != KEY_NO_EXEC)
			rc = add_use(in, p, u, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* Hidden from both sides is fine; showing a place that another line hides needs somebody to say so
 * on purpose. */
static int settle_pair(const struct plan_inputs *in, const struct plan *p,
		       const struct plan_mount *a, const struct plan_mount *b,
		       const struct plan_mount **ret, struct err *e)
{
	const struct plan_mount *show = mount_shows(a->kind) ? a : b,
				*hide = mount_shows(a->kind) ? b : a;

	*ret = a->order > b->order ? a : b;
	if (mount_shows(a->kind) == mount_shows(b->kind) || !a->at.file || !b->at.file)
		return 0;
	if (origin_is_option(show->at) && origin_is_option(hide->at))
		return 0;
	if (origin_is_option(show->at) || origin_is_option(hide->at)) {
		*ret = origin_is_option(show->at) ? show : hide;
		return 0;
	}
	err_set(e, "%s: %s=%s would show what %s hides", origin_text(p->pool, show->at),
		show->reason, str_safe(p->pool, show->place), origin_text(p->pool, hide->at));
	e->located = true;
	return err_hint(e, "%ssay it on the command line (--cow, --ro, --rw) if you mean %s",
			in->host->home && str_eq(show->place, in->host->home)
				? "this is your home: cd into the project, or "
				: "",
			str_quoted(p->pool, show->place));
}

/* One that is still to come: they are sorted by place, and options stand behind files. */
static bool is_settled_by_option(const struct plan *p, size_t i)
{
	const char *place = p->mounts.v[i].place;

	while (++i < p->mounts.n && str_eq(p->mounts.v[i].place, place)) {
		if (origin_is_option(p->mounts.v[i].at))
			return true;
	}
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct plan_mount *x = a, *y = b;
	int order = path_compare(x->place, y->place);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int settle(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	size_t out = 0;

	qsort(p->mounts.v, p->mounts.n, sizeof(*p->mounts.v), by_place);
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *winner = &p->mounts.v[i];

		if (out && str_eq(p->mounts.v[out - 1].place, winner->place)) {
			if (!is_settled_by_option(p, i) &&
			    settle_pair(in, p, &p->mounts.v[out - 1], winner, &winner, e))
				return -1;
			out--;
		}
		p->mounts.v[out++] = *winner;
	}
	p->mounts.n = out;
	return 0;
}

/* A mount on the root itself is the root's own property. */
static int settle_root(struct plan *p, struct err *e)
{
	const struct plan_mount *first = p->mounts.v;

	if (p->mounts.n == 0 || !str_eq(first->place, "/"))
		return 0;
	if (!mount_shows(first->kind) || !str_eq(first->source, "/") || p->root != ROOT_HOST)
		return err_set(e, "%s: %s=/: the root itself cannot be replaced in this way",
			       origin_text(p->pool, first->at), first->reason),
		       err_hint(e, "Root=empty or Root=PATH");
	p->root_writable = !first->read_only;
	p->root_cow = first->kind == MOUNT_COW;
	if (p->root_cow)
		*vec_add(p->pool, &p->cows) = (struct plan_cow){.path = "/", .at = first->at};
	p->mounts.n--;
	memmove(p->mounts.v, p->mounts.v + 1, p->mounts.n * sizeof(*p->mounts.v));
	return 0;
}

/*
 * The nearest mount above a place, among those up to `candidate`, whose parents are known. In sorted
 * order it is the entry before, or one of that entry's parents: no search.
 */
static ssize_t find_parent(const struct plan *p, const char *place, ssize_t candidate)
{
	while (candidate >= 0 && !path_within(place, p->mounts.v[candidate].place))
		candidate = p->mounts.v[candidate].parent;
	return candidate;
}

static bool changes_nothing(const struct plan *p, const struct plan_mount *m,
			    const struct plan_mount *parent)
{
	bool read_only = parent ? parent->read_only : !p->root_writable;
	enum mount_kind kind = parent ? parent->kind : p->root_cow ? MOUNT_COW : MOUNT_BIND;

	if (m->kind == MOUNT_EMPTY)
		return parent && (parent->kind == MOUNT_EMPTY || parent->kind == MOUNT_SKELETON ||
				  parent->kind == MOUNT_TMPFS);
	if ((m->kind != MOUNT_BIND && m->kind != MOUNT_COW) || m->kind != kind || m->pin ||
	    m->read_only != read_only || m->no_exec != (parent && parent->no_exec))
		return false;
	if (!parent)
		return p->root == ROOT_HOST && str_eq(m->place, m->source);
	return parent->directory && path_within(m->source, parent->source) &&
	       str_eq(m->place + strlen(parent->place), m->source + strlen(parent->source));
}

static void prune(struct plan *p)
{
	struct plan_mount *v = p->mounts.v;
	size_t kept = 0;

	for (size_t i = 0; i < p->mounts.n; i++) {
		v[i].parent = find_parent(p, v[i].place, (ssize_t)kept - 1);
		if (changes_nothing(p, &v[i], v[i].parent < 0 ? NULL : &v[v[i].parent]))
			continue;
		if (v[i].parent >= 0 && v[v[i].parent].kind == MOUNT_EMPTY)
			v[v[i].parent].kind = MOUNT_SKELETON;
		v[kept++] = v[i];
	}
	p->mounts.n = kept;
}

static void sort(struct plan *p)
{
	qsort(p->mounts.v, p->mounts.n, sizeof(*p->mounts.v), by_place);
	for (size_t i = 0; i < p->mounts.n; i++)
		p->mounts.v[i].parent = find_parent(p, p->mounts.v[i].place, (ssize_t)i - 1);
}

/* Nothing below `dir` is executed: what is mounted there already, and the directory itself. */
static int add_no_exec(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < in->uses->n; i++) {
		const struct path_use *u = &in->uses->v[i];
		const struct plan_mount *over;
		struct plan_mount *m;

		if (u->key != KEY_NO_EXEC || (u->source.kind == PATH_MISSING && may_skip(u)))
			continue;
		if (u->source.kind == PATH_MISSING)
			return missing_err(in, u, e);
		if (str_eq(u->source.real, "/"))
			return use_err(in, u, e, "no program could be started");
		over = plan_mount_over(p, u->source.real);
		if (over ? mount_shows(over->kind) && !str_eq(over->place, u->source.real)
			 : p->root == ROOT_HOST) {
			bool read_only = over ? over->read_only : !p->root_writable;

			bool cow = over ? over->kind == MOUNT_COW : p->root_cow;

			if (cow && u->source.kind != PATH_DIRECTORY)
				return use_err(in, u, e, "a file in a tree that is copy-on-write");
			m = add_bind(p, u->source.real, u->source.real,
				     u->source.kind == PATH_DIRECTORY, keys[u->key].name);
			m->at = u->value->at;
			m->read_only = read_only;
			if (cow)
				m->kind = MOUNT_COW;
		}
		for (size_t k = 0; k < p->mounts.n; k++)
			p->mounts.v[k].no_exec |= path_within(p->mounts.v[k].place, u->source.real);
	}
	qsort(p->mounts.v, p->mounts.n, sizeof(*p->mounts.v), by_place);
	return 0;
}

/* One that is named has to exist, where it can be seen from here what will be there. */
static int check_named_directory(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct path_use *named = NULL;
	const struct plan_mount *over;

	for (size_t i = 0; i < in->uses->n; i++) {
		if (in->uses->v[i].key == KEY_WORKING_DIRECTORY)
			named = &in->uses->v[i];
	}
	if (!named)
		return 0;
	p->working_directory = named->source.path;
	over = named->source.real ? plan_mount_over(p, named->source.real) : NULL;
	if (p->root != ROOT_HOST ||
	    (over && (!mount_shows(over->kind) || !str_eq(over->place, over->source))))
		return 0;
	if (named->source.kind == PATH_MISSING)
		return missing_err(in, named, e);
	return named->source.kind == PATH_DIRECTORY ? 0 : use_err(in, named, e, "not a directory");
}

static int check_working_directory(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct plan_mount *over;

	p->working_directory = in->host->cwd;
	if (in->profile->s[KEY_WORKING_DIRECTORY].set)
		return check_named_directory(in, p, e);
	if (!p->working_directory)
		return err_set(e, "working directory: it cannot be used: %s", in->host->cwd_error),
		       err_hint(e, "cd somewhere else, or name one with --chdir");
	over = p->root == ROOT_HOST ? plan_mount_over(p, p->working_directory) : NULL;
	if (!over || mount_shows(over->kind) || over->kind == MOUNT_PROC ||
	    over->kind == MOUNT_DEV || str_eq(over->place, p->working_directory))
		return 0;
	err_set(e, "working directory: %s is not in view under this profile (%s hides it)",
		str_safe(p->pool, p->working_directory),
		over->at.file ? origin_text(p->pool, over->at) : over->reason);
	return err_hint(e, "open it with --ro . or --rw ., or start elsewhere with --chdir /");
}

/* Whatever the profile says: the interfaces of the kernel, as little of them as programs can live
 * with. */
static void add_ours(const struct plan_inputs *in, struct plan *p)
{
	if (in->host->terminal) {
		struct plan_mount *m = vec_add(p->pool, &p->devices);

		/* ttyname(3) looks for it in /dev; the program has it open in any case. */
		*m = (struct plan_mount){.kind = MOUNT_BIND,
					 .place = "/dev/console",
					 .source = in->host->terminal,
					 .device = true,
					 .reason = "the terminal's name"};
	}
	add(p, MOUNT_PROC, "/proc", "always");
	add(p, MOUNT_DEV, "/dev", "always");
	add(p, MOUNT_EMPTY, "/sys", "always")->optional = true;
}

int plan_mounts(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	if (gather_uses(in, p, e))
		return -1;
	add_ours(in, p);
	if (settle(in, p, e) || settle_root(p, e))
		return -1;
	plan_rules(in, p);
	qsort(p->mounts.v, p->mounts.n, sizeof(*p->mounts.v), by_place);
	if (add_no_exec(in, p, e))
		return -1;
	prune(p);
	plan_pins(p);
	sort(p);
	return check_working_directory(in, p, e) || plan_cows(in, p, e) ? -1 : 0;
}
