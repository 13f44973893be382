/* SPDX-License-Identifier: MIT */
/* Hosts of apt: sources.list(5) in both formats, lists of mirrors, proxies of apt.conf(5). */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "host/sources.h"

static void add_uri(struct sources *s, const char *uri, const char *file, int line)
{
	const char *rest = str_after(uri, "tor+"), *path;

	uri = rest ? rest : uri;
	path = str_after(uri, "mirror+file:");
	if (path) {
		path = path_join(s->h->pool, "/", path);
		for (size_t i = 0; i < s->mirrors.n; i++) {
			if (str_eq(s->mirrors.v[i], path))
				return;
		}
		if (s->mirrors.n < SOURCES_MAX)
			*vec_add(s->h->pool, &s->mirrors) = path;
		return;
	}
	/* apt-transport-mirror(1): mirror:// without more is http. */
	rest = str_after(uri, "mirror+");
	if (!rest && str_begins(uri, "mirror://"))
		rest = pool_printf(s->h->pool, "http%s", uri + strlen("mirror"));
	sources_add_url(s, rest ? rest : uri, file, line);
}

/* deb [OPTION=VALUE ...] URI SUITE COMPONENT... */
void sources_parse_apt_list(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	char *rest;

	while ((rest = sources_line(&lines))) {
		char *word = sources_word(&rest);

		if (!word || (!str_eq(word, "deb") && !str_eq(word, "deb-src")))
			continue;
		rest += strspn(rest, " \t");
		if (*rest == '[') {
			rest += strcspn(rest, "]");
			rest += *rest == ']';
		}
		word = sources_word(&rest);
		if (word)
			add_uri(s, word, file, lines.number);
	}
}

/* apt-transport-mirror(1): URI [KEY:VALUE...]. */
void sources_parse_apt_mirrors(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	char *rest;

	while ((rest = sources_line(&lines))) {
		const char *word = sources_word(&rest);

		if (word)
			sources_add_url(s, word, file, lines.number);
	}
}

/* What apt takes for no: StringToBool() of apt-pkg. */
static bool is_no(const char *value)
{
	static const char *const words[] = {"no", "false", "without", "off", "disable", "0"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(value, words[i]) == 0)
			return true;
	}
	return false;
}

struct stanza_uri {
	const char *text;
	int line;
};
/* Enabled: may stand behind URIs:, so they wait for the end of their stanza. */
struct stanza {
	vec_of(struct stanza_uri) uris;
	bool disabled;
};

static void stanza_end(struct sources *s, struct stanza *stanza, const char *file)
{
	for (size_t i = 0; i < stanza->uris.n && !stanza->disabled; i++)
		add_uri(s, stanza->uris.v[i].text, file, stanza->uris.v[i].line);
	stanza->uris.n = 0;
	stanza->disabled = false;
}

void sources_parse_apt_deb822(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	struct stanza stanza = {0};
	const char *field = "";
	char *line, *word;

	while ((line = sources_line(&lines))) {
		bool continued = *line == ' ' || *line == '\t';

		if (*line == '#')
			continue;
		if (!*sources_trim(line)) {
			stanza_end(s, &stanza, file);
			field = "";
			continue;
		}
		if (!continued) {
			char *colon = line + strcspn(line, ":");

			field = *colon ? line : "";
			line = *colon ? colon + 1 : colon;
			*colon = '\0';
		}
		if (strcasecmp(field, "Enabled") == 0) {
			stanza.disabled = is_no(sources_trim(line));
		} else if (strcasecmp(field, "URIs") == 0) {
			while ((word = sources_word(&line)))
				*vec_add(s->h->pool, &stanza.uris) =
					(struct stanza_uri){word, lines.number};
		}
	}
	stanza_end(s, &stanza, file);
}

/* The value of a line `Acquire::http::Proxy[::HOST] "VALUE";`, or NULL. */
static char *proxy_value(char *line)
{
	static const char *const keys[] = {"Acquire::http::Proxy", "Acquire::https::Proxy"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i]);
		char *value;

		if (strncasecmp(line, keys[i], n) != 0)
			continue;
		value = line + strcspn(line, " \t\"");
		if (value != line + n && strncmp(line + n, "::", 2) != 0)
			continue;
		value += strspn(value, " \t");
		if (*value != '"')
			return NULL;
		value[1 + strcspn(value + 1, "\"")] = '\0';
		return value + 1;
	}
	return NULL;
}

/* Keys with their whole name on one line; blocks in braces are not taken apart. */
void sources_parse_apt_conf(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	bool comment = false;
	char *line;

	while ((line = sources_line(&lines))) {
		const char *value;

		line = sources_trim(line);
		comment = comment || str_begins(line, "/*");
		if (comment) {
			comment = !strstr(line, "*/");
			continue;
		}
		value = proxy_value(line);
		/* "DIRECT" and "" are no URLs. */
		if (value)
			sources_add_url(s, value, file, lines.number);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* apt reads files of these characters only, which keeps backups and what dpkg has put aside out. */
static bool is_read(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	for (const char *c = name; *c; c++) {
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' || *c == '.'))
			return false;
	}
	return *name != '.' && n > m && str_eq(name + n - m, ending);
}

/* The files of a directory whose names end so (".conf": or have no ending), in the order of their names. */
static int read_directory(struct sources *s, const char *dir, const char *ending,
			  sources_parser *parse, struct err *e)
{
	DIR *d = opendir(pool_printf(s->h->pool, "%s%s", s->root, dir));
	const struct dirent *entry;
	str_vec names = {0};

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (is_read(entry->d_name, ending) ||
		    (str_eq(ending, ".conf") && !strchr(entry->d_name, '.') &&
		     is_read(entry->d_name, "")))
			*vec_add(s->h->pool, &names) = pool_strdup(s->h->pool, entry->d_name);
	}
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare_names);
	for (size_t i = 0; i < names.n; i++) {
		if (sources_file(s, path_join(s->h->pool, dir, names.v[i]), SOURCES_SYSTEM, parse,
				 e))
			return -1;
	}
	return 0;
}

int sources_read_apt(struct sources *s, struct err *e)
{
	if (sources_file(s, "/etc/apt/sources.list", SOURCES_SYSTEM, sources_parse_apt_list, e) ||
	    read_directory(s, "/etc/apt/sources.list.d", ".list", sources_parse_apt_list, e) ||
	    read_directory(s, "/etc/apt/sources.list.d", ".sources", sources_parse_apt_deb822, e))
		return -1;
	for (size_t i = 0; i < s->mirrors.n; i++) {
		if (sources_file(s, s->mirrors.v[i], SOURCES_SYSTEM, sources_parse_apt_mirrors, e))
			return -1;
	}
	/* A proxy is of use only where there is something to fetch. */
	if (s->v.n == 0)
		return 0;
	if (sources_file(s, "/etc/apt/apt.conf", SOURCES_SYSTEM, sources_parse_apt_conf, e) ||
	    read_directory(s, "/etc/apt/apt.conf.d", ".conf", sources_parse_apt_conf, e))
		return -1;
	return 0;
}
