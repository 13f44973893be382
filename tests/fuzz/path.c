/* SPDX-License-Identifier: MIT */
/* Paths as text: three of them, a line each. */
#include "base/path.h"
#include "fuzz.h"

static void check_join(struct pool *pool, const char *base, const char *path)
{
	const char *joined = path_join(pool, base, path);
	size_t n = strlen(joined);

	MUST(*joined == '/' && !strstr(joined, "//") && !strstr(joined, "/./"));
	MUST(n == 1 || joined[n - 1] != '/');
	MUST(strcmp(joined, path_join(pool, "/", joined)) == 0);
	MUST(path_within(joined, "/") && path_within(joined, joined));
	MUST(!strchr(path_name(joined), '/'));
	if (*path != '/') {
		const char *dir = path_join(pool, "/", base);

		MUST(path_within(joined, dir));
	}
	if (!path_has_dotdot(base) && !path_has_dotdot(path))
		MUST(!path_has_dotdot(joined));
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* A total order, in which a parent comes before what is below it. */
static void check_order(const char *a, const char *b, const char *c)
{
	MUST(path_compare(a, a) == 0);
	MUST(sign(path_compare(a, b)) == -sign(path_compare(b, a)));
	MUST((path_compare(a, b) == 0) == (strcmp(a, b) == 0));
	if (path_compare(a, b) <= 0 && path_compare(b, c) <= 0)
		MUST(path_compare(a, c) <= 0);
	if (strcmp(a, b) != 0 && path_within(a, b))
		MUST(path_compare(a, b) > 0);
	/* And what lies between a directory and something below it is below it too. */
	if (path_within(c, a) && path_compare(a, b) <= 0 && path_compare(b, c) <= 0)
		MUST(path_within(b, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text = fuzz_string(data, size), *next = text;
	const char *paths[3], *whole[3];

	for (size_t i = 0; i < 3; i++) {
		char *line = strsep(&next, "\n");

		paths[i] = line ? line : "";
		whole[i] = path_join(&pool, "/", paths[i]);
	}
	check_join(&pool, paths[0], paths[1]);
	check_join(&pool, paths[1], paths[2]);
	check_order(whole[0], whole[1], whole[2]);
	check_order(whole[2], whole[0], whole[1]);
	pool_done(&pool);
	free(text);
	return 0;
}
