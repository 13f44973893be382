/* SPDX-License-Identifier: MIT */
/* The paths that a profile names, expanded: what the host has there is looked up before the plan is
 * made. */
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/plan.h"

static int path_err(const struct profile *p, const struct value *v, struct err *e, const char *what,
		    const char *why)
{
	err_set(e, "%s: %s: %s", origin_text(p->pool, v->at), str_safe(p->pool, what), why);
	e->located = v->at.line > 0;
	return -1;
}

const char *plan_expand_path(const struct profile *p, const struct host *h, const struct value *v,
			     const char *path, struct err *e)
{
	if (*path == '/')
		return path_join(p->pool, "/", path);
	if (*path == '~' && (path[1] == '/' || path[1] == '\0')) {
		if (h->home)
			return path_join(p->pool, h->home, path + 1 + (path[1] == '/'));
		path_err(p, v, e, path, "there is no home directory");
		err_hint(e, "set HOME");
		return NULL;
	}
	if (h->cwd)
		return path_join(p->pool, h->cwd, path);
	path_err(p, v, e, path, "the working directory cannot be used");
	err_hint(e, "%s; cd somewhere else", h->cwd_error);
	return NULL;
}

/* SRC:DST[:ro] into its parts; the syntax has been checked. */
static void split_bind(struct pool *pool, struct path_use *use, const char **source)
{
	const char *text = use->value->text, *colon = strchr(text, ':'),
		   *end = strchr(colon + 1, ':');
	const char *place = end ? pool_strndup(pool, colon + 1, (size_t)(end - colon - 1))
				: colon + 1;

	*source = pool_strndup(pool, text, (size_t)(colon - text));
	use->place.path = path_join(pool, "/", place);
	use->read_only = use->key == KEY_BIND_READ_ONLY || end;
}

static int add_use(const struct profile *p, const struct host *h, enum key_id key,
		   const struct value *v, path_use_vec *ret, struct err *e)
{
	struct path_use use = {.key = key, .value = v, .read_only = key == KEY_READ_ONLY};
	const char *path = v->text, *colon;

	if (keys[key].type == TYPE_BINDS)
		split_bind(p->pool, &use, &path);
	if (keys[key].type == TYPE_TMPFS && (colon = strrchr(path, ':'))) {
		str_size(colon + 1, &use.size);
		path = pool_strndup(p->pool, path, (size_t)(colon - path));
	}
	if (v->optional && *path == '~' && !h->home)
		return 0;
	use.source.path = plan_expand_path(p, h, v, path, e);
	if (!use.source.path)
		return -1;
	if (use.place.path && path_has_dotdot(use.place.path))
		return path_err(p, v, e, use.place.path,
				"the place inside must not have \"..\" in it");
	*vec_add(p->pool, ret) = use;
	return 0;
}

/* A scalar that is a path of the host. */
static int add_scalar(const struct profile *p, const struct host *h, enum key_id key,
		      path_use_vec *ret, struct err *e)
{
	const struct setting *s = &p->s[key];
	struct value *v;

	if (!s->set || (key == KEY_ROOT && s->number != ROOT_PATH))
		return 0;
	v = pool_alloc(p->pool, sizeof(*v));
	*v = (struct value){.text = s->text, .at = s->at};
	return add_use(p, h, key, v, ret, e);
}

int plan_uses(const struct profile *profile, const struct host *host, path_use_vec *ret,
	      struct err *e)
{
	if (add_scalar(profile, host, KEY_ROOT, ret, e) ||
	    add_scalar(profile, host, KEY_WORKING_DIRECTORY, ret, e))
		return -1;
	for (int id = 0; id < KEY_COUNT; id++) {
		enum key_type type = keys[id].type;

		if (type != TYPE_PATHS && type != TYPE_BINDS && type != TYPE_TMPFS)
			continue;
		for (size_t i = 0; i < profile->s[id].list.n; i++) {
			if (add_use(profile, host, (enum key_id)id, &profile->s[id].list.v[i], ret,
				    e))
				return -1;
		}
	}
	return 0;
}

bool plan_in_view(const path_use_vec *uses, const char *path)
{
	bool in_view = true;
	size_t longest = 0;

	if (path_within(path, "/proc") || path_within(path, "/dev") || path_within(path, "/sys"))
		return false;
	for (size_t i = 0; i < uses->n; i++) {
		const struct path_use *u = &uses->v[i];
		const char *dir = u->source.real ? u->source.real : u->source.path;
		bool shown = u->key != KEY_INACCESSIBLE && u->key != KEY_TMPFS;
		size_t n = strlen(dir);

		/* What is bound elsewhere is in view there, whatever is said of where it comes from. */
		if (keys[u->key].type == TYPE_BINDS && path_within(path, dir))
			return true;
		if (!path_within(path, dir) || n < longest)
			continue;
		/* Which of two on the same place counts is settled later; it is worth a look. */
		in_view = n == longest ? in_view || shown : shown;
		longest = n;
	}
	return in_view;
}

bool plan_use_is_writable_tree(const struct path_use *use)
{
	return use->source.kind == PATH_DIRECTORY && !use->read_only &&
	       (use->key == KEY_READ_WRITE || use->key == KEY_BIND);
}
