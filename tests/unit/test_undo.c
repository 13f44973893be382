/* SPDX-License-Identifier: MIT */
/* Commits one after another, undone, and where the host has changed too. */
#include "commit.h"

/* One after another, and back the same way. */
static void test_several_commits(void **state)
{
	(void)state;
	change_all();
	COMMIT("dir");
	same("A d A fifo M file M link A more A more/c");
	COMMIT("file", "d");
	same("A fifo M link A more A more/c");
	has("d", "c\n");
	assert_true(status("d").st_nlink == 1);
	COMMIT();
	same("");
	store_is_tidy("commit.1 commit.2 commit.3 ");
	undo();
	same("A fifo M link A more A more/c");
	undo();
	same("A d A fifo M file M link A more A more/c");
	undo();
	same("A d D dir/a A dir/new D dir/sub D dir/sub/b A fifo M file M link A more A more/c");
	assert_int_equal(commit_undo(&s, false, NULL, &(struct undo){0}, &e), -1);
}

/* Names between which the order of paths is not that of strcmp(3): what has left the layer is found again. */
static void test_undo_of_neighbours(void **state)
{
	static const char *const names[] = {"n", "n!", "n-x", "n-x-y", "n0"};
	const size_t n = sizeof(names) / sizeof(names[0]);
	const char *before;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		make_dir(tree, names[i]);
		make_dir(tree, pool_printf(&pool, "%s/below", names[i]));
		write_file(tree, pool_printf(&pool, "%s/old", names[i]), "old\n");
	}
	end_run();
	begin_run();
	for (size_t i = 0; i < n; i++) {
		make_dir(upper, names[i]);
		opaque(names[i]);
		make_dir(upper, pool_printf(&pool, "%s/below", names[i]));
		opaque(pool_printf(&pool, "%s/below", names[i]));
		write_file(upper, pool_printf(&pool, "%s/below/new", names[i]), "new\n");
	}
	end_run();
	before = listed();
	for (int i = 0; i < 2; i++) {
		COMMIT();
		same("");
		undo();
		same(before);
	}
}

static void run_again(void)
{
	begin_run();
}

static void test_undo_behind_another_run(void **state)
{
	(void)state;
	change_all();
	COMMIT();
	run_again();
	copy_up("file");
	overwrite(upper, "file", "three\n");
	copy_up("dir");
	whiteout("dir/new");
	make_dir(upper, "dir/sub");
	opaque("dir/sub");
	write_file(upper, "dir/sub/again", "again\n");
	end_run();
	same("D dir/new A dir/sub A dir/sub/again M file");
	undo();
	/* The sandbox shows what it did; the host has what it had. */
	same("A d D dir/a A dir/sub/again D dir/sub/b A fifo M file M link A more A more/c");
	has("file", "one\n");
	assert_string_equal(content(upper, "file"), "three\n");
	COMMIT();
	same("");
	has("file", "three\n");
	assert_false(exists(tree, "dir/sub/b"));
}

static void change_text(void)
{
	const char *text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

	write_file(tree, "file", text);
	write_file(tree, "dir/a", text);
	end_run();
	wait_a_tick();
	begin_run();
	copy_up("file");
	copy_up("dir");
	copy_up("dir/a");
	overwrite(upper, "file", "one\n2\n3\n4\n5\n6\n7\n8\n9\n");
	overwrite(upper, "dir/a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n");
	end_run();
	same("M dir/a M file");
	write_file(tree, "file", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
	write_file(tree, "dir/a", "uno\n2\n3\n4\n5\n6\n7\n8\n9\n");
	same("M dir/a!modified M file!modified");
}

static void test_conflict(void **state)
{
	struct commit_options options = {0};

	(void)state;
	change_text();
	decide(&options, no_paths);
	assert_int_equal(c.refused, 2);
	options.resolution = RESOLVE_MERGE;
	decide(&options, no_paths);
	assert_int_equal(c.refused, 1);
	assert_string_equal(c.decisions[0].reason, "both have changed the same lines");
	commit(&options, (const char *const[]){"file", NULL});
	has("file", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n");
	same("M dir/a!modified");
	options.resolution = RESOLVE_THEIRS;
	commit(&options, no_paths);
	has("dir/a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n");
	same("");
	undo();
	has("dir/a", "uno\n2\n3\n4\n5\n6\n7\n8\n9\n");
	same("M dir/a!modified");
	options.resolution = RESOLVE_OURS;
	commit(&options, no_paths);
	assert_int_equal(c.dropped, 1);
	same("");
	has("dir/a", "uno\n2\n3\n4\n5\n6\n7\n8\n9\n");
	undo();
	undo();
	same("M dir/a!modified M file!modified");
	has("file", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
}

/* Of a deleted directory the host has changed a part: that is kept, and so the directory. */
static void test_conflict_in_deleted(void **state)
{
	(void)state;
	whiteout("dir");
	end_run();
	write_file(tree, "dir/sub/b", "other\n");
	same("D dir D dir/a D dir/sub D dir/sub/b!modified");
	commit(&(struct commit_options){.resolution = RESOLVE_OURS}, no_paths);
	assert_int_equal(c.done, 1);
	assert_int_equal(c.dropped, 3);
	same("");
	layer_is_empty();
	assert_false(exists(tree, "dir/a"));
	has("dir/sub/b", "other\n");
	undo();
	same("D dir D dir/a D dir/sub D dir/sub/b!modified");
}

static void test_undo_is_refused(void **state)
{
	(void)state;
	change_all();
	COMMIT();
	write_file(tree, "file", "the host's\n");
	undo_is_refused("file");
	has("file", "the host's\n");
	has("d", "c\n");
	same("");
	assert_int_equal(unlink(at(tree, "file")), 0);
	undo_is_refused("file");
}

static void test_undo_is_refused_for_what_is_new(void **state)
{
	(void)state;
	change_all();
	COMMIT();
	write_file(tree, "dir/a", "again\n");
	undo_is_refused("dir/a");
	assert_int_equal(unlink(at(tree, "dir/a")), 0);
	/* In a directory that the commit has made: found when it is to be removed; then all is as before. */
	write_file(tree, "more/mine", "mine\n");
	assert_int_equal(commit_undo(&s, false, NULL, &(struct undo){0}, &e), -1);
	assert_int_equal(e.code, 1);
	has("more/c", "c\n");
	has("d", "c\n");
	assert_true(status("more/c").st_ino == status("d").st_ino);
	has("file", "two\n");
	same("");
	assert_int_equal(unlink(at(tree, "more/mine")), 0);
	undo();
	has("file", "one\n");
}

/* Between the comparison and the commit. */
static void test_changed_at_the_last_moment(void **state)
{
	struct commit_options options = {0};

	(void)state;
	change_all();
	decide(&options, no_paths);
	write_file(tree, "dir/sub/late", "late\n");
	assert_int_equal(commit_apply(&c, &e), -1);
	assert_int_equal(e.code, 1);
	has("file", "one\n");
	has("dir/sub/b", "b\n");
	has("dir/sub/late", "late\n");
	store_is_tidy("");
	assert_int_equal(unlink(at(tree, "dir/sub/late")), 0);
	same("A d D dir/a A dir/new D dir/sub D dir/sub/b A fifo M file M link A more A more/c");
	decide(&options, no_paths);
	write_file(tree, "file", "late\n");
	assert_int_equal(commit_apply(&c, &e), -1);
	assert_int_equal(e.code, 1);
	has("file", "late\n");
	has("dir/sub/b", "b\n");
	store_is_tidy("");
	same("A d D dir/a A dir/new D dir/sub D dir/sub/b A fifo M file!modified M link A more A more/c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THRICE(test_several_commits),
		THRICE(test_undo_of_neighbours),
		THRICE(test_undo_behind_another_run),
		THRICE(test_conflict),
		THRICE(test_conflict_in_deleted),
		THRICE(test_undo_is_refused),
		THRICE(test_undo_is_refused_for_what_is_new),
		THRICE(test_changed_at_the_last_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
