/* SPDX-License-Identifier: MIT */
/* Paths as text: see path.h. */
#include <string.h>

#include "base/path.h"

static char *append(char *out, const char *path)
{
	while (*path) {
		size_t n;

		while (*path == '/')
			path++;
		n = strcspn(path, "/");
		if (n && !(n == 1 && path[0] == '.')) {
			*out++ = '/';
			memcpy(out, path, n);
			out += n;
		}
		path += n;
	}
	return out;
}

char *path_join(struct pool *p, const char *base, const char *path)
{
	char *out = pool_alloc(p, strlen(base) + strlen(path) + 3), *end = out;

	if (*path != '/')
		end = append(end, base);
	end = append(end, path);
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return out;
}

bool path_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1 && *dir == '/')
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool path_has_dotdot(const char *path)
{
	for (const char *c = path; (c = strstr(c, "..")); c += 2) {
		if ((c == path || c[-1] == '/') && (c[2] == '/' || c[2] == '\0'))
			return true;
	}
	return false;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int path_compare(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	/* A slash sorts before every other character, so that a tree stays together. */
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}
