/* SPDX-License-Identifier: MIT */
/* host/sources*.c: URLs, and what the texts of each tool say; files are in test_sources_files.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/sources.h"

static struct pool pool;
static const char *environment[4];
static struct host host = {.pool = &pool, .environment = environment};

static int begin(void **state)
{
	(void)state;
	memset(environment, 0, sizeof(environment));
	return 0;
}

static int end(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

static void set_variable(const char *name, const char *value)
{
	size_t n = 0;

	while (environment[n])
		n++;
	environment[n] = pool_printf(&pool, "%s=%s", name, value);
}

/* What a parser makes of a text: "host:port<from" of each. */
static const char *parsed(sources_parser *parse, const char *text)
{
	struct sources s = {.h = &host, .group = "@test", .root = ""};
	const char *all = "";

	parse(&s, text, "f");
	for (size_t i = 0; i < s.v.n; i++)
		all = pool_printf(&pool, "%s%s%s:%d<%s", all, i ? " " : "", s.v.v[i].host,
				  s.v.v[i].port, s.v.v[i].from);
	return all;
}

/* --- hosts and URLs --- */

static void check_url(const char *url, const char *expected)
{
	struct sources_address a = {.port = -1};
	int rc = sources_url(url, &a);

	assert_string_equal(rc ? "" : pool_printf(&pool, "%s %d", a.host, a.port), expected);
	if (rc)
		assert_int_equal(a.port, -1);
}

static void test_urls(void **state)
{
	(void)state;
	check_url("http://a.test", "a.test 80");
	check_url("https://a.test/simple/", "a.test 443");
	check_url("HTTPS://A.Test.:8443?x", "a.test 8443");
	check_url("https://a.test#@b.test", "a.test 443");
	check_url("https://a.test?@b.test", "a.test 443");
	check_url("https://user:pass@a.test:1/", "a.test 1");
	check_url("https://user@mail.test:p@ss@a.test/", "a.test 443");
	check_url("https://a.test:/", "a.test 443");
	check_url("https://a.test:65535", "a.test 65535");
	check_url("ssh://git@a.test/x", "a.test 22");
	check_url("git://a_b-c.test/x", "a_b-c.test 9418");
	check_url("git+ssh://a.test/x", "a.test 22");
	check_url("socks5h://a.test", "a.test 1080");
	check_url("http://[::1]/", "::1 80");
	check_url("http://u:p@[2001:DB8:0:0::1]:81/", "2001:db8::1 81");
	check_url("http://192.0.2.1:82/", "192.0.2.1 82");
	check_url("https://localhost", "localhost 443");
}

static void test_urls_that_name_no_host(void **state)
{
	static const char *const bad[] = {
		"",
		"a.test",
		"//a.test/",
		"://a.test/",
		"https:a.test",
		"https:/a.test",
		"https://",
		"https:///a",
		"https://.",
		"https://..a.test",
		"https://.a.test",
		"https://a..test",
		"https://-a.test",
		"https://a.test..",
		"https://a.test:0",
		"https://a.test:65536",
		"https://a.test:99999999999999999999",
		"https://a.test:8x",
		"https://a.test:-1",
		"https://a.test: 1",
		"https://a.test:1:2",
		"https://a%2etest/",
		"https://a.test%00.b.test/",
		"https://\xc3\xa4.test/",
		"https://a.b\x1bst/",
		"https://a.b\x7fst/",
		"https://a.test\\@b.test/",
		"https://a test/",
		"https://*.test/",
		"https://$HOST/",
		"https://u:p@",
		"https://u:p@/",
		"https://::1/",
		"https://[::1/",
		"https://[::1]x/",
		"https://[]/",
		"https://[fe80::1%eth0]/",
		"https://[192.0.2.1]/",
		"https://[a.test]/",
		"https://[1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9]/",
		"https://192.0.2/",
		"https://192.0.2.256/",
		"https://192.0.2.010/",
		"https://3221225985/",
		"https://0xc0000201/",
		"https://a.0x7f/",
		"file:///a.test/",
		"cdrom:[Debian]/",
		"unknown://a.test/",
		"xhttps://a.test/",
		"data:https://a.test/",
		"ssh://a.test#x@b.test/",
		"git://a.test?x@b.test/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_url(bad[i], "");
}

static void test_length_of_hosts(void **state)
{
	char name[400], label[65];

	(void)state;
	memset(label, 'a', 64);
	label[64] = '\0';
	check_url(pool_printf(&pool, "https://%s", label), "");
	label[63] = '\0';
	check_url(pool_printf(&pool, "https://%s", label), pool_printf(&pool, "%s 443", label));
	snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(name), 253);
	check_url(pool_printf(&pool, "https://%s./", name), pool_printf(&pool, "%s 443", name));
	check_url(pool_printf(&pool, "https://%sa/", name), "");
}

static void check_git_url(const char *url, const char *expected)
{
	struct sources_address a;
	int rc = sources_git_url(url, &a);

	assert_string_equal(rc ? "" : pool_printf(&pool, "%s %d", a.host, a.port), expected);
}

static void test_git_urls(void **state)
{
	static const char *const bad[] = {
		"",	      "/srv/a.git",    "../a",		 "./a:b",     "a.git",
		"a/b:c",      "ext::sh -c",    "codec::x://r",	 ":path",     "user@:path",
		"-oX=y:path", "user@-oX:path", "[::1]/p",	 "[::1:path", "u@[]:p",
		"file:///a",  "[x:0]:p",       "u@[fe80::1%e]:p"};

	(void)state;
	check_git_url("https://a.test/x.git", "a.test 443");
	check_git_url("ssh://git@a.test:2222/x.git", "a.test 2222");
	check_git_url("git@A.test:x/y.git", "a.test 22");
	check_git_url("a.test:x", "a.test 22");
	check_git_url("a.test:", "a.test 22");
	check_git_url("git@[::1]:x", "::1 22");
	check_git_url("[2001:db8::1]:x", "2001:db8::1 22");
	check_git_url("git@[a.test:2222]:x", "a.test 2222");
	check_git_url("[a.test:2222]:x", "a.test 2222");
	check_git_url("user:secret@a.test:x", "user 22"); /* as git */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_git_url(bad[i], "");
}

static void test_proxies(void **state)
{
	struct sources_address a;

	(void)state;
	assert_int_equal(sources_proxy("u:p@a.test:3128", 80, &a), 0);
	assert_string_equal(a.host, "a.test");
	assert_int_equal(a.port, 3128);
	assert_int_equal(sources_proxy("a.test", 1080, &a), 0);
	assert_int_equal(a.port, 1080);
	assert_int_equal(sources_proxy("http://a.test/", 1080, &a), 0);
	assert_int_equal(a.port, 1080);
	assert_int_equal(sources_proxy("https://a.test/", 1080, &a), 0);
	assert_int_equal(a.port, 443);
	assert_int_equal(sources_proxy("", 80, &a), -1);
	assert_int_equal(sources_proxy("ftp://a.test", 80, &a), -1);
}

/* --- apt --- */

static void test_apt_list(void **state)
{
	(void)state;
	assert_string_equal(
		parsed(sources_parse_apt_list,
		       "# deb http://no.test/ x\n"
		       "\n"
		       "deb http://a.test/debian stable main # deb http://no.test/\n"
		       "\tdeb-src\t[ arch=amd64 signed-by=/x.gpg ]\thttps://b.test:8080/ x main\r\n"
		       "deb [trusted=yes]http://c.test/ ./\n"
		       "deb http://a.test/other x main\n"
		       "deb cdrom:[Debian 12]/ x main\n"
		       "deb file:/srv/x x\n"
		       "deb copy:///srv/x x\n"
		       "deb tor+https://d.test/ x\n"
		       "deb mirror+https://e.test/list x\n"
		       "deb mirror://f.test/list x\n"
		       "deb [arch=amd64 http://no.test/ x\n"
		       "debx http://no.test/ x\n"
		       "deb\n"
		       "deb http://no.test\x01/ x\n"
		       "deb https://user:secret@g.test/ x"),
		"a.test:80<f:3 b.test:8080<f:4 c.test:80<f:5 d.test:443<f:10 e.test:443<f:11 "
		"f.test:80<f:12 g.test:443<f:17");
}

static void test_apt_deb822(void **state)
{
	(void)state;
	assert_string_equal(parsed(sources_parse_apt_deb822,
				   "\xef\xbb\xbfTypes: deb deb-src\n"
				   "uris: http://a.test/debian\n"
				   "# uris: http://no.test/\n"
				   "  https://b.test/\thttp://c.test/\r\n"
				   "Suites: http://no.test/\n"
				   " http://no.test/\n"
				   "Signed-By:\n"
				   " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
				   " .\n"
				   " URIs: http://no.test/\n"
				   "\r\n"
				   "URIs: http://no.test/\n"
				   "Enabled: No\n"
				   "  \n"
				   "Enabled: no\n"
				   "\n"
				   " https://no.test/\n"
				   "URIs http://no.test/\n"
				   "URIs: https://d.test/\n"
				   "Enabled: yes\n"
				   "\n"
				   "URIs:\n"
				   " https://[2001:db8::1]:3142/"),
			    "a.test:80<f:2 b.test:443<f:4 c.test:80<f:4 d.test:443<f:19 "
			    "2001:db8::1:3142<f:23");
}

static void test_apt_conf(void **state)
{
	(void)state;
	assert_string_equal(parsed(sources_parse_apt_conf,
				   "Acquire::http::Proxy \"http://u:p@a.test:3128\";\n"
				   "  acquire::HTTPS::proxy  \"http://b.test/\" ;\n"
				   "Acquire::http::Proxy \"DIRECT\";\n"
				   "Acquire::http::Proxy \"\";\n"
				   "Acquire::http::Proxy::x.test \"http://c.test:1\";\n"
				   "Acquire::http::Proxy::y.test \"DIRECT\";\n"
				   "Acquire::http::Proxy-Auto-Detect \"http://no.test\";\n"
				   "// Acquire::http::Proxy \"http://no.test\";\n"
				   "# Acquire::http::Proxy \"http://no.test\";\n"
				   "/* x\n"
				   "Acquire::http::Proxy \"http://no.test\";\n"
				   "x */\n"
				   "Acquire::http::Proxy http://no.test;\n"
				   "Acquire::http::Proxy\n"
				   "Acquire::http::Proxy \"socks5h://d.test"),
			    "a.test:3128<f:1 b.test:80<f:2 c.test:1<f:5 d.test:1080<f:15");
}

/* --- npm --- */

static void test_npm_text(void **state)
{
	(void)state;
	set_variable("REGISTRY", "e.test");
	set_variable("LONG", pool_printf(&pool, "%0*d", 5000, 0));
	assert_string_equal(parsed(sources_parse_npm,
				   "; registry=https://no.test/\n"
				   "#registry=https://no.test/\n"
				   "registry=https://u:p@a.test/npm/ ; https://no.test\n"
				   " @scope:registry = \"https://b.test:4873\"\r\n"
				   "//no.test/:_authToken=abc\n"
				   "https-proxy='http://c.test:3128'\n"
				   "proxy = http://d.test:3128/#x\n"
				   "noproxy=no.test,https://no.test\n"
				   "@x:registry=https://${REGISTRY}/\n"
				   "@x:registry=https://${UNKNOWN}.no.test/\n"
				   "@x:registry=https://${REGISTRY\n"
				   "@x:registry=https://no.test/${LONG}\n"
				   "scope:registry=https://no.test/\n"
				   "@x:registryy=https://no.test/\n"
				   "proxy=null\n"
				   "registry\n"
				   "[section]\n"
				   "registry=https://no.test/\n"),
			    "a.test:443<f:3 b.test:4873<f:4 c.test:3128<f:6 d.test:3128<f:7 "
			    "e.test:443<f:9");
}

/* --- pip --- */

static void test_pip_text(void **state)
{
	(void)state;
	assert_string_equal(parsed(sources_parse_pip,
				   "index-url = https://no.test/\n"
				   "[global]\n"
				   "index-url = https://u:p@a.test/simple\n"
				   "; index-url = https://no.test/\n"
				   "Extra_Index_Url:\r\n"
				   "    https://b.test/simple https://c.test:8080/\n"
				   "    # https://no.test/\n"
				   "\n"
				   "\thttps://d.test/\r\n"
				   "timeout = 60\n"
				   "    https://no.test/\n"
				   "trusted-host = no.test\n"
				   "[list]\n"
				   "index-url = https://no.test\n"
				   "[install]\n"
				   "  find-links = https://e.test/wheels /srv/wheels file:///x\n"
				   "  --proxy = u:p@f.test:3128\n"
				   "[download]\n"
				   "index-url\n"
				   "  https://no.test\n"
				   "extra-index-url=https://[::1]:1/x"),
			    "a.test:443<f:3 b.test:443<f:6 c.test:8080<f:6 d.test:443<f:9 "
			    "e.test:443<f:16 f.test:3128<f:17 ::1:1<f:21");
}

/* --- cargo --- */

static void test_cargo_text(void **state)
{
	(void)state;
	assert_string_equal(
		parsed(sources_parse_cargo,
		       "# [registries.no]\n"
		       "registries.a.index = \"sparse+https://a.test/index/\"\n"
		       "[registries.b]\n"
		       "index = 'https://u:p@b.test:8080/git' # index = \"https://no.test\"\n"
		       "token = \"https://no.test\"\n"
		       " [ source . \"c.d\" ]\r\n"
		       "\tregistry=\"registry+https://c.test/\"\r\n"
		       "[registries]\n"
		       "d = { token = \"x\", index = \"ssh://git@d.test/x\" }\n"
		       "e.index = \"https://e.test/\"\n"
		       "[http]\n"
		       "proxy = \"u:p@f.test\"\n"
		       "proxyy = \"no.test\"\n"
		       "[[registries.no]]\n"
		       "index = \"https://no.test/\"\n"
		       "[registries.no\n"
		       "index = \"https://no.test/\"\n"
		       "[registries.no]\n"
		       "index = https://no.test/\n"
		       "index = \"https://no.test/\\u0041\"\n"
		       "index = \"\"\"https://no.test/\"\"\"\n"
		       "index = \"https://no.test/\n"
		       "index \"https://no.test/\"\n"
		       "a.b.c.d.e = \"https://no.test/\"\n"
		       "a = {b = {c = {d = {e = \"https://no.test/\"}}}}\n"
		       "a = { = \"https://no.test\" }\n"
		       "index = [\"https://no.test/\"]\n"
		       "[source.g]\n"
		       "git = \"https://g.test/x\"\n"
		       "directory = \"https://no.test/x\"\n"
		       "[registries.h]\n"
		       "index = \"https://[::1]:8/\""),
		"a.test:443<f:2 b.test:8080<f:4 c.test:443<f:7 d.test:22<f:9 e.test:443<f:10 "
		"f.test:1080<f:12 g.test:443<f:29 ::1:8<f:32");
}

/* --- git --- */

static void test_git_text(void **state)
{
	(void)state;
	assert_string_equal(
		parsed(sources_parse_git_remotes,
		       "[core]\n"
		       "\turl = https://no.test/\n"
		       "[remote \"origin\"]\r\n"
		       "\turl = https://u:p@a.test/x.git # https://no.test\r\n"
		       "\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
		       "; url = https://no.test/\n"
		       "\tpushurl = git@b.test:x.git\n"
		       "[REMOTE \"with \\\" and ]\"] URL=\"ssh://c.test:2222/a b\" ; x\n"
		       "[remote.old]\n"
		       "url = https://d.\\\n"
		       "test/x\n"
		       "url = https://\"e.test\"/a\tb\n"
		       "url = /srv/x.git\n"
		       "url = ../x.git\n"
		       "url\n"
		       "url =\n"
		       "url = \"https://no.test\n"
		       "url = https://no.test/\\q\n"
		       "url = https://no.test/\x01\n"
		       "[remote]\n"
		       "url = https://no.test/\n"
		       "[remote \"x]\n"
		       "url = https://no.test/\n"
		       "[remote \"x\" y]\n"
		       "url = https://no.test/\n"
		       "[include]\n"
		       "path = other\n"
		       "[url \"https://no.test/\"]\n"
		       "insteadOf = https://\n"
		       "[remote \"last\"]\n"
		       "proxy = https://no.test\n"
		       "url = [::1]:x\\"),
		"a.test:443<f:4 b.test:22<f:7 c.test:2222<f:8 d.test:443<f:10 e.test:443<f:12 "
		"::1:22<f:32");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_urls),
		TEST(test_urls_that_name_no_host),
		TEST(test_length_of_hosts),
		TEST(test_git_urls),
		TEST(test_proxies),
		TEST(test_apt_list),
		TEST(test_apt_deb822),
		TEST(test_apt_conf),
		TEST(test_npm_text),
		TEST(test_pip_text),
		TEST(test_cargo_text),
		TEST(test_git_text),
	};

	return cmocka_run_group_tests_name("texts of tools", tests, NULL, NULL);
}
