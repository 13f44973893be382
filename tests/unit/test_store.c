/* SPDX-License-Identifier: MIT */
/* Directories of sandboxes, and the text of a state. */
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
#include "store/base.h"
#include "store/remove.h"
#include "store/store.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct pool pool;
static char top[256]; /* a fresh directory for each test */
static const char *home, *tree;

static int set_up(void **state)
{
	const char *dir = getenv("SANDBOX_TEST_HOME");

	(void)state;
	snprintf(top, sizeof(top), "%s/test_store.XXXXXX", dir ? dir : "/tmp");
	assert_non_null(mkdtemp(top));
	home = path_join(&pool, top, "state/sandbox");
	tree = path_join(&pool, top, "tree");
	assert_int_equal(mkdir(tree, 0755), 0);
	return 0;
}

static int tear_down(void **state)
{
	int above = open(path_join(&pool, top, ".."), O_PATH | O_DIRECTORY);
	struct err e = {0};

	(void)state;
	assert_int_equal(remove_below(above, path_name(top), "test", &e), 0);
	close(above);
	pool_done(&pool);
	return 0;
}

static const char *in_home(const char *path)
{
	return path_join(&pool, home, path);
}

static bool exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct store new_store(const char *command)
{
	struct store s = {.pool = &pool, .home = -1, .dir = -1, .profile = "default", .cwd = "/"};

	*vec_add(&pool, &s.command) = command;
	*vec_add(&pool, &s.trees) = (struct store_tree){.path = tree};
	return s;
}

static struct store begun(const char *name)
{
	struct store s = new_store("/usr/bin/make");
	struct err e = {0};

	if (store_begin(&s, home, name, &e) || store_write(&s, &e))
		fail_msg("%s", e.text);
	return s;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* --- the text of a state --- */

static struct store full_store(void)
{
	struct store s = {.pool = &pool,
			  .name = "make-x3k9",
			  .profile = "default",
			  .cwd = "/home/u/a\nb\\c",
			  .created = 1700000000123456789,
			  .started = 42,
			  .running = true,
			  .identity = {.kind = IDENTITY_ROOT,
				       .uids = {{0, 1000, 1}, {1, 100000, 65536}},
				       .gids = {{0, 1000, 1}, {1, 100000, 65536}},
				       .n_uids = 2,
				       .n_gids = 2,
				       .by_helper = true,
				       .drop_groups = true}};

	*vec_add(&pool, &s.trees) = (struct store_tree){"/home/u/tree", false, 66304, 131, 17, 0};
	*vec_add(&pool, &s.trees) =
		(struct store_tree){"/srv/new\nline", true, UINT64_MAX, UINT64_MAX, 0, 0};
	s.ended = 43;
	s.exit = 137;
	*vec_add(&pool, &s.effects) = "killed by MemoryMax=64M, peak 64M";
	*vec_add(&pool, &s.refused) = "1 1";
	*vec_add(&pool, &s.words) = "--cow";
	*vec_add(&pool, &s.words) = "";
	*vec_add(&pool, &s.added) = "--rw=/srv";
	*vec_add(&pool, &s.command) = "make";
	*vec_add(&pool, &s.command) = "-f\n\\n\xff";
	return s;
}

static void test_round_trip(void **state)
{
	struct store s = full_store(), back = {.pool = &pool};
	char *text = state_print(&pool, &s);
	struct err e = {0};

	(void)state;
	assert_int_equal(state_parse(&back, pool_strdup(&pool, text), &e), 0);
	assert_string_equal(state_print(&pool, &back), text);
	assert_string_equal(back.cwd, s.cwd);
	assert_int_equal(back.trees.n, 2);
	assert_string_equal(back.trees.v[1].path, "/srv/new\nline");
	assert_true(back.trees.v[1].fuse && back.trees.v[1].ino == UINT64_MAX);
	assert_int_equal(back.words.n, 2);
	assert_string_equal(back.command.v[1], "-f\n\\n\xff");
	assert_int_equal(back.identity.uids[1].count, 65536);
}

static bool parses(const char *text)
{
	struct store s = {.pool = &pool};
	struct err e = {0};
	int rc = state_parse(&s, pool_strdup(&pool, text), &e);

	assert_true(rc == 0 ? !*e.text : *e.text && !strchr(e.text, '\n'));
	return rc == 0;
}

/* Each beginning of a state is refused, for a file that was cut short would lose trees. */
static void test_truncated(void **state)
{
	struct store s = full_store();
	char *text = state_print(&pool, &s);
	size_t whole = strlen(text);

	(void)state;
	assert_true(parses(text));
	assert_false(parses(pool_printf(&pool, "%sword x\n", text)));
	for (size_t n = 0; n < whole; n++)
		assert_false(parses(pool_strndup(&pool, text, n)));
}

static char *with(const char *line, const char *instead)
{
	struct store s = full_store();
	char *text = state_print(&pool, &s), *at = strstr(text, line);

	assert_non_null(at);
	return pool_printf(&pool, "%.*s%s%s", (int)(at - text), text, instead, at + strlen(line));
}

static void test_hostile_states(void **state)
{
	static const char *const cases[][2] = {
		{"sandbox-state 1", "sandbox-state 2"},
		{"sandbox-state 1", "sandbox-state"},
		{"sandbox-state 1", ""},
		{"name make-x3k9", "name ../x"},
		{"name make-x3k9", "name "},
		{"name make-x3k9", "name -x"},
		{"name make-x3k9", "name a/b"},
		{"name make-x3k9", "name"},
		{"running yes", "running maybe"},
		{"running yes", "running yes\nrunning no"},
		{"running yes", "future yes"},
		{"started 42", "started -1"},
		{"started 42", "started 99999999999999999999"},
		{"identity root", "identity admin"},
		{"identity root 0 0 1 0 1", "identity root 0 0 1 0"},
		{"identity root 0 0 1 0 1", "identity root 0 0 1 0 1 1"},
		{"identity root 0 0 1 0 1", "identity root 0 0 2 0 1"},
		{"uids 0 1000 1", "uids 0 1000 0"},
		{"uids 0 1000 1", "uids 0 4294967295 1"},
		{"uids 0 1000 1", "uids 1 100000 4294967000"},
		{"uids 0 1000 1", "uids 0 1000 1\nuids 5 5 5"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel 66304 131 17 home"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel 66304 131 17 /home/../etc"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel 66304 131 17 /home//u"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel 66304 131 17"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree aufs 66304 131 17 /home"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel x 131 17 /home"},
		{"tree kernel 66304 131 17 /home/u/tree", "tree kernel  131 17 /home"},
		{"tree fuse", "tree kernel 1 1 1 /home/u/tree\ntree fuse"},
		{"cwd /home/u/a\\nb", "cwd home"},
		{"cwd /home/u/a\\nb", "cwd /home/\\x"},
		{"argument make", "argument make\\"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (parses(with(cases[i][0], cases[i][1])))
			fail_msg("taken: %s", cases[i][1]);
	}
}

static void test_too_many_trees(void **state)
{
	struct store s = full_store();

	(void)state;
	while (s.trees.n < STORE_TREES_MAX)
		*vec_add(&pool, &s.trees) =
			(struct store_tree){.path = pool_printf(&pool, "/t%zu", s.trees.n)};
	assert_true(parses(state_print(&pool, &s)));
	*vec_add(&pool, &s.trees) = (struct store_tree){.path = "/one/more"};
	assert_false(parses(state_print(&pool, &s)));
}

/* --- the record of the host --- */

static void test_base_round_trip(void **state)
{
	struct base b = {0}, back = {0};
	struct err e = {0};
	char *text;

	(void)state;
	for (int type = NODE_NONE; type <= NODE_DEVICE; type++)
		*vec_add(&pool, &b.v) =
			(struct base_record){.tree = (size_t)type % 3,
					     .path = pool_printf(&pool, "a\nb\\%d", type),
					     .host = {.type = (enum node_type)type,
						      .mode = 04755,
						      .uid = 7,
						      .gid = 8,
						      .size = INT64_MAX,
						      .dev = UINT64_MAX,
						      .ino = UINT64_MAX,
						      .ctime = 1},
					     .unknown = type & 1,
					     .clean = type & 2,
					     .ino = 5,
					     .ctime = 6,
					     .saved = type == NODE_FILE ? "12:34" : NULL};
	base_sort(&b);
	text = base_print(&pool, &b);
	assert_int_equal(base_parse(&pool, pool_strdup(&pool, text), &back, &e), 0);
	assert_string_equal(base_print(&pool, &back), text);
	assert_non_null(base_find(&back, 1, "a\nb\\1"));
	assert_null(base_find(&back, 2, "a\nb\\1"));
	for (size_t n = 0; n < strlen(text); n++) {
		struct base part = {0};

		if (base_parse(&pool, pool_strndup(&pool, text, n), &part, &e) == 0)
			assert_int_equal(text[n - 1], '\n');
	}
}

static void test_hostile_base(void **state)
{
	static const char *const lines[] = {
		"64 - f 644 0 0 1 0 1 1 1 1 - x",   "0 z f 644 0 0 1 0 1 1 1 1 - x",
		"0 - q 644 0 0 1 0 1 1 1 1 - x",    "0 - f 99 0 0 1 0 1 1 1 1 - x",
		"0 - f 644 0 0 -1 0 1 1 1 1 - x",   "0 - f 644 0 0 1 0 1 1 1 1 ../x x",
		"0 - f 644 0 0 1 0 1 1 1 1 0:-1 x", "0 - f 644 0 0 1 0 1 1 1 1 0:9999999 x",
		"0 - f 644 0 0 1 0 1 1 1 1 - ../x", "0 - f 644 0 0 1 0 1 1 1 1 - a/../../x",
		"0 - f 644 0 0 1 0 1 1 1 1 - /x",   "0 - f 644 0 0 1 0 1 1 1 1 - a//b",
		"0 - f 644 0 0 1 0 1 1 1 1 -",	    "0 - f 644 0 0 1 0 1 1 1 1 - a\\",
		"0  f 644 0 0 1 0 1 1 1 1 - x",	    "",
	};
	struct base b = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(base_parse(&pool,
					    pool_printf(&pool, "sandbox-base 1\n%s\n", lines[i]),
					    &b, &e),
				 -1);
	assert_int_equal(
		base_parse(&pool,
			   pool_strdup(&pool, "sandbox-base 1\n0 - f 644 0 0 1 0 1 1 1 1 - x\n"),
			   &b, &e),
		0);
}

/* --- directories --- */

static void test_begin_makes_private_directories(void **state)
{
	struct store s = begun(NULL);
	struct stat st;

	(void)state;
	assert_true(store_name_ok(s.name));
	assert_memory_equal(s.name, "make-", 5);
	assert_int_equal(strlen(s.name), 9);
	assert_int_equal(stat(in_home(""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(in_home(s.name), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* The layer's root looks as the tree's does. */
	assert_int_equal(stat(in_home(pool_printf(&pool, "%s/0/upper", s.name)), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_true(exists(in_home(pool_printf(&pool, "%s/0/work", s.name))));
	assert_true(s.running && s.locked && s.created > 0 && s.started > 0 && s.trees.v[0].ino);
	store_done(&s);
}

static void test_names(void **state)
{
	static const struct {
		const char *command, *begin;
	} cases[] = {{"/usr/bin/python3.11", "python3-"},
		     {"./my tool.sh", "my-"},
		     {".hidden", "hidden-"},
		     {"-x", "x-"},
		     {"\xc3\xa4", "sandbox-"},
		     {"a-command-with-a-very-long-name", "a-command-with-a-ver-"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct store s = new_store(cases[i].command);
		struct err e = {0};

		assert_int_equal(store_begin(&s, home, NULL, &e), 0);
		assert_memory_equal(s.name, cases[i].begin, strlen(cases[i].begin));
		assert_int_equal(strlen(s.name), strlen(cases[i].begin) + 4);
		store_done(&s);
	}
	assert_true(store_name_ok("a") && store_name_ok("A_b.c-9") && !store_name_ok("") &&
		    !store_name_ok(".") && !store_name_ok("..") && !store_name_ok("a/b") &&
		    !store_name_ok("-a") && !store_name_ok("a\n"));
	assert_false(store_name_ok(pool_printf(&pool, "%065d", 1)));
}

static void test_open_and_lock(void **state)
{
	struct store s = begun("one"), other = {.pool = &pool};
	struct err e = {0};
	str_vec names = {0};

	(void)state;
	assert_int_equal(store_open(&other, home, "one", true, &e), -1);
	if (!strstr(e.text, "running"))
		fail_msg("%s", e.text);
	assert_int_equal(store_open(&other, home, "one", false, &e), 0);
	assert_true(store_in_use(&other) && other.running);
	store_done(&other);
	assert_int_equal(store_end(&s, 0, &e), 0);
	store_done(&s);
	assert_int_equal(store_open(&other, home, "one", true, &e), 0);
	assert_false(other.running);
	assert_string_equal(other.trees.v[0].path, tree);
	store_done(&other);
	assert_false(other.locked);
	assert_int_equal(store_names(&pool, home, &names, &e), 0);
	assert_int_equal(names.n, 1);
	assert_int_equal(store_open(&other, home, "two", true, &e), -1);
	assert_int_equal(e.error, ENOENT);
	assert_int_equal(store_open(&other, home, "../tree", true, &e), -1);
}

static void test_second_run(void **state)
{
	struct store s = begun("again"), back = new_store("sh");
	struct err e = {0};
	const char *second = path_join(&pool, top, "second");
	int64_t created = s.created;

	(void)state;
	assert_int_equal(store_end(&s, 0, &e), 0);
	store_done(&s);
	assert_int_equal(mkdir(second, 0700), 0);
	back.trees.v[0].path = second;
	*vec_add(&pool, &back.trees) = (struct store_tree){.path = tree};
	assert_int_equal(store_begin(&back, home, "again", &e), 0);
	/* The layer of a tree stays where it is, whatever stands in front of it now. */
	assert_int_equal(back.trees.n, 2);
	assert_string_equal(back.trees.v[0].path, tree);
	assert_string_equal(back.trees.v[1].path, second);
	assert_true(back.created == created && exists(in_home("again/1/upper")));
	store_done(&back);

	back = new_store("sh");
	back.trees.v[0].fuse = true;
	assert_int_equal(store_begin(&back, home, "again", &e), -1);
	assert_non_null(strstr(e.text, "kernel"));
	back = new_store("sh");
	back.identity.kind = IDENTITY_ROOT;
	assert_int_equal(store_begin(&back, home, "again", &e), -1);
	assert_non_null(strstr(e.text, "identity"));
}

static void test_other_directory_in_its_place(void **state)
{
	struct store s = begun("moved");
	struct err e = {0};
	int fd = store_open_tree(&s, 0, &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(rename(tree, path_join(&pool, top, "away")), 0);
	assert_int_equal(mkdir(tree, 0755), 0);
	assert_int_equal(store_open_tree(&s, 0, &e), -1);
	assert_int_equal(rmdir(tree), 0);
	assert_int_equal(symlink("away", tree), 0);
	assert_int_equal(store_open_tree(&s, 0, &e), -1);
	store_done(&s);
}

static void test_what_is_not_ours(void **state)
{
	struct store s = begun("x"), other = {.pool = &pool};
	struct err e = {0};

	(void)state;
	store_done(&s);
	assert_int_equal(chmod(in_home("x"), 0720), 0);
	assert_int_equal(store_open(&other, home, "x", false, &e), -1);
	assert_int_equal(chmod(in_home("x"), 0700), 0);
	assert_int_equal(symlink("x", in_home("y")), 0);
	assert_int_equal(store_open(&other, home, "y", false, &e), -1);
	assert_int_equal(rename(in_home("x"), in_home("z")), 0);
	/* Its state says another name. */
	assert_int_equal(store_open(&other, home, "z", false, &e), -1);
	assert_int_equal(chmod(home, 0777), 0);
	assert_int_equal(store_open(&other, home, "z", false, &e), -1);
	s = new_store("sh");
	assert_int_equal(store_begin(&s, home, NULL, &e), -1);
	assert_int_equal(chmod(home, 0700), 0);
	write_text(in_home("z/state"), "sandbox-state 1\n");
	assert_int_equal(store_open(&other, home, "z", false, &e), -1);
	assert_int_equal(store_open_damaged(&other, home, "z", &e), 0);
	assert_int_equal(store_remove(&other, &e), 0);
	store_done(&other);
	assert_false(exists(in_home("z")));
}

/* --- removal --- */

static void make_deep(const char *dir, int depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < depth; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "a-rather-long-name-for-a-directory", 0700), 0);
		below = openat(fd, "a-rather-long-name-for-a-directory", O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(openat(fd, "file", O_WRONLY | O_CREAT, 0));
	close(fd);
}

static void test_remove(void **state)
{
	struct store s = begun("gone"), other = {.pool = &pool};
	const char *upper = in_home("gone/0/upper"), *keep = path_join(&pool, tree, "keep");
	struct err e = {0};

	(void)state;
	write_text(keep, "x");
	assert_int_equal(symlink(tree, path_join(&pool, upper, "link")), 0);
	assert_int_equal(mkfifo(path_join(&pool, upper, "fifo"), 0), 0);
	assert_int_equal(mkdir(path_join(&pool, upper, "closed"), 0700), 0);
	write_text(path_join(&pool, upper, "closed/file"), "x");
	assert_int_equal(chmod(path_join(&pool, upper, "closed/file"), 0), 0);
	assert_int_equal(mkdir(path_join(&pool, upper, "closed/empty"), 0), 0);
	assert_int_equal(chmod(path_join(&pool, upper, "closed"), 0), 0);
	make_deep(upper, 1000);
	assert_int_equal(chmod(upper, 0500), 0);
	if (store_remove(&s, &e))
		fail_msg("%s", e.text);
	assert_false(exists(in_home("gone")));
	assert_true(exists(keep));
	store_done(&s);
	assert_int_equal(store_open(&other, home, "gone", true, &e), -1);
}

/* A removal that was cut short leaves no layer that would look like deletions. */
static void test_remove_goes_on(void **state)
{
	struct store s = begun("half"), other = {.pool = &pool};
	struct err e = {0};

	(void)state;
	store_done(&s);
	assert_int_equal(rename(in_home("half/0"), in_home("half/0.removed")), 0);
	if (store_open(&other, home, "half", true, &e))
		fail_msg("%s", e.text);
	assert_int_equal(store_open_upper(&other, 0, &e), -1);
	assert_non_null(strstr(e.hint, "sandbox remove half"));
	assert_int_equal(store_remove(&other, &e), 0);
	store_done(&other);
	assert_false(exists(in_home("half")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_states, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many_trees, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_base_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_base, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_begin_makes_private_directories, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_open_and_lock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_directory_in_its_place, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_remove, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_remove_goes_on, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
