/* SPDX-License-Identifier: MIT */
/* Hosts of pip: its files, which Python's configparser reads, and PIP_* of the environment. */
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "host/sources.h"

/* Changes the text. */
static void set(struct sources *s, const char *key, char *value, const char *file, int line)
{
	struct sources_address address;
	bool is_index = str_eq(key, "index-url");
	char *word;

	if (str_eq(key, "proxy")) {
		value = sources_trim(value);
		if (sources_proxy(value, 80, &address) == 0)
			sources_add(s, &address, file, line);
	} else if (str_eq(key, "no-index")) {
		value = sources_trim(value);
		if (strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 ||
		    strcasecmp(value, "on") == 0 || str_eq(value, "1"))
			s->replaced = true;
	} else if (is_index || str_eq(key, "extra-index-url") || str_eq(key, "find-links")) {
		while ((word = sources_word(&value))) {
			s->replaced = s->replaced || is_index;
			sources_add_url(s, word, file, line);
		}
	}
}

static bool is_section(const char *line)
{
	return str_begins(line, "[global]") || str_begins(line, "[install]") ||
	       str_begins(line, "[download]");
}

/* KEY=VALUE or KEY: VALUE; the value, or NULL. The key as pip compares it: --Index_URL is index-url. */
static char *split(char *line, const char **key)
{
	char *value = line + strcspn(line, "=:"), *name;

	if (!*value)
		return NULL;
	*value++ = '\0';
	name = sources_trim(line);
	if (str_begins(name, "--"))
		name += 2;
	for (char *c = name; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (*c == '_')
			*c = '-';
	}
	*key = name;
	return value;
}

/* A line that is indented more than its key goes on with the key's value. */
void sources_parse_pip(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	const char *key = NULL;
	size_t indent = 0;
	bool inside = false;
	char *line;

	while ((line = sources_line(&lines))) {
		size_t n = strspn(line, " \t");
		char *value = line + n;

		if (!*value || *value == '#' || *value == ';')
			continue;
		if (!key || n <= indent) {
			key = NULL;
			indent = n;
			if (*value == '[') {
				inside = is_section(value);
				continue;
			}
			value = split(value, &key);
		}
		if (inside && key && value)
			set(s, key, value, file, lines.number);
	}
}

static void read_environment(struct sources *s)
{
	static const char *const table[][2] = {
		{"PIP_INDEX_URL", "index-url"}, {"PIP_EXTRA_INDEX_URL", "extra-index-url"},
		{"PIP_NO_INDEX", "no-index"},	{"PIP_FIND_LINKS", "find-links"},
		{"PIP_PROXY", "proxy"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *value = host_getenv(s->h, table[i][0]);

		if (value)
			set(s, table[i][1], pool_strdup(s->h->pool, value),
			    pool_printf(s->h->pool, "$%s", table[i][0]), 0);
	}
}

static int read_in(struct sources *s, const char *dir, const char *path, enum sources_trust trust,
		   struct err *e)
{
	if (!dir)
		return 0;
	return sources_file(s, path_join(s->h->pool, dir, path), trust, sources_parse_pip, e);
}

int sources_read_pip(struct sources *s, struct err *e)
{
	const char *file = sources_path_of(s, "PIP_CONFIG_FILE");

	read_environment(s);
	/* So the tool is told to read none at all. */
	if (file && str_eq(file, "/dev/null"))
		return 0;
	if (file && sources_file(s, file, SOURCES_CALLER, sources_parse_pip, e))
		return -1;
	/* In a project it belongs to the project. */
	if (read_in(s, sources_path_of(s, "VIRTUAL_ENV"), "pip.conf", SOURCES_OUTSIDE, e))
		return -1;
	file = sources_in_config(s, "pip/pip.conf");
	if (file && sources_file(s, file, SOURCES_CALLER, sources_parse_pip, e))
		return -1;
	if (read_in(s, s->h->home, ".pip/pip.conf", SOURCES_CALLER, e) ||
	    read_in(s, "/etc/xdg", "pip/pip.conf", SOURCES_SYSTEM, e) ||
	    read_in(s, "/etc", "pip.conf", SOURCES_SYSTEM, e))
		return -1;
	return 0;
}
