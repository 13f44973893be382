/* SPDX-License-Identifier: MIT */
/* `sandbox changes NAME [PATH...]`: what a sandbox has changed, and whether the host has meanwhile. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/changes.h"
#include "cli/diff.h"

/* As git has them; `m` is for what git does not follow. */
static const struct {
	char letter;
	const char *color, *word; /* in the summary */
} kinds[] = {
	[CHANGE_ADDED] = {'A', "\033[32m", "added"},
	[CHANGE_MODIFIED] = {'M', "\033[33m", "modified"},
	[CHANGE_DELETED] = {'D', "\033[31m", "deleted"},
	[CHANGE_TYPE] = {'T', "\033[35m", "type changed"},
	[CHANGE_META] = {'m', "\033[36m", "metadata only"},
};

static const struct {
	enum change_flag flag;
	const char *name, *remark;
} flags[] = {
	{FLAG_EXECUTED, "executed", "runs later on the host"},
	{FLAG_SETID, "setid", "set-user-ID or set-group-ID is dropped by commit"},
	{FLAG_CAPABILITY, "capability", "file capabilities are dropped by commit"},
	{FLAG_DEVICE, "device", "a device node: not committed"},
	{FLAG_SOCKET, "socket", "a socket: not committed"},
	{FLAG_OWNER, "owner", "of another user inside: becomes yours"},
	{FLAG_LINKS, "links", "has other names on the host, which keep the old content"},
	{FLAG_UNREADABLE, "unreadable", "the host's cannot be read"},
};

static const char *const conflicts[] = {
	[CONFLICT_NONE] = NULL,
	[CONFLICT_MODIFIED] = "conflict: changed on the host too",
	[CONFLICT_DELETED] = "conflict: deleted on the host meanwhile",
	[CONFLICT_ADDED] = "conflict: made on the host meanwhile",
	[CONFLICT_UNKNOWN] = "conflict: the host may have changed it while the sandbox ran",
};

const char *node_type_name(enum node_type type)
{
	static const char *const names[] = {
		[NODE_NONE] = "nothing",    [NODE_FILE] = "file", [NODE_DIRECTORY] = "directory",
		[NODE_SYMLINK] = "symlink", [NODE_FIFO] = "fifo", [NODE_SOCKET] = "socket",
		[NODE_DEVICE] = "device"};

	return names[type];
}

/* --- one change as text --- */

struct remarks {
	struct pool *pool;
	const char *text;
};

static void remark(struct remarks *r, const char *text)
{
	r->text = pool_printf(r->pool, "%s%s%s", r->text, *r->text ? ", " : "", text);
}

/* What differs where the content does not. */
static void remark_metadata(struct remarks *r, const struct change *c)
{
	bool same_mode = c->before.mode == c->after.mode;
	bool touched = c->after.type == NODE_FILE && c->before.mtime != c->after.mtime;

	if (c->kind == CHANGE_META && touched)
		remark(r, "time");
	if (c->kind == CHANGE_META && same_mode && !touched && !(c->flags & FLAG_OWNER))
		remark(r, "extended attributes");
}

const char *changes_remarks(struct pool *pool, const struct change *c)
{
	const struct node *a = &c->before, *b = &c->after;
	struct remarks r = {pool, ""};

	if (b->type == NODE_FIFO && c->kind == CHANGE_ADDED)
		remark(&r, "a fifo");
	if (c->kind == CHANGE_TYPE)
		remark(&r, pool_printf(pool, "%s -> %s", node_type_name(a->type),
				       node_type_name(b->type)));
	if (a->type == b->type && a->mode != b->mode && b->type != NODE_SYMLINK)
		remark(&r,
		       pool_printf(pool, "mode %o -> %o", (unsigned)a->mode, (unsigned)b->mode));
	remark_metadata(&r, c);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (c->flags & flags[i].flag)
			remark(&r, flags[i].remark);
	}
	if (c->conflict)
		remark(&r, conflicts[c->conflict]);
	return *r.text ? pool_printf(pool, " (%s)", r.text) : "";
}

static const char *shown_path(struct store_words *w, const struct store *s, const struct change *c)
{
	enum node_type type = c->after.type ? c->after.type : c->before.type;

	return pool_printf(&w->pool, "%s%s", store_shown_path(w, s, c),
			   type == NODE_DIRECTORY ? "/" : "");
}

const char *changes_line(struct store_words *w, const struct store *s, const struct change *c,
			 bool color)
{
	const struct node *n = c->after.type ? &c->after : &c->before;
	const char *path = shown_path(w, s, c), *remarks = changes_remarks(&w->pool, c);
	const char *target =
		n->type == NODE_SYMLINK && c->after.type
			? pool_printf(&w->pool, " -> %s", str_safe(&w->pool, n->target))
			: "";
	const char *alarm = c->conflict || c->flags & FLAG_EXECUTED ? "\033[1;31m" : "";

	return pool_printf(&w->pool, "%s%c %s%s%s%s%s%s", color ? kinds[c->kind].color : "",
			   kinds[c->kind].letter, path, target, color ? "\033[0m" : "",
			   color ? alarm : "", remarks, color && *alarm ? "\033[0m" : "");
}

/* --- all of them --- */

struct changes_count changes_count(const change_vec *changes)
{
	struct changes_count n = {.all = changes->n};

	for (size_t i = 0; i < changes->n; i++) {
		n.kinds[changes->v[i].kind]++;
		n.conflicts += changes->v[i].conflict != CONFLICT_NONE;
	}
	return n;
}

const char *changes_summary(struct pool *pool, const struct changes_count *n)
{
	struct remarks r = {pool, ""};

	if (n->all == 0)
		return "no changes";
	for (size_t i = 0; i <= CHANGE_META; i++) {
		if (n->kinds[i])
			remark(&r, pool_printf(pool, "%zu %s", n->kinds[i], kinds[i].word));
	}
	if (n->conflicts)
		remark(&r, pool_printf(pool, "%zu conflict%s", n->conflicts,
				       n->conflicts == 1 ? "" : "s"));
	return pool_printf(pool, "%zu change%s: %s", n->all, n->all == 1 ? "" : "s", r.text);
}

static int print_text(struct store_words *w, const struct store *s, const change_vec *changes)
{
	const struct changes_count n = changes_count(changes);
	bool color = cli_wants_color();

	for (size_t i = 0; i < changes->n; i++)
		puts(changes_line(w, s, &changes->v[i], color));
	puts(changes_summary(&w->pool, &n));
	return 0;
}

/* --- JSON --- */

static void json_node(struct jsonw *j, const char *key, const struct node *n, bool with_owner)
{
	char mode[8];

	if (n->type == NODE_NONE) {
		jsonw_string(j, key, NULL);
		return;
	}
	jsonw_open(j, key, '{');
	jsonw_string(j, "type", node_type_name(n->type));
	snprintf(mode, sizeof(mode), "%04o", (unsigned)n->mode & 07777);
	jsonw_string(j, "mode", mode);
	/* Those of a directory are its file system's and of whatever last made an entry in it. */
	if (n->type != NODE_DIRECTORY) {
		jsonw_number(j, "size", n->size);
		jsonw_number(j, "mtime", n->mtime);
	}
	if (n->type == NODE_SYMLINK)
		jsonw_string(j, "target", n->target);
	if (with_owner) {
		jsonw_number(j, "uid", n->uid);
		jsonw_number(j, "gid", n->gid);
	}
	jsonw_close(j, '}');
}

void changes_json(struct jsonw *j, const struct store *s, const struct change *c)
{
	jsonw_string(j, "path", change_path(s, c));
	jsonw_string(j, "tree", s->trees.v[c->tree].path);
	jsonw_string(j, "kind", change_kind_name(c->kind));
	json_node(j, "before", &c->before, c->flags & FLAG_OWNER);
	json_node(j, "after", &c->after, c->flags & FLAG_OWNER);
	jsonw_string(j, "conflict", conflict_name(c->conflict));
	jsonw_open(j, "flags", '[');
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (c->flags & flags[i].flag)
			jsonw_string(j, NULL, flags[i].name);
	}
	jsonw_close(j, ']');
}

static int print_json(const struct store *s, const change_vec *changes)
{
	const struct changes_count n = changes_count(changes);
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "name", s->name);
	jsonw_open(&j, "trees", '[');
	for (size_t i = 0; i < s->trees.n; i++) {
		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "path", s->trees.v[i].path);
		jsonw_string(&j, "backend", s->trees.v[i].fuse ? "fuse" : "kernel");
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_open(&j, "changes", '[');
	for (size_t i = 0; i < changes->n; i++) {
		jsonw_open(&j, NULL, '{');
		changes_json(&j, s, &changes->v[i]);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_open(&j, "summary", '{');
	for (int i = 0; i <= CHANGE_META; i++)
		jsonw_number(&j, change_kind_name((enum change_kind)i), (int64_t)n.kinds[i]);
	jsonw_number(&j, "conflicts", (int64_t)n.conflicts);
	jsonw_close(&j, '}');
	jsonw_close(&j, '}');
	return 0;
}

/* --- diff and statistics --- */

static int print_diff(struct store_words *w, const struct store *s, const change_vec *changes,
		      struct err *e)
{
	struct diff d;
	int rc = diff_begin(&d, w, s, e);

	for (size_t i = 0; i < changes->n && rc == 0; i++)
		rc = diff_print(&d, &changes->v[i], e);
	diff_end(&d);
	return rc;
}

struct totals {
	size_t added, removed;
	int64_t bytes;
};

static off_t size_of(const struct node *n)
{
	return n->type == NODE_FILE || n->type == NODE_SYMLINK ? n->size : 0;
}

static void print_stat_line(struct store_words *w, const struct store *s, const struct change *c,
			    const struct diff_lines *lines, int width)
{
	off_t before = size_of(&c->before), after = size_of(&c->after);
	const char *path = shown_path(w, s, c);
	int columns = (int)str_columns(path);

	printf(" %c %s%*s |", kinds[c->kind].letter, path, width > columns ? width - columns : 0,
	       "");
	if (before || after || lines->counted)
		printf(" %lld -> %lld bytes", (long long)before, (long long)after);
	if (lines->counted)
		printf(", +%zu -%zu lines", lines->added, lines->removed);
	putchar('\n');
}

static int count_lines(struct store_words *w, const struct store *s, const change_vec *changes,
		       struct diff_lines *ret, struct err *e)
{
	struct diff d;
	int rc = diff_begin(&d, w, s, e);

	for (size_t i = 0; i < changes->n && rc == 0; i++) {
		rc = diff_count(&d, &changes->v[i], &ret[i], e);
		if (s->progress)
			s->progress(s->progress_context, "counting lines", i, changes->n);
	}
	diff_end(&d);
	store_hide_progress();
	return rc;
}

static int print_stat(struct store_words *w, const struct store *s, const change_vec *changes,
		      struct err *e)
{
	struct diff_lines *lines = pool_alloc(&w->pool, (changes->n + 1) * sizeof(*lines));
	const struct changes_count n = changes_count(changes);
	struct totals t = {0};
	int width = 0;

	if (count_lines(w, s, changes, lines, e))
		return -1;
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];
		int length = (int)str_columns(shown_path(w, s, c));

		width = length > width && length < 60 ? length : width;
		t.bytes += size_of(&c->after) - size_of(&c->before);
		t.added += lines[i].counted ? lines[i].added : 0;
		t.removed += lines[i].counted ? lines[i].removed : 0;
	}
	for (size_t i = 0; i < changes->n; i++)
		print_stat_line(w, s, &changes->v[i], &lines[i], width);
	printf(" %s; +%zu -%zu lines, %+lld bytes\n", changes_summary(&w->pool, &n), t.added,
	       t.removed, (long long)t.bytes);
	return 0;
}

/* As `commit` and the others take them. */
static int print_names(struct store_words *w, const struct store *s, const change_vec *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		puts(store_shown_path(w, s, &changes->v[i]));
	return 0;
}

/* --- the command --- */

static int show(struct store_words *w, struct store *s, struct err *e)
{
	change_vec changes = {0};
	str_vec paths = {0};

	if (changes_read(s, &changes, e) || store_paths(w, s, &paths, e) ||
	    changes_select(s, &changes, &paths, e))
		return -1;
	store_hide_progress();
	if (w->flags & STORE_JSON)
		return print_json(s, &changes);
	if (w->flags & STORE_DIFF)
		return print_diff(w, s, &changes, e);
	if (w->flags & STORE_STAT)
		return print_stat(w, s, &changes, e);
	if (w->flags & STORE_NAMES)
		return print_names(w, s, &changes);
	return print_text(w, s, &changes);
}

static int run(struct store_words *w, struct err *e)
{
	uint32_t form = w->flags & (STORE_JSON | STORE_DIFF | STORE_STAT | STORE_NAMES);
	struct store s;
	int rc;

	if (form & (form - 1))
		return err_set(
			e,
			"changes: --json, --diff, --stat and --names are four forms: choose one");
	if (store_enter(w, w->names.v[0], false, &s, e))
		return -1;
	rc = show(w, &s, e);
	store_done(&s);
	return rc;
}

int cmd_changes(int argc, char **argv)
{
	return store_command(ARGUMENTS_NAME_PATHS, run, argc, argv);
}
