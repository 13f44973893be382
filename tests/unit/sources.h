/* SPDX-License-Identifier: MIT */
/* A home, a project and a system of the test's own, in which files of tools are read. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "host/sources.h"
#include "profile/net_word.h"

static struct pool pool;
static char top[4096]; /* a fresh directory for each test: root/ user/ project/ */
static const char *root;
static const char *environment[16];
static struct host host;
static host_source_vec found;
static struct err err;

static const char *in_top(const char *path)
{
	return path_join(&pool, top, path);
}

static int begin(void **state)
{
	char made[] = "/tmp/sandbox-unit.XXXXXX";

	(void)state;
	if (!mkdtemp(made) || !realpath(made, top))
		return -1;
	root = in_top("root");
	memset(environment, 0, sizeof(environment));
	host = (struct host){.pool = &pool,
			     .uid = getuid(),
			     .home = in_top("user"),
			     .cwd = in_top("project/sub"),
			     .environment = environment};
	found = (host_source_vec){0};
	err = (struct err){0};
	return mkdir(in_top("project"), 0755) || mkdir(in_top("project/sub"), 0755) ||
	       mkdir(root, 0755) || mkdir(in_top("user"), 0755);
}

static int end(void **state)
{
	char command[sizeof(top) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	pool_done(&pool);
	return system(command);
}

/* `size` bytes into a file below the directory of the test, with the directories that it needs. */
static void put_bytes(const char *name, const char *text, size_t size)
{
	char *path = pool_strdup(&pool, in_top(name));
	FILE *f;

	for (char *c = path + strlen(top) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		(void)mkdir(path, 0755);
		*c = '/';
	}
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void set_variable(const char *name, const char *value)
{
	size_t n = 0;

	while (environment[n])
		n++;
	environment[n] = pool_printf(&pool, "%s=%s", name, value);
}

/* "host:port from"; the directory of the test is cut off. */
static const char *listed(const host_source_vec *v, bool with_from)
{
	const char *text = "";

	for (size_t i = 0; i < v->n; i++) {
		const char *from = v->v[i].from, *rest = str_after(from, top);

		text = pool_printf(&pool, "%s%s%s:%d", text, i ? " " : "", v->v[i].host,
				   v->v[i].port);
		if (with_from)
			text = pool_printf(&pool, "%s<%s", text, rest ? rest : from);
	}
	return text;
}

static int read_group(const char *group)
{
	found = (host_source_vec){0};
	err = (struct err){0};
	return host_sources_read_below(&host, root, group, &found, &err);
}

static void check_group(const char *group, const char *expected)
{
	if (read_group(group))
		fail_msg("%s", err.text);
	assert_string_equal(listed(&found, true), expected);
}

static void check_error(const char *group, const char *text, const char *hint)
{
	const char *at;

	assert_int_equal(read_group(group), -1);
	assert_int_equal(found.n, 0);
	at = strstr(err.text, top);
	if (at)
		assert_string_equal(pool_printf(&pool, "%.*s%s", (int)(at - err.text), err.text,
						at + strlen(top)),
				    text);
	else
		assert_string_equal(err.text, text);
	assert_string_equal(err.hint, hint);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
