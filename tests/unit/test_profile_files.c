/* SPDX-License-Identifier: MIT */
/* Profiles as files: which one is meant, whether it can be trusted, and what it inherits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/profile.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct pool pool;
static struct profile profile;
static struct err err;

static int begin(void **state)
{
	(void)state;
	profile_init(&profile, &pool);
	err = (struct err){0};
	return 0;
}

static int end(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

/* "one two three" */
static void check_list(enum key_id id, const char *words)
{
	const struct setting *s = &profile.s[id];
	char text[512] = "";

	for (size_t i = 0; i < s->list.n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, s->list.v[i].optional ? "-" : "");
		strcat(text, s->list.v[i].text);
	}
	assert_string_equal(text, words);
}

/* --- files --- */

static char directory[] = "/tmp/sandbox-unit.XXXXXX";
static const char *dirs[3];

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s.profile", directory, dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0644);
}

static int make_directory(void **state)
{
	static char first[64], second[64];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(first, sizeof(first), "%s/1", directory);
	snprintf(second, sizeof(second), "%s/2", directory);
	dirs[0] = first;
	dirs[1] = second;
	return mkdir(first, 0755) || mkdir(second, 0755);
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static int load(const char *name)
{
	begin(NULL);
	return profile_load(&profile, name, dirs, &err);
}

/* Without the name of the directory, which is another one each time. */
static void check_message(const char *expected)
{
	char text[sizeof(err.text)], *at;
	size_t n = strlen(directory);

	snprintf(text, sizeof(text), "%s", err.text);
	while ((at = strstr(text, directory)))
		memmove(at, at + n, strlen(at + n) + 1);
	assert_string_equal(text, expected);
}

static void test_inherit_order(void **state)
{
	(void)state;
	put("2", "a", "[User]\nHostname=a\nUMask=001\n[Filesystem]\nReadOnlyPaths=/a\n");
	put("2", "b", "[User]\nHostname=b\n[Filesystem]\nReadOnlyPaths=/b\n");
	put("2", "c", "[Filesystem]\nReadOnlyPaths=/c\n[Profile]\nInherit=a b\n");
	assert_int_equal(load("c"), 0);
	check_list(KEY_READ_ONLY, "/a /b /c");
	assert_string_equal(profile.s[KEY_HOSTNAME].text, "b");
	assert_int_equal(profile.s[KEY_UMASK].number, 1);
	assert_int_equal(profile.files.n, 3);
	assert_string_equal(strrchr(profile.files.v[2], '/'), "/c.profile");
}

/* The common parent counts once, where it comes first; else it would undo what a sibling says. */
static void test_inherit_diamond(void **state)
{
	(void)state;
	put("2", "base", "[User]\nHostname=base\n[Filesystem]\nReadOnlyPaths=/base\n");
	put("2", "left", "[Profile]\nInherit=base\n[User]\nHostname=left\n");
	put("2", "right", "[Profile]\nInherit=base\n");
	put("2", "both", "[Profile]\nInherit=left right\n");
	assert_int_equal(load("both"), 0);
	check_list(KEY_READ_ONLY, "/base");
	assert_string_equal(profile.s[KEY_HOSTNAME].text, "left");
	assert_int_equal(profile.files.n, 4);
}

static void test_inherit_cycle(void **state)
{
	(void)state;
	put("2", "x", "[Profile]\nInherit=y\n");
	put("2", "y", "\n[Profile]\nInherit=x\n");
	assert_int_equal(load("x"), -1);
	check_message(
		"/2/y.profile:3: Inherit= goes round in a circle: /2/x.profile inherits itself");
}

/* One's own file that inherits its own name means the one that it hides. */
static void test_inherit_own_name(void **state)
{
	(void)state;
	put("1", "own", "[Profile]\nInherit=own\n[User]\nUMask=077\n");
	put("2", "own", "[User]\nHostname=shipped\nUMask=022\n");
	assert_int_equal(load("own"), 0);
	assert_string_equal(profile.s[KEY_HOSTNAME].text, "shipped");
	assert_int_equal(profile.s[KEY_UMASK].number, 077);
	put("2", "last", "[Profile]\nInherit=last\n");
	assert_int_equal(load("last"), -1);
	check_message("/2/last.profile:2: Inherit=: there is no profile \"last\"");
}

static void test_inherit_deep(void **state)
{
	char name[16], text[64];

	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "deep%d", i);
		snprintf(text, sizeof(text), "[Profile]\nInherit=deep%d\n", i + 1);
		put("2", name, i == 29 ? "" : text);
	}
	assert_int_equal(load("deep0"), -1);
	assert_non_null(strstr(err.text, "Inherit= is more than 16 levels deep"));
	assert_int_equal(load("deep20"), 0);
}

static void test_not_found(void **state)
{
	static const char *const bad_names[] = {
		"", ".x", "-x", "..",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	put("2", "build", "");
	assert_int_equal(load("biuld"), -1);
	check_message("profile: there is no profile \"biuld\"");
	assert_string_equal(err.hint, "did you mean build?");
	assert_int_equal(load("/nowhere/x.profile"), -1);
	assert_non_null(strstr(err.text, "No such file or directory"));
	for (size_t i = 0; i < COUNT(bad_names); i++)
		assert_int_equal(load(bad_names[i]), -1);
}

static void test_untrusted_files(void **state)
{
	char path[128];

	(void)state;
	put("2", "open", "[User]\nHostname=x\n");
	snprintf(path, sizeof(path), "%s/2/open.profile", directory);
	chmod(path, 0646);
	assert_int_equal(load("open"), -1);
	assert_non_null(strstr(err.text, "anybody may write to it"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(load("open"), -1);
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(load("open"), -1);
	assert_non_null(strstr(err.text, "not a regular file"));
	rmdir(path);
}

/*
 * Reading takes memory in proportion to the file: without the limit, a profile that takes the
 * square of it would take the machine's.
 */
static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit limit = {512 << 20, 512 << 20};

	setrlimit(RLIMIT_AS, &limit);
#endif
}

static void test_size_of_files(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	put("2", "huge", "");
	snprintf(path, sizeof(path), "%s/2/huge.profile", directory);
	assert_int_equal(truncate(path, 10 * 1024 * 1024), 0);
	assert_int_equal(load("huge"), -1);
	assert_non_null(strstr(err.text, "larger than 1 MiB"));
	/* As large as is allowed, one line of it. */
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("[Filesystem]\nReadOnlyPaths=", f);
	for (int i = 0; i < 1000000 / 3; i++)
		fputs("/a ", f);
	fclose(f);
	assert_int_equal(load("huge"), 0);
	assert_int_equal(profile.s[KEY_READ_ONLY].list.n, 1000000 / 3);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("[Filesystem]\nReadOnlyPaths=/a", f);
	for (int i = 0; i < 1000000 / 5; i++)
		fputs("\\\n/a ", f);
	fclose(f);
	assert_int_equal(load("huge"), 0);
	unlink(path);
}

static void test_list_of_profiles(void **state)
{
	profile_entry_vec list = {0};
	static const char *const nowhere[] = {"/nowhere/at/all", NULL};

	(void)state;
	put("1", "zz-both", "");
	put("2", "zz-both", "");
	put("2", "zz-a", "");
	assert_int_equal(profile_list(&pool, dirs, &list, &err), 0);
	for (size_t i = 1; i < list.n; i++)
		assert_true(strcmp(list.v[i - 1].name, list.v[i].name) < 0);
	assert_string_equal(list.v[list.n - 1].name, "zz-both");
	assert_non_null(strstr(list.v[list.n - 1].path, "/1/"));
	list.n = 0;
	assert_int_equal(profile_list(&pool, nowhere, &list, &err), 0);
	assert_int_equal(list.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_inherit_order),    TEST(test_inherit_diamond),  TEST(test_inherit_cycle),
		TEST(test_inherit_own_name), TEST(test_inherit_deep),	  TEST(test_not_found),
		TEST(test_untrusted_files),  TEST(test_list_of_profiles), TEST(test_size_of_files),
	};

	limit_memory();
	return cmocka_run_group_tests_name("profile files", tests, make_directory,
					   remove_directory);
}
