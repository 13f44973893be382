/* SPDX-License-Identifier: MIT */
/*
 * What becomes of each change: done, dropped, skipped or refused. A list of changes is a forest (a
 * directory stands before what is below it), and some verdicts bind others: nothing can be put into a
 * directory that is not made, nor can one be removed of which something stays.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/beneath.h"
#include "store/commit.h"
#include "store/merge.h"

static const char *const loss_texts[COMMIT_LOSSES] = {
	"its set-user-ID or set-group-ID bit is dropped",
	"its file capabilities are dropped",
	"it belongs to another id in the sandbox, and to you on the host",
	"its group becomes yours",
	"its other names on the host keep the old content",
	"the file system there does not take all of its extended attributes",
};

const char *commit_loss_text(enum commit_loss loss)
{
	return loss_texts[__builtin_ctz(loss)];
}

/* --- the forest --- */

static bool makes_directory(const struct change *c)
{
	return c->before.type != NODE_DIRECTORY && c->after.type == NODE_DIRECTORY;
}

static bool removes_directory(const struct change *c)
{
	return c->before.type == NODE_DIRECTORY && c->after.type != NODE_DIRECTORY;
}

static bool is_below(const struct change *c, const struct change *above)
{
	if (c->tree != above->tree)
		return false;
	return beneath_within(c->path, above->path);
}

static void link_forest(struct commit *c)
{
	ssize_t above = -1;

	for (size_t i = 0; i < c->changes.n; i++) {
		while (above >= 0 && !is_below(&c->changes.v[i], &c->changes.v[above])) {
			c->decisions[above].end = i;
			above = c->decisions[above].above;
		}
		c->decisions[i].above = above;
		above = (ssize_t)i;
	}
	for (; above >= 0; above = c->decisions[above].above)
		c->decisions[above].end = c->changes.n;
}

void commit_begin(struct commit *c, struct store *s, const struct commit_options *options,
		  const change_vec *all, const change_vec *chosen)
{
	size_t k = 0;

	*c = (struct commit){.store = s, .options = *options, .changes = *all};
	c->decisions = pool_alloc(s->pool, (all->n + 1) * sizeof(*c->decisions));
	for (size_t i = 0; i < all->n && k < chosen->n; i++) {
		if (all->v[i].tree != chosen->v[k].tree ||
		    !str_eq(all->v[i].path, chosen->v[k].path))
			continue;
		c->decisions[i].verdict = options->discard ? VERDICT_DROP : VERDICT_DO;
		c->changes.v[i].flags = chosen->v[k].flags;
		k++;
	}
	link_forest(c);
}

static bool stays(const struct decision *d)
{
	return d->verdict == VERDICT_KEEP || d->verdict == VERDICT_SKIP;
}

static size_t first_at(const struct commit *c, size_t tree, const char *path)
{
	size_t low = 0, high = c->changes.n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct change *m = &c->changes.v[mid];

		if (m->tree < tree || (m->tree == tree && path_compare(m->path, path) < 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Index behind the last change at or below `path`. */
static size_t end_at(const struct commit *c, size_t tree, const char *path)
{
	const struct change above = {.tree = tree, .path = path};
	size_t low = first_at(c, tree, path), high = c->changes.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (is_below(&c->changes.v[mid], &above))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t commit_pending_below(const struct commit *c, size_t tree, const char *path)
{
	return c->pending[end_at(c, tree, path)] - c->pending[first_at(c, tree, path)];
}

/* --- each by itself --- */

static const char *conflict_reason(enum conflict conflict)
{
	static const char *const reasons[] = {
		[CONFLICT_NONE] = NULL,
		[CONFLICT_MODIFIED] = "the host has changed it too",
		[CONFLICT_DELETED] = "the host has deleted it meanwhile",
		[CONFLICT_ADDED] = "the host has made something there meanwhile",
		[CONFLICT_UNKNOWN] =
			"the host has changed it while the sandbox ran, so what that saw is not known",
	};

	return reasons[conflict];
}

static void refuse(struct decision *d, const char *reason, enum cure cure)
{
	d->verdict = VERDICT_REFUSE;
	d->reason = reason;
	d->cure = cure;
}

static void skip(struct decision *d, const char *reason)
{
	d->verdict = VERDICT_SKIP;
	d->reason = reason;
}

static int resolve(struct commit *c, size_t i, struct err *e)
{
	const struct change *change = &c->changes.v[i];
	struct decision *d = &c->decisions[i];
	const char *reason;
	int rc;

	switch (c->options.resolution) {
	case RESOLVE_REFUSE:
		refuse(d, conflict_reason(change->conflict), CURE_CHOICE);
		break;
	case RESOLVE_THEIRS:
		break;
	case RESOLVE_OURS:
		d->verdict = VERDICT_DROP;
		break;
	case RESOLVE_MERGE:
		rc = merge_change(c->store, change, &d->merged, &d->merged_length, &reason, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			refuse(d, reason, CURE_CHOICE);
		break;
	}
	return 0;
}

static void find_losses(const struct change *c, struct decision *d)
{
	static const struct {
		uint32_t flag, loss;
	} of_flags[] = {{FLAG_SETID, COMMIT_SETID},
			{FLAG_CAPABILITY, COMMIT_CAPABILITY},
			{FLAG_OWNER, COMMIT_OWNER},
			{FLAG_LINKS, COMMIT_LINKS}};

	for (size_t i = 0; i < sizeof(of_flags) / sizeof(of_flags[0]); i++) {
		if (c->flags & of_flags[i].flag)
			d->losses |= of_flags[i].loss;
	}
	if (c->before.type != NODE_NONE && c->before.type != NODE_DIRECTORY &&
	    c->after.type != NODE_NONE && c->after.type != NODE_DIRECTORY &&
	    c->before.gid != getegid())
		d->losses |= COMMIT_GROUP;
}

/* A program that was shown our own directory must not rearrange it by way of us. */
static bool is_own(const struct commit *c, const struct change *change)
{
	return c->home && path_within(c->home, c->store->trees.v[change->tree].path) &&
	       path_within(change_path(c->store, change), c->home);
}

static int decide_one(struct commit *c, size_t i, struct err *e)
{
	const struct change *change = &c->changes.v[i];
	struct decision *d = &c->decisions[i];

	if (d->verdict != VERDICT_DO)
		return 0;
	if (change->after.type == NODE_SOCKET)
		skip(d, "a socket is nothing without the program that listens");
	else if (change->after.type == NODE_DEVICE)
		skip(d, "device nodes are not committed");
	else if (change->conflict != CONFLICT_NONE && resolve(c, i, e))
		return -1;
	if (d->verdict != VERDICT_DO)
		return 0;
	if (change->flags & FLAG_UNREADABLE && change->before.type == NODE_DIRECTORY)
		refuse(d, "what it has cannot be read, and so not be deleted one by one",
		       CURE_NONE);
	else if (is_own(c, change))
		refuse(d, "sandboxes are kept there", CURE_NONE);
	else if (change->flags & FLAG_EXECUTED && !c->options.allow_executed)
		refuse(d, "the host runs it later", CURE_ALLOW);
	else
		find_losses(change, d);
	return 0;
}

/* --- what binds others --- */

static bool has_below(const struct commit *c, size_t i, enum verdict verdict)
{
	for (size_t k = i + 1; k < c->decisions[i].end; k++) {
		if (c->decisions[k].verdict == verdict)
			return true;
	}
	return false;
}

static bool has_staying(const struct commit *c, size_t i)
{
	return has_below(c, i, VERDICT_KEEP) || has_below(c, i, VERDICT_SKIP);
}

/* A new directory that is not made takes what is below it along. */
static void bind_to_new(struct commit *c, size_t i)
{
	struct decision *d = &c->decisions[i];

	if (d->verdict == VERDICT_DROP && has_staying(c, i))
		d->verdict = VERDICT_KEEP;
	if (d->verdict == VERDICT_DO || d->verdict == VERDICT_REFUSE)
		return;
	for (size_t k = i + 1; k < d->end; k++) {
		struct decision *below = &c->decisions[k];

		if (below->verdict != VERDICT_DO && below->verdict != VERDICT_REFUSE)
			continue;
		if (d->verdict == VERDICT_DROP)
			below->verdict = VERDICT_DROP;
		else
			skip(below, "the directory that it is in stays pending");
	}
}

/* A directory of which something stays is not removed; only discard can give a part of it back. */
static void bind_to_removed(struct commit *c, size_t i)
{
	struct decision *d = &c->decisions[i];
	bool deleted = c->changes.v[i].after.type == NODE_NONE, keeps = has_staying(c, i),
	     drops = has_below(c, i, VERDICT_DROP);

	if ((d->verdict == VERDICT_DO || d->verdict == VERDICT_DROP) && keeps) {
		if (c->options.discard)
			d->raised = true;
		else
			skip(d, "something in it stays pending");
	} else if (d->verdict == VERDICT_DO && drops) {
		d->verdict = VERDICT_DROP;
	}
	if (!drops || !stays(d))
		return;
	if (c->options.discard && deleted) {
		d->verdict = VERDICT_DROP;
		d->raised = keeps;
		return;
	}
	for (size_t k = i + 1; k < d->end; k++) {
		if (c->decisions[k].verdict == VERDICT_DROP)
			refuse(&c->decisions[k],
			       deleted ? "the directory it is in was deleted as a whole"
				       : "the sandbox has no directory there",
			       CURE_NONE);
	}
}

/* What will be made is the caller's. */
static bool is_in_new(const struct commit *c, size_t i)
{
	ssize_t above = c->decisions[i].above;

	return above >= 0 && c->decisions[above].verdict == VERDICT_DO &&
	       makes_directory(&c->changes.v[above]);
}

/* NULL, or why the entry cannot be made, replaced or removed there. What is wrong otherwise is left to
 * show when it is tried. */
static const char *no_right(struct beneath *b, const struct change *change)
{
	const char *name;
	int dir = beneath_parent(b, change->path, &name);

	if (dir < 0)
		return errno == EACCES ? "the directory it is in is closed to you" : NULL;
	if (faccessat(dir, "", W_OK | X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0)
		return NULL;
	return errno == EROFS	 ? "it is on a read-only file system"
	       : errno == EACCES ? "you may not write to the directory it is in"
				 : NULL;
}

static bool is_beside(const struct change *a, const struct change *b)
{
	size_t n = (size_t)(path_name(a->path) - a->path);

	return a->tree == b->tree && n == (size_t)(path_name(b->path) - b->path) &&
	       memcmp(a->path, b->path, n) == 0;
}

/* Before anything is done: all of them are named then, and nothing has to be taken back. */
static int check_rights(struct commit *c, struct err *e)
{
	struct beneath b = {.root = -1, .fd = -1};
	const struct change *right = NULL; /* the last one that can be done */
	size_t tree = 0;

	for (size_t i = 0; i < c->changes.n; i++) {
		const struct change *change = &c->changes.v[i];
		const char *reason;

		if (c->decisions[i].verdict != VERDICT_DO || !*change->path || is_in_new(c, i) ||
		    (right && is_beside(right, change)))
			continue;
		if (b.root < 0 || tree != change->tree) {
			beneath_forget(&b);
			fd_closep(&b.root);
			tree = change->tree;
			b.root = store_open_tree(c->store, tree, e);
			if (b.root < 0)
				return -1;
		}
		reason = no_right(&b, change);
		if (reason)
			refuse(&c->decisions[i], reason, CURE_RIGHT);
		else
			right = change;
	}
	beneath_forget(&b);
	fd_closep(&b.root);
	return 0;
}

static void count(struct commit *c)
{
	c->done = c->dropped = c->skipped = c->refused = 0;
	c->pending = pool_alloc(c->store->pool, (c->changes.n + 1) * sizeof(*c->pending));
	for (size_t i = 0; i < c->changes.n; i++) {
		c->pending[i + 1] = c->pending[i] + stays(&c->decisions[i]);
		c->done += c->decisions[i].verdict == VERDICT_DO;
		c->dropped += c->decisions[i].verdict == VERDICT_DROP;
		c->skipped += c->decisions[i].verdict == VERDICT_SKIP;
		c->refused += c->decisions[i].verdict == VERDICT_REFUSE;
	}
}

/* Where the directory of all sandboxes is; NULL if it cannot be known. */
static const char *find_home(const struct store *s)
{
	char path[PATH_MAX];
	ssize_t n = readlink(pool_printf(s->pool, "/proc/self/fd/%d", s->home), path, sizeof(path));

	return n > 0 && n < (ssize_t)sizeof(path) ? pool_strndup(s->pool, path, (size_t)n) : NULL;
}

int commit_decide(struct commit *c, struct err *e)
{
	c->home = find_home(c->store);
	for (size_t i = 0; i < c->changes.n; i++) {
		if (decide_one(c, i, e))
			return -1;
	}
	for (size_t i = 0; i < c->changes.n; i++) {
		if (makes_directory(&c->changes.v[i]))
			bind_to_new(c, i);
	}
	for (size_t i = c->changes.n; i-- > 0;) {
		if (removes_directory(&c->changes.v[i]))
			bind_to_removed(c, i);
	}
	if (check_rights(c, e))
		return -1;
	count(c);
	return 0;
}
