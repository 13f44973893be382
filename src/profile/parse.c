/* SPDX-License-Identifier: MIT */
/*
 * The text of a profile: sections, `Key=value` lines, comments (# and ;) and lines that go on
 * behind a backslash. The file is read twice: first for Inherit=, because parents come first, then
 * for everything else.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "profile/profile.h"

const char *origin_text(struct pool *p, struct origin at)
{
	return at.line > 0 ? pool_printf(p, "%s:%d", str_safe(p, at.file), at.line) : at.file;
}

int profile_err(struct profile *p, struct origin at, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, "%s: %s", origin_text(p->pool, at), str_safe(p->pool, text));
	e->located = at.line > 0;
	return -1;
}

struct reader {
	const char *next, *end;
	int line; /* of the logical line that was read last: where it begins */
	int lines;
	vec_of(char) joined; /* of a continued line */
};

static char *trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

static void append(struct reader *r, struct pool *pool, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*vec_add(pool, &r->joined) = text[i];
}

/*
 * The next logical line, trimmed, or NULL at the end. A comment inside a continued line does not end
 * it.
 */
static char *read_line(struct reader *r, struct pool *pool)
{
	bool more = false;

	r->joined.n = 0;
	while (r->next < r->end) {
		const char *stop = memchr(r->next, '\n', (size_t)(r->end - r->next));
		size_t n = (size_t)((stop ? stop : r->end) - r->next);
		char *part = trim(pool_strndup(pool, r->next, n)), *line;
		size_t length = strlen(part);

		r->next += n + (stop != NULL);
		r->lines++;
		if (!more)
			r->line = r->lines;
		if (*part == '#' || *part == ';')
			continue;
		more = length && part[length - 1] == '\\';
		if (more)
			part[length - 1] = ' ';
		append(r, pool, part, length);
		if (more)
			continue;
		line = trim(pool_strndup(pool, r->joined.v ? r->joined.v : "", r->joined.n));
		r->joined.n = 0;
		if (*line)
			return line;
	}
	return r->joined.n ? trim(pool_strndup(pool, r->joined.v, r->joined.n)) : NULL;
}

static int read_section(struct profile *p, char *line, struct origin at, const char **ret,
			struct err *e)
{
	size_t n = strlen(line);
	const char *likely;

	if (line[n - 1] != ']')
		return profile_err(p, at, e, "a section is written [Name]");
	line[n - 1] = '\0';
	*ret = line + 1;
	if (key_section_exists(line + 1))
		return 0;
	profile_err(p, at, e, "unknown section [%s]", line + 1);
	likely = key_nearest_section(line + 1);
	return likely ? err_hint(e, "did you mean [%s]?", likely) : -1;
}

static int find_key(struct profile *p, const char *section, const char *name, struct origin at,
		    struct err *e)
{
	int id = key_find(section, name), elsewhere = key_find(NULL, name);
	const char *likely;

	if (id >= 0)
		return id;
	profile_err(p, at, e, "unknown key %s in [%s]", name, section);
	if (elsewhere >= 0)
		return err_hint(e, "it belongs into [%s]", keys[elsewhere].section);
	likely = key_nearest(section, name);
	return likely ? err_hint(e, "did you mean %s?", likely) : -1;
}

static int inherit_all(struct profile *p, const struct profile_text *t, const char *value,
		       struct origin at, struct err *e)
{
	str_vec names = {0};
	const char *reason = str_words(p->pool, value, &names);

	if (reason)
		return profile_err(p, at, e, "%s", reason);
	for (size_t i = 0; i < names.n; i++) {
		if (!t->inherit)
			return profile_err(p, at, e, "Inherit= is not possible here");
		if (t->inherit(p, names.v[i], at, t->context, e))
			return -1;
	}
	return 0;
}

/* One `Key=value` line. `seen` holds where a scalar stood before in this file. */
static int read_assignment(struct profile *p, const struct profile_text *t, const char *section,
			   char *line, struct origin at, bool parents, int *seen, struct err *e)
{
	char *equals = strchr(line, '='), *value;
	int id;

	if (!equals)
		return profile_err(p, at, e, "expected Key=value, found \"%.60s\"", line);
	if (!section)
		return profile_err(p, at, e, "a key before the first [Section]");
	*equals = '\0';
	value = trim(equals + 1);
	id = find_key(p, section, trim(line), at, e);
	if (id < 0)
		return -1;
	if (parents != (id == KEY_INHERIT))
		return 0;
	if (!key_is_list((enum key_id)id) && seen[id])
		return profile_err(p, at, e, "%s= stands twice in this file (first in line %d)",
				   keys[id].name, seen[id]);
	seen[id] = at.line;
	if (parents && inherit_all(p, t, value, at, e))
		return -1;
	return profile_set(p, (enum key_id)id, value, at, e);
}

static int parse_pass(struct profile *p, const struct profile_text *t, bool parents, struct err *e)
{
	struct reader r = {.next = t->text, .end = t->text + t->length};
	int seen[KEY_COUNT] = {0};
	const char *section = NULL;
	char *line;

	while ((line = read_line(&r, p->pool))) {
		struct origin at = {t->file, r.line};
		int rc = *line == '[' ? read_section(p, line, at, &section, e)
				      : read_assignment(p, t, section, line, at, parents, seen, e);

		if (rc)
			return rc;
	}
	return 0;
}

int profile_parse(struct profile *p, const struct profile_text *t, struct err *e)
{
	const char *nul = memchr(t->text, '\0', t->length);

	if (nul) {
		int line = 1;

		for (const char *c = t->text; c < nul; c++)
			line += *c == '\n';
		return profile_err(p, (struct origin){t->file, line}, e,
				   "a NUL byte: this is not a text file");
	}
	if (parse_pass(p, t, true, e))
		return -1;
	return parse_pass(p, t, false, e);
}
