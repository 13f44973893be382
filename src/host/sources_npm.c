/* SPDX-License-Identifier: MIT */
/* Hosts of npm: npmrc(5) of the user and of the machine, npm_config_* of the environment. */
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "host/sources.h"

/* ${NAME} is the variable; one that is not set stays as it is written, and so is no host. */
static void expand(const struct sources *s, const char *value, char *out, size_t size)
{
	size_t used = 0;

	while (*value && used + 1 < size) {
		const char *end = str_begins(value, "${") ? strchr(value, '}') : NULL;
		const char *variable =
			end ? host_getenv(s->h, pool_strndup(s->h->pool, value + 2,
							     (size_t)(end - value - 2)))
			    : NULL;

		if (!variable) {
			out[used++] = *value++;
			continue;
		}
		if (strlen(variable) >= size - used)
			break;
		memcpy(out + used, variable, strlen(variable));
		used += strlen(variable);
		value = end + 1;
	}
	/* Longer than any URL: the half of it could name another host. */
	out[*value ? 0 : used] = '\0';
}

static bool is_scope_registry(const char *key)
{
	const char *colon = strrchr(key, ':');

	return *key == '@' && colon && str_eq(colon, ":registry");
}

static void set(struct sources *s, const char *key, const char *value, const char *file, int line)
{
	char url[4096];

	if (!*value || strlen(value) >= sizeof(url))
		return;
	if (str_eq(key, "registry"))
		s->replaced = true;
	else if (!is_scope_registry(key) && !str_eq(key, "proxy") && !str_eq(key, "https-proxy"))
		return;
	expand(s, value, url, sizeof(url));
	sources_add_url(s, url, file, line);
}

/* Of a value without quotes the rest behind ; or # is a comment. */
static char *unquoted(char *value)
{
	size_t n = strlen(value);

	if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value[n - 1] = '\0';
		return value + 1;
	}
	value[strcspn(value, ";#")] = '\0';
	return sources_trim(value);
}

void sources_parse_npm(struct sources *s, const char *text, const char *file)
{
	struct sources_lines lines = sources_lines(s->h->pool, text);
	char *line;

	while ((line = sources_line(&lines))) {
		char *value;

		line = sources_trim(line);
		/* npm knows no sections; what stands in one is another key to it. */
		if (*line == '[')
			return;
		value = strchr(line, '=');
		if (*line == '#' || *line == ';' || !value)
			continue;
		*value++ = '\0';
		set(s, sources_trim(line), unquoted(sources_trim(value)), file, lines.number);
	}
}

/* npm takes its variables in any case, with _ for -: NPM_CONFIG_HTTPS_PROXY is https-proxy. */
static const char *variable_key(struct pool *p, const char *variable, const char **value)
{
	static const char prefix[] = "npm_config_";
	const char *equals = strchr(variable, '=');
	char *key;

	if (!equals || strncasecmp(variable, prefix, strlen(prefix)) != 0)
		return NULL;
	variable += strlen(prefix);
	if (variable >= equals)
		return NULL;
	key = pool_strndup(p, variable, (size_t)(equals - variable));
	for (char *c = key; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (*c == '_' && c > key)
			*c = '-';
	}
	*value = equals + 1;
	return key;
}

struct npm_paths {
	const char *user, *global, *prefix;
};

static void read_environment(struct sources *s, struct npm_paths *paths)
{
	struct pool *p = s->h->pool;

	for (const char *const *v = s->h->environment; v && *v; v++) {
		const char *value, *key = variable_key(p, *v, &value);

		if (!key || !*value)
			continue;
		if (str_eq(key, "userconfig"))
			paths->user = value;
		else if (str_eq(key, "globalconfig"))
			paths->global = value;
		else if (str_eq(key, "prefix"))
			paths->prefix = value;
		else
			set(s, key, value, pool_printf(p, "$%.*s", (int)strcspn(*v, "="), *v), 0);
	}
}

static int read_caller(struct sources *s, const char *path, struct err *e)
{
	path = path_join(s->h->pool, s->h->cwd ? s->h->cwd : "/", path);
	return sources_file(s, path, SOURCES_CALLER, sources_parse_npm, e);
}

int sources_read_npm(struct sources *s, struct err *e)
{
	static const char *const files[] = {"/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"};
	struct npm_paths paths = {0};

	read_environment(s, &paths);
	if (!paths.user && s->h->home)
		paths.user = path_join(s->h->pool, s->h->home, ".npmrc");
	if (paths.user && read_caller(s, paths.user, e))
		return -1;
	if (paths.global)
		return read_caller(s, paths.global, e);
	/* Debian's npm keeps to /etc/npmrc whatever the prefix is. */
	if (paths.prefix && read_caller(s, path_join(s->h->pool, paths.prefix, "etc/npmrc"), e))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (sources_file(s, files[i], SOURCES_SYSTEM, sources_parse_npm, e))
			return -1;
	}
	return 0;
}
