/* SPDX-License-Identifier: MIT */
/* The text of a profile: lines, sections, and values of every type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

static int parse_n(const char *text, size_t n)
{
	struct profile_text t = {.text = text, .length = n, .file = "f"};

	return profile_parse(&profile, &t, &err);
}

static int parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void must_parse(const char *text)
{
	if (parse(text))
		fail_msg("%s", err.text);
}

static void must_fail(const char *text, const char *message, const char *hint)
{
	begin(NULL);
	assert_int_equal(parse(text), -1);
	assert_string_equal(err.text, message);
	assert_string_equal(err.hint, hint);
	assert_int_equal(err.located, 1);
	assert_int_equal(err.code, 125);
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

/* --- lines --- */

static void test_empty(void **state)
{
	(void)state;
	must_parse("");
	must_parse("\n\n  \t\n");
	must_parse("# a comment\n; another one\n");
	must_parse("[User]\n");
	for (int i = 0; i < KEY_COUNT; i++)
		assert_false(profile.s[i].set);
}

static void test_origins(void **state)
{
	(void)state;
	must_parse("# 1\n[Filesystem]\n\nRoot=empty\n ReadOnlyPaths = /a /b\nReadOnlyPaths=/c\n");
	assert_int_equal(profile.s[KEY_ROOT].at.line, 4);
	assert_string_equal(profile.s[KEY_ROOT].at.file, "f");
	check_list(KEY_READ_ONLY, "/a /b /c");
	assert_int_equal(profile.s[KEY_READ_ONLY].list.v[1].at.line, 5);
	assert_int_equal(profile.s[KEY_READ_ONLY].list.v[2].at.line, 6);
	assert_string_equal(origin_text(&pool, profile.s[KEY_ROOT].at), "f:4");
	assert_string_equal(origin_text(&pool, (struct origin){"--rw", 0}), "--rw");
	assert_true(origin_is_option((struct origin){"--set", -1}));
	assert_false(origin_is_option(profile.s[KEY_ROOT].at));
}

static void test_continuation(void **state)
{
	(void)state;
	must_parse(
		"[Filesystem]\nReadOnlyPaths=/a \\\n  /b \\\n# between\n /c\nReadWritePaths=/d\n");
	check_list(KEY_READ_ONLY, "/a /b /c");
	/* The line where it begins counts, and the one behind it is right again. */
	assert_int_equal(profile.s[KEY_READ_ONLY].list.v[2].at.line, 2);
	assert_int_equal(profile.s[KEY_READ_WRITE].at.line, 6);
}

static void test_continuation_at_the_end(void **state)
{
	(void)state;
	must_parse("[Filesystem]\nReadOnlyPaths=/a \\");
	check_list(KEY_READ_ONLY, "/a");
}

static void test_carriage_returns(void **state)
{
	(void)state;
	must_parse("[User]\r\nHostname=box\r\n[Filesystem]\r\nReadOnlyPaths=/a \\\r\n/b\r\n");
	assert_string_equal(profile.s[KEY_HOSTNAME].text, "box");
	check_list(KEY_READ_ONLY, "/a /b");
}

static void test_no_newline_at_the_end(void **state)
{
	(void)state;
	must_parse("[User]\nHostname=box");
	assert_string_equal(profile.s[KEY_HOSTNAME].text, "box");
}

static void test_quotes(void **state)
{
	(void)state;
	must_parse("[Environment]\nEnvironment=\"A=b c\" 'D=e' F=g\\ h I=\"\"\n");
	assert_int_equal(profile.s[KEY_ENVIRONMENT].list.n, 4);
	assert_string_equal(profile.s[KEY_ENVIRONMENT].list.v[0].text, "A=b c");
	assert_string_equal(profile.s[KEY_ENVIRONMENT].list.v[2].text, "F=g h");
	assert_string_equal(profile.s[KEY_ENVIRONMENT].list.v[3].text, "I=");
}

static void test_nul(void **state)
{
	static const char text[] = "[User]\nHostname=a\0b\n";

	(void)state;
	assert_int_equal(parse_n(text, sizeof(text) - 1), -1);
	assert_string_equal(err.text, "f:2: a NUL byte: this is not a text file");
}

static void test_bad_lines(void **state)
{
	static const char *const cases[][3] = {
		{"Root=host\n", "f:1: a key before the first [Section]", ""},
		{"[User]\nHostname\n", "f:2: expected Key=value, found \"Hostname\"", ""},
		{"[User\n", "f:1: a section is written [Name]", ""},
		{"\n\n[]\n", "f:3: unknown section []", ""},
		{"[Usr]\n", "f:1: unknown section [Usr]", "did you mean [User]?"},
		{"[Quark]\n", "f:1: unknown section [Quark]", ""},
		{"[User]\nHostnam=a\n", "f:2: unknown key Hostnam in [User]",
		 "did you mean Hostname?"},
		{"[User]\nhostname=a\n", "f:2: unknown key hostname in [User]",
		 "did you mean Hostname?"},
		{"[User]\nRoot=host\n", "f:2: unknown key Root in [User]",
		 "it belongs into [Filesystem]"},
		{"[User]\n=x\n", "f:2: unknown key  in [User]", ""},
		{"[User]\nHostname=a\n\nHostname=b\n",
		 "f:4: Hostname= stands twice in this file (first in line 2)", ""},
		{"[User]\nHostname=\nHostname=b\n",
		 "f:3: Hostname= stands twice in this file (first in line 2)", ""},
		{"[Filesystem]\nReadOnlyPaths=\"/a\n", "f:2: ReadOnlyPaths=: a quote is not closed",
		 ""},
		{"[Profile]\nInherit=x\n", "f:2: Inherit= is not possible here", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		must_fail(cases[i][0], cases[i][1], cases[i][2]);
}

static void test_message_is_one_line(void **state)
{
	(void)state;
	must_fail("[\x1b[31m]\n", "f:1: unknown section [\\x1b[31m]", "");
	assert_int_equal(parse("[User]\nHostname=\x07\n"), -1);
	assert_null(strchr(err.text, '\x07'));
}

/* --- lists and scalars in layers --- */

static void test_lists_append_and_clear(void **state)
{
	(void)state;
	must_parse("[Filesystem]\nReadOnlyPaths=/a\nReadOnlyPaths=-/b /c\n");
	check_list(KEY_READ_ONLY, "/a -/b /c");
	must_parse("[Filesystem]\nReadOnlyPaths=/d\n");
	check_list(KEY_READ_ONLY, "/a -/b /c /d");
	must_parse("[Filesystem]\nReadOnlyPaths=\nReadOnlyPaths=/e\n");
	check_list(KEY_READ_ONLY, "/e");
	must_parse("[Filesystem]\nReadOnlyPaths=/f\nReadOnlyPaths=\n");
	check_list(KEY_READ_ONLY, "");
	assert_true(profile.s[KEY_READ_ONLY].set);
}

static void test_scalars_replace_and_clear(void **state)
{
	(void)state;
	must_parse("[User]\nHostname=a\n");
	must_parse("[User]\nHostname=b\n");
	assert_string_equal(profile_text_of(&profile, KEY_HOSTNAME, "x"), "b");
	must_parse("[User]\nHostname=\n");
	assert_string_equal(profile_text_of(&profile, KEY_HOSTNAME, "x"), "x");
	must_parse("[User]\nUMask=027\n");
	assert_int_equal(profile_number(&profile, KEY_UMASK, -1), 027);
	must_parse("[User]\nUMask=\n");
	assert_int_equal(profile_number(&profile, KEY_UMASK, -1), -1);
}

/* --- values --- */

struct value_case {
	enum key_id id;
	const char *text;
	bool good;
	int64_t number; /* of a good scalar */
};

static void check_values(const struct value_case *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct value_case *c = &list[i];
		int rc;

		begin(NULL);
		rc = profile_set(&profile, c->id, c->text, (struct origin){"f", 1}, &err);
		if (rc != (c->good ? 0 : -1))
			fail_msg("%s=%s: %d %s", keys[c->id].name, c->text, rc, err.text);
		if (!c->good && strncmp(err.text, "f:1: ", 5) != 0)
			fail_msg("%s=%s: %s", keys[c->id].name, c->text, err.text);
		if (c->good && !key_is_list(c->id) && profile.s[c->id].number != c->number)
			fail_msg("%s=%s: %lld", keys[c->id].name, c->text,
				 (long long)profile.s[c->id].number);
	}
}

static void test_scalar_values(void **state)
{
	static const struct value_case list[] = {
		{KEY_PRIVATE_TIME, "yes", true, 1},
		{KEY_PRIVATE_TIME, "off", true, 0},
		{KEY_PRIVATE_TIME, "maybe", false, 0},
		{KEY_IDENTITY, "self", true, IDENTITY_SELF},
		{KEY_IDENTITY, "separate", true, IDENTITY_SEPARATE},
		{KEY_IDENTITY, "se", false, 0},
		{KEY_IDENTITY, "self|root", false, 0},
		{KEY_IDENTITY, "Root", false, 0},
		{KEY_NETWORK, "host", true, NETWORK_HOST},
		{KEY_NETWORK, "hos", false, 0},
		{KEY_PROTECT_GIT, "all", true, GIT_ALL},
		{KEY_PROTECT_GIT, "no", true, GIT_NO},
		{KEY_LANDLOCK, "required", true, LANDLOCK_REQUIRED},
		{KEY_MEMORY_MAX, "512M", true, INT64_C(512) << 20},
		{KEY_MEMORY_MAX, "75%", true, 7500},
		{KEY_MEMORY_MAX, "101%", false, 0},
		{KEY_MEMORY_MAX, "lots", false, 0},
		{KEY_MEMORY_MAX, "infinity", true, STR_INFINITY},
		{KEY_CPU_QUOTA, "150%", true, 15000},
		{KEY_CPU_QUOTA, "0%", false, 0},
		{KEY_CPU_QUOTA, "1.5", false, 0},
		{KEY_RUNTIME_MAX, "1min 30s", true, 90000000},
		{KEY_RUNTIME_MAX, "soon", false, 0},
		{KEY_CPU_WEIGHT, "10000", true, 10000},
		{KEY_CPU_WEIGHT, "0", false, 0},
		{KEY_CPU_WEIGHT, "10001", false, 0},
		{KEY_CPU_WEIGHT, "infinity", false, 0},
		{KEY_TASKS_MAX, "infinity", true, STR_INFINITY},
		{KEY_TASKS_MAX, "4194304", true, 4194304},
		{KEY_TASKS_MAX, "4194305", false, 0},
		{KEY_UMASK, "0022", true, 022},
		{KEY_UMASK, "1000", false, 0},
		{KEY_UMASK, "rwx", false, 0},
		{KEY_FILTER_ERRNO, "ENOSYS", true, 38},
		{KEY_FILTER_ERRNO, "EWHAT", false, 0},
		{KEY_ROOT, "host", true, ROOT_HOST},
		{KEY_ROOT, "empty", true, ROOT_EMPTY},
		{KEY_ROOT, "/srv/root", true, ROOT_PATH},
		{KEY_ROOT, "hots", false, 0},
		{KEY_HOSTNAME, "a-b.c9", true, 0},
		{KEY_HOSTNAME, "-a", false, 0},
		{KEY_HOSTNAME, "a b", false, 0},
		{KEY_HOSTNAME, "a_b", false, 0},
	};

	(void)state;
	check_values(list, COUNT(list));
}

static void test_list_values(void **state)
{
	static const struct value_case list[] = {
		{KEY_READ_ONLY, "/a -/b ~/c .", true, 0},
		{KEY_READ_ONLY, "\"\"", false, 0},
		{KEY_READ_ONLY, "-", false, 0},
		{KEY_BIND, "/a:/b /c:/d:ro -/e:/f", true, 0},
		{KEY_BIND, "/a", false, 0},
		{KEY_BIND, ":/b", false, 0},
		{KEY_BIND, "/a:", false, 0},
		{KEY_BIND, "/a:b", false, 0},
		{KEY_BIND, "/a:/b:rw", false, 0},
		{KEY_BIND, "/a:/b:ro:x", false, 0},
		{KEY_BIND_READ_ONLY, "/a:/b:ro", false, 0},
		{KEY_TMPFS, "/a /b:10M -/c:1G", true, 0},
		{KEY_TMPFS, "/a:0", false, 0},
		{KEY_TMPFS, "/a:big", false, 0},
		{KEY_TMPFS, ":10M", false, 0},
		{KEY_FILTER, "@default read ~@mount ~ptrace:ENOSYS", true, 0},
		{KEY_FILTER, "@nothing", false, 0},
		{KEY_FILTER, "reed", false, 0},
		{KEY_FILTER, "~", false, 0},
		{KEY_FILTER, "read:EWHAT", false, 0},
		{KEY_FAMILIES, "AF_UNIX AF_INET", true, 0},
		{KEY_FAMILIES, "AF_QUARK", false, 0},
		{KEY_BOUNDING, "CAP_CHOWN cap_kill setuid", true, 0},
		{KEY_BOUNDING, "CAP_FLY", false, 0},
		{KEY_PASS_ENVIRONMENT, "PATH LC_* A1", true, 0},
		{KEY_PASS_ENVIRONMENT, "A=b", false, 0},
		{KEY_PASS_ENVIRONMENT, "A-B", false, 0},
		{KEY_ENVIRONMENT, "A=b C= D=e=f", true, 0},
		{KEY_ENVIRONMENT, "A", false, 0},
		{KEY_ENVIRONMENT, "=b", false, 0},
		{KEY_ENVIRONMENT, "A-B=c", false, 0},
		{KEY_OPTIONAL, "Resources.MemoryMax CPUQuota", true, 0},
		{KEY_OPTIONAL, "User.MemoryMax", false, 0},
		{KEY_OPTIONAL, "Quark", false, 0},
	};

	(void)state;
	check_values(list, COUNT(list));
}

static void test_too_long(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(profile_set(&profile, KEY_READ_ONLY, path, (struct origin){"f", 1}, &err),
			 -1);
	assert_int_equal(
		profile_set(&profile, KEY_SECCOMP_FILE, path, (struct origin){"f", 1}, &err), -1);
	memset(path, 'h', 65);
	path[65] = '\0';
	assert_int_equal(profile_set(&profile, KEY_HOSTNAME, path, (struct origin){"f", 1}, &err),
			 -1);
}

/* What an option says is one word; what a file or --set says is split. */
static void test_option_is_one_word(void **state)
{
	(void)state;
	assert_int_equal(
		profile_set(&profile, KEY_READ_ONLY, "/a b\"c", (struct origin){"--ro", 0}, &err),
		0);
	assert_int_equal(profile.s[KEY_READ_ONLY].list.n, 1);
	assert_string_equal(profile.s[KEY_READ_ONLY].list.v[0].text, "/a b\"c");
	assert_int_equal(
		profile_set(&profile, KEY_READ_WRITE, "/a b", (struct origin){"--set", -1}, &err),
		0);
	assert_int_equal(profile.s[KEY_READ_WRITE].list.n, 2);
	assert_int_equal(profile_set(&profile, KEY_BIND, "/a", (struct origin){"--bind", 0}, &err),
			 -1);
	assert_true(strncmp(err.text, "--bind: ", 8) == 0);
	assert_int_equal(err.located, 0);
}

/* --- keys --- */

static void test_keys(void **state)
{
	(void)state;
	for (int i = 0; i < KEY_COUNT; i++) {
		assert_int_equal(key_find(keys[i].section, keys[i].name), i);
		/* --set and Optional= find a key by its name alone. */
		assert_int_equal(key_find(NULL, keys[i].name), i);
		assert_true(key_section_exists(keys[i].section));
		assert_true(*keys[i].doc && *keys[i].syntax);
	}
	assert_int_equal(key_find("User", "Root"), -1);
	assert_int_equal(key_find(NULL, "root"), -1);
	assert_string_equal(key_nearest("User", "Hostnme"), "Hostname");
	assert_string_equal(key_nearest_section("Netwrk"), "Network");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty),
		TEST(test_origins),
		TEST(test_continuation),
		TEST(test_continuation_at_the_end),
		TEST(test_carriage_returns),
		TEST(test_no_newline_at_the_end),
		TEST(test_quotes),
		TEST(test_nul),
		TEST(test_bad_lines),
		TEST(test_message_is_one_line),
		TEST(test_lists_append_and_clear),
		TEST(test_scalars_replace_and_clear),
		TEST(test_scalar_values),
		TEST(test_list_values),
		TEST(test_too_long),
		TEST(test_option_is_one_word),
		TEST(test_keys),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
