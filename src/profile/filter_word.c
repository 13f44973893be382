/* SPDX-License-Identifier: MIT */
/* One word of SystemCallFilter=: see filter_word.h. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/seccomp.h"
#include "profile/filter_word.h"
#include "profile/groups.h"

enum { ERRNO_MAX = 4095 }; /* the kernel's own limit for what a filter may answer */

struct names {
	struct pool pool;
	vec_of(const char *) v;
};

static const char *name_at(size_t i, const void *ctx)
{
	const struct names *names = ctx;

	return i < names->v.n ? names->v.v[i] : NULL;
}

static const char *group_name_at(size_t i, const void *ctx)
{
	const struct group *group = group_at(i);

	(void)ctx;
	return group ? group->name : NULL;
}

static void suggest_call(const char *name, struct err *e)
{
	struct names names = {0};
	const struct group *group;
	const char *near;
	size_t len;

	for (size_t i = 0; (group = group_at(i)); i++) {
		const char *at = group->members, *word;

		while ((word = group_next(&at, &len)))
			if (*word != '@')
				*vec_add(&names.pool, &names.v) =
					pool_strndup(&names.pool, word, len);
	}
	near = nearest(name, name_at, &names);
	if (near)
		err_hint(e, "did you mean %s?", near);
	pool_done(&names.pool);
}

static int check_group(const char *name, struct err *e)
{
	const char *near;

	if (group_find(name))
		return 0;
	err_set(e, "unknown group of system calls '%s'", name);
	near = nearest(name, group_name_at, NULL);
	if (near)
		err_hint(e, "did you mean %s?", near);
	return -1;
}

static int check_call(const char *name, struct err *e)
{
	char group[64];

	if (group_has_call(name) || seccomp_known(name))
		return 0;
	err_set(e, "unknown system call '%s'", name);
	group[0] = '@';
	group[1] = '\0';
	strncat(group, name, sizeof(group) - 2);
	if (group_find(group))
		return err_hint(e, "did you mean the group %s?", group);
	suggest_call(name, e);
	return -1;
}

int filter_errno_parse(const char *text, struct err *e)
{
	int error;

	if (*text >= '0' && *text <= '9') {
		char *end;
		unsigned long number = strtoul(text, &end, 10);

		if (*end == '\0' && number >= 1 && number <= ERRNO_MAX)
			return (int)number;
		return err_set(e, "'%s' is not an error number from 1 to %d", text, ERRNO_MAX);
	}
	error = seccomp_errno(text);
	if (error < 0) {
		err_set(e, "unknown error '%s'", text);
		return err_hint(e, "a name like EPERM or ENOSYS");
	}
	return error;
}

int filter_word_parse(struct pool *pool, const char *word, struct filter_word *ret, struct err *e)
{
	struct filter_word w = {0};
	const char *colon;

	w.take_away = *word == '~';
	if (w.take_away)
		word++;
	colon = strchrnul(word, ':');
	w.group = *word == '@';
	w.name = pool_strndup(pool, word, (size_t)(colon - word));
	if (!*w.name || strcmp(w.name, "@") == 0)
		return err_set(e, "'%s' names no system call", word);
	if ((w.group ? check_group(w.name, e) : check_call(w.name, e)) < 0)
		return -1;
	if (*colon) {
		w.error = filter_errno_parse(colon + 1, e);
		if (w.error < 0)
			return -1;
	}
	*ret = w;
	return 0;
}
