/* SPDX-License-Identifier: MIT */
/* host/sources*.c: which files and variables are read, and which of them are believed. */
#include "sources.h"

/* --- apt --- */

static void test_apt_files(void **state)
{
	(void)state;
	check_error("@apt", "@apt: the configuration of apt names no host",
		    "name the hosts themselves, in place of @apt");
	put("root/etc/apt/apt.conf", "Acquire::http::Proxy \"http://p.test:1\";");
	put("root/etc/apt/apt.conf.d/50x", "Acquire::http::Proxy \"http://q.test:1\";");
	put("root/etc/apt/apt.conf.d/60x.conf", "Acquire::http::Proxy \"http://r.test:1\";");
	put("root/etc/apt/apt.conf.d/70x.bak", "Acquire::http::Proxy \"http://no.test:1\";");
	assert_int_equal(read_group("@apt"), -1);
	put("root/etc/apt/sources.list", "deb http://a.test/ x\n");
	put("root/etc/apt/sources.list.d/z.list", "deb http://z.test/ x\n");
	put("root/etc/apt/sources.list.d/b.list", "deb http://b.test/ x\n");
	put("root/etc/apt/sources.list.d/c.sources",
	    "URIs: mirror+file:/etc/apt/mirrors/m http://a.test\n");
	put("root/etc/apt/mirrors/m", "# x\nhttps://m.test/debian\tpriority:1\nfile:/x\n");
	put("root/etc/apt/sources.list.d/d.list.save", "deb http://no.test/ x\n");
	put("root/etc/apt/sources.list.d/.e.list", "deb http://no.test/ x\n");
	put("root/etc/apt/sources.list.d/f~.list", "deb http://no.test/ x\n");
	assert_int_equal(mkfifo(in_top("root/etc/apt/sources.list.d/g.list"), 0644), 0);
	assert_int_equal(mkdir(in_top("root/etc/apt/sources.list.d/h.list"), 0755), 0);
	check_group("@apt", "a.test:80</root/etc/apt/sources.list:1 "
			    "b.test:80</root/etc/apt/sources.list.d/b.list:1 "
			    "z.test:80</root/etc/apt/sources.list.d/z.list:1 "
			    "m.test:443</root/etc/apt/mirrors/m:2 "
			    "p.test:1</root/etc/apt/apt.conf:1 "
			    "q.test:1</root/etc/apt/apt.conf.d/50x:1 "
			    "r.test:1</root/etc/apt/apt.conf.d/60x.conf:1");
}

/* --- npm --- */

static void test_npm_default(void **state)
{
	(void)state;
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	put("user/.npmrc", "@scope:registry=https://a.test\nregistry=\n");
	check_group("@npm", "a.test:443</user/.npmrc:1 registry.npmjs.org:443<the default of npm");
	put("user/.npmrc", "@scope:registry=https://a.test\nregistry=https://b.test/");
	check_group("@npm", "a.test:443</user/.npmrc:1 b.test:443</user/.npmrc:2");
	/* Something else is configured, which we do not understand: not the default. */
	put("user/.npmrc", "registry=https://b.test:x/");
	check_error("@npm", "@npm: the configuration of npm names no host",
		    "name the hosts themselves, in place of @npm");
}

static void test_npm_files(void **state)
{
	(void)state;
	put("user/.npmrc", "registry=https://home.test");
	put("user/other", "registry=https://other.test");
	put("user/global", "registry=https://global.test");
	put("user/prefix/etc/npmrc", "proxy=http://prefix.test:1");
	put("root/etc/npmrc", "registry=https://etc.test");
	put("root/usr/etc/npmrc", "registry=https://usr.test");
	put("root/usr/local/etc/npmrc", "registry=https://local.test");
	check_group("@npm", "home.test:443</user/.npmrc:1 etc.test:443</root/etc/npmrc:1 "
			    "usr.test:443</root/usr/etc/npmrc:1 "
			    "local.test:443</root/usr/local/etc/npmrc:1");
	set_variable("npm_config_userconfig", in_top("user/other"));
	set_variable("npm_config_registry", "https://u:p@one.test/");
	set_variable("NPM_CONFIG_REGISTRY", "https://two.test/");
	set_variable("NPM_CONFIG_HTTPS_PROXY", "http://three.test:3/");
	set_variable("npm_config_", "https://no.test/");
	set_variable("npm_configure", "https://no.test/");
	set_variable("NPM_CONFIG_PREFIX", in_top("user/prefix"));
	check_group("@npm", "one.test:443<$npm_config_registry two.test:443<$NPM_CONFIG_REGISTRY "
			    "three.test:3<$NPM_CONFIG_HTTPS_PROXY other.test:443</user/other:1 "
			    "prefix.test:1</user/prefix/etc/npmrc:1 etc.test:443</root/etc/npmrc:1 "
			    "usr.test:443</root/usr/etc/npmrc:1 "
			    "local.test:443</root/usr/local/etc/npmrc:1");
	set_variable("npm_config_globalconfig", in_top("user/global"));
	assert_int_equal(read_group("@npm"), 0);
	assert_string_equal(listed(&found, false), "one.test:443 two.test:443 three.test:3 "
						   "other.test:443 global.test:443");
}

/* --- pip --- */

#define PIP_DEFAULTS "pypi.org:443<the default of pip files.pythonhosted.org:443<the default of pip"

static void test_pip_default(void **state)
{
	(void)state;
	check_group("@pip", PIP_DEFAULTS);
	put("user/.pip/pip.conf", "[global]\nextra-index-url = https://a.test/\nindex-url =\n");
	check_group("@pip", "a.test:443</user/.pip/pip.conf:2 " PIP_DEFAULTS);
	put("user/.pip/pip.conf", "[global]\nextra-index-url = https://a.test/\n"
				  "index-url =\n  file:///srv/simple\n");
	check_group("@pip", "a.test:443</user/.pip/pip.conf:2");
	put("user/.pip/pip.conf", "[global]\nno-index = True\n");
	assert_int_equal(read_group("@pip"), -1);
	put("user/.pip/pip.conf", "[global]\nno-index = false\n");
	check_group("@pip", PIP_DEFAULTS);
}

static void test_pip_files(void **state)
{
	(void)state;
	put("root/etc/pip.conf", "[global]\nindex-url=https://etc.test");
	put("root/etc/xdg/pip/pip.conf", "[global]\nindex-url=https://xdg.test");
	put("user/.config/pip/pip.conf", "[global]\nindex-url=https://config.test");
	put("user/.pip/pip.conf", "[global]\nindex-url=https://dot.test");
	put("user/venv/pip.conf", "[global]\nindex-url=https://venv.test");
	put("user/own.conf", "[global]\nindex-url=https://own.test");
	put("user/xdg/pip/pip.conf", "[global]\nindex-url=https://moved.test");
	check_group("@pip", "config.test:443</user/.config/pip/pip.conf:2 "
			    "dot.test:443</user/.pip/pip.conf:2 "
			    "xdg.test:443</root/etc/xdg/pip/pip.conf:2 "
			    "etc.test:443</root/etc/pip.conf:2");
	set_variable("PIP_INDEX_URL", "https://u:p@one.test/simple");
	set_variable("PIP_EXTRA_INDEX_URL", "https://two.test https://three.test:3");
	set_variable("PIP_CONFIG_FILE", in_top("user/own.conf"));
	set_variable("VIRTUAL_ENV", in_top("user/venv"));
	set_variable("XDG_CONFIG_HOME", in_top("user/xdg"));
	check_group("@pip", "one.test:443<$PIP_INDEX_URL two.test:443<$PIP_EXTRA_INDEX_URL "
			    "three.test:3<$PIP_EXTRA_INDEX_URL own.test:443</user/own.conf:2 "
			    "venv.test:443</user/venv/pip.conf:2 "
			    "moved.test:443</user/xdg/pip/pip.conf:2 "
			    "dot.test:443</user/.pip/pip.conf:2 "
			    "xdg.test:443</root/etc/xdg/pip/pip.conf:2 "
			    "etc.test:443</root/etc/pip.conf:2");
}

static void test_pip_without_files(void **state)
{
	(void)state;
	put("user/.pip/pip.conf", "[global]\nindex-url=https://dot.test");
	set_variable("PIP_CONFIG_FILE", "/dev/null");
	check_group("@pip", PIP_DEFAULTS);
}

/* --- cargo --- */

#define CARGO_DEFAULTS                                                                             \
	"index.crates.io:443<the default of cargo static.crates.io:443<the default of cargo "      \
	"crates.io:443<the default of cargo"

static void test_cargo_files(void **state)
{
	(void)state;
	check_group("@cargo", CARGO_DEFAULTS);
	put("user/.cargo/config.toml", "[source.x]\nregistry = \"https://a.test\"\n");
	check_group("@cargo", "a.test:443</user/.cargo/config.toml:2 " CARGO_DEFAULTS);
	put("user/.cargo/config", "[source.crates-io]\nreplace-with = \"x\"\n");
	check_group("@cargo", "a.test:443</user/.cargo/config.toml:2");
	put("user/moved/config.toml", "[registries.x]\nindex = \"https://b.test\"\n");
	set_variable("CARGO_HOME", in_top("user/moved"));
	set_variable("CARGO_REGISTRIES_MY_INDEX", "sparse+https://u:p@c.test/");
	set_variable("CARGO_REGISTRIES_INDEX", "https://no.test/");
	set_variable("CARGO_REGISTRIES_MY_TOKEN", "https://no.test/");
	set_variable("CARGO_HTTP_PROXY", "d.test:3128");
	check_group("@cargo", "c.test:443<$CARGO_REGISTRIES_MY_INDEX d.test:3128<$CARGO_HTTP_PROXY "
			      "b.test:443</user/moved/config.toml:2 " CARGO_DEFAULTS);
}

/* --- files --- */

static void test_files_in_project(void **state)
{
	(void)state;
	put("project/sub/rc", "registry=https://no.test/\nindex-url=https://no.test\n");
	set_variable("npm_config_userconfig", "rc");
	check_error("@npm",
		    "@npm: /project/sub/rc is in the project, and can have come with "
		    "what runs there",
		    "name the hosts themselves, in place of @npm");
	/* By a link as well. */
	environment[0] = NULL;
	assert_int_equal(symlink(in_top("project/sub/rc"), in_top("user/.npmrc")), 0);
	check_error("@npm",
		    "@npm: /user/.npmrc is in the project, and can have come with what "
		    "runs there",
		    "name the hosts themselves, in place of @npm");
	/* One that is not there is none. */
	set_variable("CARGO_HOME", "cargo");
	check_group("@cargo", CARGO_DEFAULTS);
	/* The project's own. */
	put("project/sub/.npmrc", "registry=https://no.test/\n");
	put("project/sub/venv/pip.conf", "[global]\nindex-url=https://no.test\n");
	set_variable("VIRTUAL_ENV", in_top("project/sub/venv"));
	check_group("@pip", PIP_DEFAULTS);
	/* The repository around the working directory is the project, but for that of a home. */
	put("project/.git/config", "");
	put("project/venv/pip.conf", "[global]\nindex-url=https://no.test\n");
	environment[0] = NULL;
	environment[1] = NULL;
	set_variable("VIRTUAL_ENV", in_top("project/venv"));
	check_group("@pip", PIP_DEFAULTS);
	host.home = in_top("project");
	check_group("@pip", "no.test:443</project/venv/pip.conf:2");
	host.home = in_top("user");
	assert_int_equal(unlink(in_top("project/.git/config")), 0);
	assert_int_equal(rmdir(in_top("project/.git")), 0);
	/* A name that merely begins alike. */
	put("project/submarine/rc", "registry=https://a.test/\n");
	environment[0] = NULL;
	environment[1] = NULL;
	set_variable("npm_config_userconfig", in_top("project/submarine/rc"));
	check_group("@npm", "a.test:443</project/submarine/rc:1");
}

static void test_odd_files(void **state)
{
	const char *path = in_top("user/.npmrc");

	(void)state;
	assert_int_equal(mkfifo(path, 0644), 0);
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	rmdir(path);
	assert_int_equal(symlink(".npmrc", path), 0);
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	unlink(path);
	put("user/real", "registry=https://a.test\n");
	assert_int_equal(symlink("real", path), 0);
	check_group("@npm", "a.test:443</user/.npmrc:1");
	unlink(path);
	put("user/.npmrc", "registry=https://a.test\n");
	assert_int_equal(chmod(path, 0), 0);
	if (getuid() != 0)
		check_group("@npm", "registry.npmjs.org:443<the default of npm");
	unlink(path);
	put_bytes("user/.npmrc", "x\0\nproxy=http://no.test\0.x\nregistry=https://a.test\n\0", 51);
	check_group("@npm", "a.test:443</user/.npmrc:3");
	put("user/.npmrc", "");
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
	host.home = NULL;
	check_group("@npm", "registry.npmjs.org:443<the default of npm");
}

static void test_names_of_files(void **state)
{
	(void)state;
	put("user/a\nb\x1b", "registry=https://a.test\n");
	set_variable("npm_config_userconfig", in_top("user/a\nb\x1b"));
	check_group("@npm", "a.test:443</user/a\\nb\\x1b:1");
}

static void test_large_files(void **state)
{
	size_t size = SOURCES_FILE_MAX;
	char *text = test_malloc(size + 1);

	(void)state;
	memset(text, '#', size + 1);
	put_bytes("user/.npmrc", text, size + 1);
	check_error("@npm", "@npm: /user/.npmrc: File too large",
		    "name the hosts themselves, in place of @npm");
	memcpy(text + size - 25, "\nregistry=https://a.test\n", 25);
	put_bytes("user/.npmrc", text, size);
	check_group("@npm", "a.test:443</user/.npmrc:2");
	/* As many of the same host as fit. */
	for (size_t i = 0; i < size; i++)
		text[i] = "proxy=http://a.test\n"[i % 20];
	put_bytes("user/.npmrc", text, size - size % 20);
	assert_int_equal(read_group("@npm"), 0);
	assert_int_equal(found.n, 2);
	test_free(text);
}

/* Wherever it is: what is in it may be the reason that another host is used. */
static void test_each_large_file(void **state)
{
	static const char *const files[][2] = {
		{"@apt", "root/etc/apt/sources.list"},
		{"@apt", "root/etc/apt/sources.list.d/x.sources"},
		{"@apt", "root/etc/apt/mirrors"},
		{"@apt", "root/etc/apt/apt.conf.d/x"},
		{"@npm", "user/.npmrc"},
		{"@npm", "user/prefix/etc/npmrc"},
		{"@npm", "root/usr/etc/npmrc"},
		{"@pip", "user/pip.conf"},
		{"@pip", "user/venv/pip.conf"},
		{"@pip", "user/.config/pip/pip.conf"},
		{"@pip", "root/etc/pip.conf"},
		{"@cargo", "user/.cargo/config"},
		{"@git", "project/.git/commondir"},
		{"@git", "project/.git/config"},
		{"@git", "project/sub/.git"},
		{"@git", "user/.gitconfig"},
		{"@git", "root/etc/gitconfig"},
	};

	(void)state;
	put("root/etc/apt/sources.list.d/a.list", "deb mirror+file:/etc/apt/mirrors x\n"
						  "deb mirror+file:///etc/apt/mirrors x\n"
						  "deb http://a.test x\n");
	put("project/.git/config", "[remote \"a\"]\nurl = https://a.test/\n");
	set_variable("npm_config_prefix", in_top("user/prefix"));
	set_variable("PIP_CONFIG_FILE", in_top("user/pip.conf"));
	set_variable("VIRTUAL_ENV", in_top("user/venv"));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *path = in_top(files[i][1]);
		bool is_config = access(path, F_OK) == 0;

		assert_int_equal(read_group(files[i][0]), 0);
		if (!is_config)
			put(files[i][1], "");
		assert_int_equal(truncate(path, SOURCES_FILE_MAX + 1), 0);
		assert_int_equal(read_group(files[i][0]), -1);
		assert_non_null(strstr(err.text, "File too large"));
		assert_non_null(strstr(err.text, files[i][1]));
		unlink(path);
		if (is_config)
			put(files[i][1], "[remote \"a\"]\nurl = https://a.test/\n");
	}
}

static void test_many_hosts(void **state)
{
	const char *const hint = "name the hosts themselves, in place of @apt";
	char text[32 * SOURCES_MAX];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < SOURCES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "deb http://h%d.test\n", i);
	put("root/etc/apt/sources.list", text);
	assert_int_equal(read_group("@apt"), 0);
	assert_int_equal(found.n, SOURCES_MAX);
	assert_string_equal(found.v[255].host, "h255.test");
	put("root/etc/apt/sources.list.d/x.list", "deb http://h0.test x\n");
	assert_int_equal(read_group("@apt"), 0);
	put("root/etc/apt/sources.list.d/x.list", "deb http://more.test x\n");
	check_error("@apt", "@apt: more than 256 hosts", hint);
}

/* --- groups --- */

static void test_groups(void **state)
{
	(void)state;
	check_error("@pypi", "@pypi: there is no such group of hosts", "did you mean @pip?");
	check_error("@nmp", "@nmp: there is no such group of hosts", "did you mean @npm?");
	check_error("apt", "apt: there is no such group of hosts", "did you mean @apt?");
	check_error("@nothing\n", "@nothing\\n: there is no such group of hosts",
		    "there are @apt, @npm, @pip, @cargo, @git");
	assert_int_equal(read_group(""), -1);
	for (size_t i = 0; host_group_names[i]; i++)
		assert_int_equal(*host_group_names[i], '@');
}

/* What is there already is not added again, and an error leaves it as it is. */
static void test_several_groups(void **state)
{
	(void)state;
	put("user/.npmrc", "registry=https://a.test\n");
	put("user/.pip/pip.conf",
	    "[global]\nindex-url=https://a.test\nextra-index-url=http://a.test\n");
	assert_int_equal(read_group("@npm"), 0);
	assert_int_equal(host_sources_read_below(&host, root, "@pip", &found, &err), 0);
	assert_string_equal(listed(&found, false), "a.test:443 a.test:80");
	assert_int_equal(host_sources_read_below(&host, root, "@pip", &found, &err), 0);
	assert_int_equal(host_sources_read_below(&host, root, "@apt", &found, &err), -1);
	assert_int_equal(found.n, 2);
}

/* The real files of this machine, whatever they are: it ends, and what it finds is well formed. */
static void test_this_machine(void **state)
{
	(void)state;
	for (size_t i = 0; host_group_names[i]; i++) {
		host_source_vec v = {0};

		err = (struct err){0};
		if (host_sources_read(&host, host_group_names[i], &v, &err))
			assert_int_not_equal(err.text[0], '\0');
		for (size_t j = 0; j < v.n; j++)
			assert_true(v.v[j].port > 0 && *v.v[j].host && *v.v[j].from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apt_files),	   TEST(test_npm_default),
		TEST(test_npm_files),	   TEST(test_pip_default),
		TEST(test_pip_files),	   TEST(test_pip_without_files),
		TEST(test_cargo_files),	   TEST(test_files_in_project),
		TEST(test_odd_files),	   TEST(test_names_of_files),
		TEST(test_large_files),	   TEST(test_each_large_file),
		TEST(test_many_hosts),	   TEST(test_groups),
		TEST(test_several_groups), TEST(test_this_machine),
	};

	return cmocka_run_group_tests_name("files of tools", tests, NULL, NULL);
}
