/* SPDX-License-Identifier: MIT */
/* Hosts of cargo: config.toml of its home, as much of TOML as it takes, CARGO_* of the environment. */
#include <string.h>

#include "base/path.h"
#include "host/sources.h"

enum { DEPTH = 4 };

/* source."crates-io".replace-with */
struct toml_key {
	const char *part[DEPTH];
	size_t n;
};

static void skip_blank(char **s)
{
	*s += strspn(*s, " \t");
}

/* "..." or '...'; NULL if it does not end on this line, or has escapes, which no URL needs. */
static const char *toml_string(char **s)
{
	char *text = *s + 1, *end = strchr(text, **s);

	if (!end || end[1] == **s)
		return NULL;
	if (**s == '"' && memchr(text, '\\', (size_t)(end - text)))
		return NULL;
	*end = '\0';
	*s = end + 1;
	return text;
}

/* Adds the parts at *s to the key; false if there is none, or are too many. */
static bool toml_key(struct pool *p, char **s, struct toml_key *key)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (;;) {
		const char *part;

		skip_blank(s);
		if (**s == '"' || **s == '\'') {
			part = toml_string(s);
		} else {
			size_t n = strspn(*s, bare);

			part = n ? pool_strndup(p, *s, n) : NULL;
			*s += n;
		}
		if (!part || key->n == DEPTH)
			return false;
		key->part[key->n++] = part;
		skip_blank(s);
		if (**s != '.')
			return true;
		++*s;
	}
}

static void set(struct sources *s, const struct toml_key *key, const char *value, const char *file,
		int line)
{
	const char *last = key->part[key->n - 1], *rest;
	struct sources_address address;

	if (key->n == 2 && str_eq(key->part[0], "http") && str_eq(last, "proxy")) {
		/* libcurl's port of a proxy that has none: CURLOPT_PROXY(3). */
		if (sources_proxy(value, 1080, &address) == 0)
			sources_add(s, &address, file, line);
		return;
	}
	if (key->n != 3)
		return;
	if (str_eq(key->part[0], "source")) {
		if (str_eq(key->part[1], "crates-io") && *value)
			s->replaced = true;
		if (!str_eq(last, "registry") && !str_eq(last, "git"))
			return;
	} else if (!str_eq(key->part[0], "registries") || !str_eq(last, "index")) {
		return;
	}
	rest = str_after(value, "sparse+");
	rest = rest ? rest : str_after(value, "registry+");
	sources_add_url(s, rest ? rest : value, file, line);
}

/* KEY = "VALUE", or KEY = { KEY = "VALUE", ... }: as deep as a key has parts. False: not understood. */
static bool toml_pair(struct sources *s, struct toml_key key, char **at, const char *file, int line)
{
	const char *value;

	if (!toml_key(s->h->pool, at, &key) || **at != '=')
		return false;
	++*at;
	skip_blank(at);
	if (**at == '"' || **at == '\'') {
		value = toml_string(at);
		if (value)
			set(s, &key, value, file, line);
		return value != NULL;
	}
	if (**at != '{')
		return false;
	do {
		++*at;
		if (!toml_pair(s, key, at, file, line))
			return false;
		skip_blank(at);
	} while (**at == ',');
	if (**at != '}')
		return false;
	++*at;
	return true;
}

/* [a.b.c]; of one that is not understood no key is either. */
static struct toml_key toml_section(struct pool *p, char *line)
{
	struct toml_key section = {0};
	char *at = line + 1;

	if (!toml_key(p, &at, &section) || *at != ']')
		section.n = DEPTH;
	return section;
}

void sources_parse_cargo(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	struct toml_key section = {0};
	char *line;

	while ((line = sources_line(&lines))) {
		skip_blank(&line);
		if (*line == '[')
			section = toml_section(s->h->pool, line);
		else if (*line && *line != '#')
			(void)toml_pair(s, section, &line, file, lines.number);
	}
}

/* CARGO_REGISTRIES_NAME_INDEX=URL. */
static bool is_registry(const char *variable, size_t n)
{
	static const char begin[] = "CARGO_REGISTRIES_", end[] = "_INDEX";

	return n > strlen(begin) + strlen(end) && str_begins(variable, begin) &&
	       strncmp(variable + n - strlen(end), end, strlen(end)) == 0;
}

static void read_environment(struct sources *s)
{
	struct toml_key registry = {{"registries", "", "index"}, 3};
	struct toml_key proxy = {{"http", "proxy"}, 2};

	for (const char *const *v = s->h->environment; v && *v; v++) {
		size_t n = strcspn(*v, "=");
		const char *name = pool_printf(s->h->pool, "$%.*s", (int)n, *v);

		if (!(*v)[n])
			continue;
		if (is_registry(*v, n))
			set(s, &registry, *v + n + 1, name, 0);
		else if (str_eq(name, "$CARGO_HTTP_PROXY"))
			set(s, &proxy, *v + n + 1, name, 0);
	}
}

int sources_read_cargo(struct sources *s, struct err *e)
{
	const char *home = sources_path_of(s, "CARGO_HOME");

	read_environment(s);
	if (!home && s->h->home)
		home = path_join(s->h->pool, s->h->home, ".cargo");
	if (!home)
		return 0;
	if (sources_file(s, path_join(s->h->pool, home, "config.toml"), SOURCES_CALLER,
			 sources_parse_cargo, e) ||
	    sources_file(s, path_join(s->h->pool, home, "config"), SOURCES_CALLER,
			 sources_parse_cargo, e))
		return -1;
	return 0;
}
