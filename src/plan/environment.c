/* SPDX-License-Identifier: MIT */
/* The environment of the program: an allow-list of the caller's, and what the profile sets. */
#include <string.h>

#include "base/str.h"
#include "plan/plan.h"

static size_t name_length(const char *assignment)
{
	return strcspn(assignment, "=");
}

static void set_assignment(struct plan *p, const char **list, const char *assignment)
{
	size_t n = name_length(assignment);

	for (size_t i = 0; i < p->n_environment; i++) {
		if (name_length(list[i]) == n && memcmp(list[i], assignment, n) == 0) {
			list[i] = assignment;
			return;
		}
	}
	list[p->n_environment++] = assignment;
}

static bool has_variable(const struct plan *p, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < p->n_environment; i++) {
		if (name_length(p->environment[i]) == n && memcmp(p->environment[i], name, n) == 0)
			return true;
	}
	return false;
}

/* Unless the profile has passed it. */
static void set_variable(struct plan *p, const char **list, const char *name, const char *value)
{
	if (value && !has_variable(p, name))
		set_assignment(p, list, pool_printf(p->pool, "%s=%s", name, value));
}

static bool is_passed(const struct profile *profile, const char *name)
{
	const struct setting *s = &profile->s[KEY_PASS_ENVIRONMENT];

	for (size_t i = 0; i < s->list.n; i++) {
		if (str_matches(name, s->list.v[i].text))
			return true;
	}
	return false;
}

static bool has_directory(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	for (const char *at = strstr(path, dir); at; at = strstr(at + 1, dir)) {
		if ((at == path || at[-1] == ':') && (at[n] == ':' || !at[n]))
			return true;
	}
	return false;
}

/* A normal user's PATH has no sbin; dpkg refuses to work without the programs there. */
static void add_root_path(struct plan *p, const char **list)
{
	static const char *const dirs[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};
	const char **path = NULL;

	for (size_t i = 0; i < p->n_environment; i++) {
		if (str_begins(list[i], "PATH="))
			path = &list[i];
	}
	for (size_t i = 0; path && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!has_directory(*path + strlen("PATH="), dirs[i]))
			*path = pool_printf(p->pool, "%s:%s", *path, dirs[i]);
	}
}

/* A tool's variable names hosts that are allowed, and the tool does not see it: it would ask for others. */
static void note_variables(struct plan *p)
{
	const char *last = "";

	for (size_t i = 0; i < p->net.hosts.n; i++) {
		const char *from = p->net.hosts.v[i].from;

		if (!from || *from != '$' || has_variable(p, from + 1) || str_eq(from, last))
			continue;
		last = from;
		*vec_add(p->pool, &p->notes) = pool_printf(
			p->pool, "%s names allowed hosts, and is not passed on (--env %s)", from,
			from + 1);
	}
}

void plan_environment(const struct plan_inputs *in, struct plan *p)
{
	const struct setting *set = &in->profile->s[KEY_ENVIRONMENT];
	const struct host *h = in->host;
	size_t room = set->list.n + 8;
	const char **list;

	for (const char *const *v = h->environment; v && *v; v++)
		room++;
	list = pool_alloc(p->pool, room * sizeof(*list));
	p->environment = list;
	for (const char *const *v = h->environment; v && *v; v++) {
		size_t n = name_length(*v);

		if (n && (*v)[n] == '=' && is_passed(in->profile, pool_strndup(p->pool, *v, n)))
			set_assignment(p, list, *v);
	}
	if (p->identity.kind == IDENTITY_ROOT) {
		add_root_path(p, list);
		set_variable(p, list, "HOME", "/root");
		set_variable(p, list, "USER", "root");
		set_variable(p, list, "LOGNAME", "root");
	} else {
		set_variable(p, list, "HOME", h->home);
		set_variable(p, list, "USER", h->user);
		set_variable(p, list, "LOGNAME", h->user);
	}
	set_variable(p, list, "SHELL", "/bin/sh");
	set_variable(p, list, "PWD", p->working_directory);
	for (size_t i = 0; i < set->list.n; i++)
		set_assignment(p, list, set->list.v[i].text);
	note_variables(p);
}
