/* SPDX-License-Identifier: MIT */
/* Changes of a sandbox, with what the host has done meanwhile: see change.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/beneath.h"
#include "store/executed.h"
#include "store/layer.h"
#include "store/scan.h"

const char *change_path(const struct store *s, const struct change *c)
{
	const char *tree = s->trees.v[c->tree].path;

	if (!*c->path)
		return tree;
	return pool_printf(s->pool, "%s/%s", str_eq(tree, "/") ? "" : tree, c->path);
}

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[] = {[CHANGE_ADDED] = "added",
					    [CHANGE_MODIFIED] = "modified",
					    [CHANGE_DELETED] = "deleted",
					    [CHANGE_TYPE] = "type",
					    [CHANGE_META] = "meta"};

	return names[kind];
}

const char *conflict_name(enum conflict c)
{
	static const char *const names[] = {[CONFLICT_NONE] = NULL,
					    [CONFLICT_MODIFIED] = "modified",
					    [CONFLICT_DELETED] = "deleted",
					    [CONFLICT_ADDED] = "added",
					    [CONFLICT_UNKNOWN] = "unknown"};

	return names[c];
}

/* --- what a record says --- */

/*
 * The layer had the same as the host, and has it still: it is the host that has changed since. In
 * directories entries come and go, which moves their ctime.
 */
static bool is_still_clean(const struct base_record *r, const struct scan_entry *entry)
{
	const struct node *after = &entry->change.after;

	if (!r || !r->clean)
		return false;
	if (after->type == NODE_NONE)
		return r->host.type == NODE_NONE;
	if (r->ino == entry->ino && r->ctime == entry->ctime)
		return true;
	return after->type == NODE_DIRECTORY && r->host.type == NODE_DIRECTORY &&
	       r->host.mode == after->mode && entry->change.before.mode != after->mode;
}

/* Whether the host may have been changed between what the sandbox saw and now, the end of its run. */
static bool is_unknown(const struct store *s, const struct scan_entry *entry)
{
	const struct node *host = &entry->change.before;

	if (host->type == NODE_NONE)
		return entry->copied && entry->above_mtime > s->started;
	/* The sandbox saw another thing there, of which it has a copy. */
	if (host->type == NODE_DIRECTORY && entry->copied && host->ctime > s->started)
		return true;
	/* Of a directory only the metadata count; entries that come and go move both times. */
	if (host->type == NODE_DIRECTORY)
		return entry->change.kind == CHANGE_META && host->ctime > s->started &&
		       host->ctime != host->mtime;
	return host->ctime > s->started;
}

static const char *parent_of(struct pool *pool, const char *path)
{
	const char *name = path_name(path);

	return name > path ? pool_strndup(pool, path, (size_t)(name - path - 1)) : "";
}

/* Its content is what the sandbox saw, though somebody has touched the file or replaced it. */
static bool has_saved_content(const struct store *s, const struct base_record *r, int root,
			      const struct node *now)
{
	const char *name = path_name(r->path);
	_cleanup_fd_ int dir = -1, file = -1;

	if (!r->saved || now->type != NODE_FILE || r->host.type != NODE_FILE ||
	    r->host.mode != now->mode || r->host.uid != now->uid || r->host.gid != now->gid)
		return false;
	dir = layer_open_below(root, parent_of(s->pool, r->path), O_PATH);
	file = dir < 0 ? -1 : node_open_file(dir, name);
	/* Attributes are not saved: those that are there may be what has changed. */
	return file >= 0 && !node_has_xattrs(file) &&
	       base_saved_is_same(s, r->saved, file, now->size);
}

struct side {
	struct store *s;
	const struct base *base;
	bool recorded; /* the end of the last run is */
	struct scan_roots roots;
	executed_link_vec links;
};

/* Of attributes a record has no more than the time at which the host last changed any. */
static bool host_is_same(const struct side *x, const struct base_record *r,
			 const struct scan_entry *entry)
{
	const struct change *c = &entry->change;

	if (!base_host_is_same(r, &c->before, x->roots.device))
		return false;
	return c->before.type != NODE_DIRECTORY || c->kind != CHANGE_META ||
	       c->before.mode != c->after.mode || r->host.ctime == c->before.ctime;
}

static enum conflict conflict_of(const struct side *x, const struct base_record *r,
				 const struct scan_entry *entry)
{
	const struct node *now = &entry->change.before;

	if (!r && !x->recorded)
		return CONFLICT_NONE;
	if (!r)
		return entry->implied && !x->base->lost ? CONFLICT_ADDED : CONFLICT_UNKNOWN;
	if (r->unknown)
		return CONFLICT_UNKNOWN;
	if (host_is_same(x, r, entry))
		return CONFLICT_NONE;
	if (r->host.type == NODE_NONE)
		return CONFLICT_ADDED;
	if (now->type == NODE_NONE)
		return CONFLICT_DELETED;
	return has_saved_content(x->s, r, x->roots.host, now) ? CONFLICT_NONE : CONFLICT_MODIFIED;
}

/* --- what the host runs later --- */

static bool stands_at(int root, const char *path)
{
	_cleanup_fd_ int fd = fd_openat2(root, path, O_PATH | O_NOFOLLOW, 0,
					 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !(S_ISCHR(st.st_mode) && st.st_rdev == 0);
}

/* Git would take the directory for a repository, when all of the sandbox is on the host. */
static bool is_repository(const struct store *s, const char *dir, const struct scan_roots *roots)
{
	static const char *const names[] = {"HEAD", "objects", "refs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = *dir ? pool_printf(s->pool, "%s/%s", dir, names[i]) : names[i];

		if (!stands_at(roots->upper, path) && !stands_at(roots->host, path))
			return false;
	}
	return true;
}

static bool runs_at(const char *path, enum node_type type)
{
	return type == NODE_SYMLINK ? executed_through(path)
				    : type != NODE_DIRECTORY && executed_later(path);
}

/* As if it stood where a link of the home leads to it from. */
static bool runs_by_link(const struct side *x, const char *path, enum node_type type)
{
	for (size_t i = 0; i < x->links.n; i++) {
		const struct executed_link *l = &x->links.v[i];
		size_t n = strlen(l->target);

		if (path_within(path, l->target) &&
		    runs_at(path_join(x->s->pool, l->name,
				      pool_printf(x->s->pool, "./%s", path + n)),
			    type))
			return true;
		/* In the place of a directory on the way. */
		if (type == NODE_SYMLINK && path_within(l->target, path))
			return true;
	}
	return false;
}

static bool runs_later(const struct side *x, const struct change *c)
{
	const struct store *s = x->s;
	const char *path = change_path(s, c);
	size_t below = SIZE_MAX;
	ssize_t n;

	if (c->after.type == NODE_NONE)
		return false;
	if (runs_at(path, c->after.type) || runs_by_link(x, path, c->after.type))
		return true;
	while ((n = executed_repository(c->path, below)) >= 0) {
		below = (size_t)n;
		if (is_repository(s, pool_strndup(s->pool, c->path, below), &x->roots))
			return true;
	}
	return false;
}

/* --- reading --- */

/*
 * A directory that the host has deleted meanwhile, and the sandbox has not changed, has to be made again
 * for what is below it.
 */
static bool is_needed(const struct scan_entry *entry, const struct change *next)
{
	return entry->change.after.type == NODE_DIRECTORY &&
	       entry->change.before.type != NODE_DIRECTORY && next &&
	       next->tree == entry->change.tree &&
	       (!*entry->change.path || path_within(next->path, entry->change.path));
}

/* From the last to the first, for is_needed. */
static void choose(const struct side *x, const scan_entry_vec *all, change_vec *ret)
{
	change_vec backwards = {0};

	for (size_t i = all->n; i-- > 0;) {
		const struct scan_entry *entry = &all->v[i];
		const struct base_record *r =
			base_find(x->base, entry->change.tree, entry->change.path);
		struct change *c;

		if (!entry->differs)
			continue;
		if (is_still_clean(r, entry) &&
		    !is_needed(entry, backwards.n ? &backwards.v[backwards.n - 1] : NULL))
			continue;
		c = vec_add(x->s->pool, &backwards);
		*c = entry->change;
		c->conflict = conflict_of(x, r, entry);
		c->saved = r ? r->saved : NULL;
	}
	for (size_t i = backwards.n; i-- > 0;)
		*vec_add(x->s->pool, ret) = backwards.v[i];
}

static int read_tree(struct side *x, size_t tree, change_vec *ret, struct err *e)
{
	scan_entry_vec all = {0};
	size_t first = ret->n;
	int rc;

	if (scan_open(x->s, tree, &x->roots, e))
		return -1;
	rc = scan_tree(x->s, tree, &x->roots, x->base, &all, e);
	if (rc == 0)
		choose(x, &all, ret);
	for (size_t i = first; i < ret->n; i++) {
		if (runs_later(x, &ret->v[i]))
			ret->v[i].flags |= FLAG_EXECUTED;
	}
	scan_close(&x->roots);
	return rc;
}

int changes_read(struct store *s, change_vec *ret, struct err *e)
{
	struct base base = {0};
	struct side x = {.s = s, .base = &base};

	if (s->running && s->locked && (changes_record(s, e) < 0 || store_end(s, -1, e)))
		return -1;
	x.recorded = !s->running;
	if (base_read(s, &base, e) || executed_links(s, &x.links, e))
		return -1;
	for (size_t i = 0; i < s->trees.n; i++) {
		if (read_tree(&x, i, ret, e))
			return -1;
	}
	return 0;
}

/* --- recording --- */

struct recorder {
	struct store *s;
	struct base old, now;
	struct beneath host, layer;
	struct scan_roots roots;
	size_t changes;
	struct err *e;
};

static int save_content(struct recorder *x, const struct scan_entry *entry, struct base_record *r)
{
	const struct change *c = &entry->change;
	const char *name;
	int dir;

	if (c->kind != CHANGE_MODIFIED || c->before.type != NODE_FILE || r->unknown)
		return 0;
	dir = beneath_parent(&x->host, c->path, &name);
	if (dir < 0 || base_save(x->s, &x->now, dir, name, &c->before, &r->saved))
		return err_errno(x->e, "%s: cannot keep the content of %s", x->s->name,
				 str_safe(x->s->pool, change_path(x->s, c)));
	return 0;
}

/*
 * The host has made it in a directory that was hidden before this run: the sandbox has not seen it. So
 * there is no record of it, which makes it a conflict. Entries come sorted, the directory was before it.
 */
static bool is_made_since(const struct recorder *x, const struct scan_entry *entry)
{
	const struct change *c = &entry->change;
	const char *above = parent_of(x->s->pool, c->path);
	const struct base_record *dir = base_find(&x->old, c->tree, above);

	if (!entry->implied)
		return false;
	return dir ? dir->hides || dir->host.type != NODE_DIRECTORY
		   : !base_find(&x->now, c->tree, above);
}

static int record(struct recorder *x, const struct scan_entry *entry)
{
	const struct change *c = &entry->change;
	const struct base_record *old = base_find(&x->old, c->tree, c->path);
	struct base_record *r;

	if (!old && is_made_since(x, entry)) {
		x->changes++;
		return 0;
	}
	r = vec_add(x->s->pool, &x->now.v);
	*r = (struct base_record){.tree = c->tree,
				  .path = c->path,
				  .host = base_host(&c->before, x->roots.device),
				  .clean = !entry->differs,
				  .hides = entry->hides,
				  .ino = entry->ino,
				  .ctime = entry->ctime};
	if (!entry->differs)
		return 0;
	if (old && is_still_clean(old, entry)) {
		*r = *old;
		return 0;
	}
	x->changes++;
	if (old && !old->clean) {
		*r = *old;
		r->hides = entry->hides;
		return 0;
	}
	/* The first change of what was the same: what counts is what the host had then. */
	if (old)
		r->host = old->host;
	else
		r->unknown = x->old.lost || is_unknown(x->s, entry);
	if (old && !base_host_is_same(old, &c->before, x->roots.device))
		return 0;
	return save_content(x, entry, r);
}

static int forget_origin(struct recorder *x, const struct scan_entry *entry)
{
	const struct change *c = &entry->change;
	struct base_record *r;
	struct node now;
	const char *name;
	int dir;

	if (!x->s->trees.v[c->tree].fuse || c->after.type != NODE_FILE || !x->now.v.n)
		return 0;
	r = &x->now.v.v[x->now.v.n - 1];
	if (r->path != c->path)
		return 0;
	dir = beneath_parent(&x->layer, c->path, &name);
	if (dir < 0 || !layer_forget_origin(dir, name))
		return 0;
	if (node_read(x->s->pool, dir, name, &now))
		return err_errno(x->e, "%s: its layer", x->s->name);
	r->ctime = now.ctime;
	return 0;
}

static int record_tree(struct recorder *x, size_t tree)
{
	scan_entry_vec all = {0};
	int rc;

	if (scan_open(x->s, tree, &x->roots, x->e))
		return -1;
	x->host = (struct beneath){.root = x->roots.host, .fd = -1};
	rc = scan_tree(x->s, tree, &x->roots, &x->old, &all, x->e);
	x->layer = (struct beneath){.root = x->roots.upper, .fd = -1};
	for (size_t i = 0; i < all.n && rc == 0; i++)
		rc = record(x, &all.v[i]) || forget_origin(x, &all.v[i]) ? -1 : 0;
	beneath_forget(&x->host);
	beneath_forget(&x->layer);
	scan_close(&x->roots);
	return rc;
}

ssize_t changes_record(struct store *s, struct err *e)
{
	struct recorder x = {.s = s, .e = e};
	int rc = 0;

	if (base_read(s, &x.old, e))
		return -1;
	for (size_t i = 0; i < s->trees.n && rc == 0; i++) {
		const size_t before = x.changes;

		rc = record_tree(&x, i);
		s->trees.v[i].changes = x.changes - before;
	}
	base_done(&x.now);
	if (rc)
		return -1;
	/* A run that has touched nothing writes nothing: its layers have no entry but their roots. */
	if (x.changes == 0 && x.now.v.n <= s->trees.n && x.old.v.n == 0 && !x.old.lost)
		return 0;
	return base_write(s, &x.now, e) ? -1 : (ssize_t)x.changes;
}

/* --- selecting --- */

static size_t first_at(const change_vec *changes, size_t tree, const char *path)
{
	size_t low = 0, high = changes->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct change *c = &changes->v[mid];

		if (c->tree < tree || (c->tree == tree && path_compare(c->path, path) < 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The directories above that have to be made for it. */
static void select_above(const change_vec *changes, const struct change *c, bool *chosen,
			 struct pool *pool)
{
	for (const char *slash = strrchr(c->path, '/'); slash;) {
		const char *above = pool_strndup(pool, c->path, (size_t)(slash - c->path));
		size_t i = first_at(changes, c->tree, above);
		const struct change *a = i < changes->n ? &changes->v[i] : NULL;

		if (a && a->tree == c->tree && str_eq(a->path, above) &&
		    a->after.type == NODE_DIRECTORY && a->before.type != NODE_DIRECTORY) {
			/* Then those above it are chosen already. */
			if (chosen[i])
				return;
			chosen[i] = true;
		}
		slash = memrchr(c->path, '/', (size_t)(slash - c->path));
	}
}

static bool select_path(const struct store *s, const change_vec *changes, const char *path,
			bool *chosen)
{
	bool found = false;

	for (size_t tree = 0; tree < s->trees.n; tree++) {
		const char *root = s->trees.v[tree].path, *rest = "";
		struct pool pool = {0};

		if (path_within(path, root))
			rest = path + strlen(root) + (path[strlen(root)] == '/');
		else if (!path_within(root, path))
			continue;
		for (size_t i = first_at(changes, tree, rest);
		     i < changes->n && changes->v[i].tree == tree &&
		     (!*rest || path_within(changes->v[i].path, rest));
		     i++) {
			found = chosen[i] = true;
			select_above(changes, &changes->v[i], chosen, &pool);
		}
		pool_done(&pool);
	}
	return found;
}

int changes_select(const struct store *s, change_vec *changes, const str_vec *paths, struct err *e)
{
	bool *chosen = pool_alloc(s->pool, changes->n + 1);
	size_t n = 0;

	if (paths->n == 0)
		return 0;
	for (size_t i = 0; i < paths->n; i++) {
		if (!select_path(s, changes, paths->v[i], chosen))
			return err_set(e, "%s: %s has not changed there", s->name,
				       str_safe(s->pool, paths->v[i]));
	}
	for (size_t i = 0; i < changes->n; i++) {
		if (chosen[i])
			changes->v[n++] = changes->v[i];
	}
	changes->n = n;
	return 0;
}
