/* SPDX-License-Identifier: MIT */
/* Changes of a sandbox where the host has changed too, or while the sandbox ran. */
#include "layer.h"

/* --- what the host does meanwhile --- */

static void change_all(void)
{
	copy_up("file");
	overwrite(upper, "file", "two\n");
	copy_up("dir");
	whiteout("dir/a");
	write_file(upper, "new", "new\n");
	whiteout("dir/sub");
	end_run();
	same("D dir/a D dir/sub D dir/sub/b M file A new");
}

static void test_host_changes_the_same(void **state)
{
	(void)state;
	change_all();
	write_file(tree, "file", "three\n");
	write_file(tree, "dir/a", "other\n");
	write_file(tree, "new", "theirs\n");
	write_file(tree, "dir/sub/more", "more\n");
	same("D dir/a!modified D dir/sub D dir/sub/b D dir/sub/more!added M file!modified M new!added");
}

static void test_host_deletes(void **state)
{
	(void)state;
	change_all();
	assert_int_equal(unlink(at(tree, "file")), 0);
	assert_int_equal(unlink(at(tree, "dir/a")), 0);
	/* What both have deleted is no change. */
	same("D dir/sub D dir/sub/b A file!deleted A new");
}

static void test_host_does_likewise(void **state)
{
	(void)state;
	change_all();
	write_file(tree, "file", "two\n");
	write_file(tree, "new", "new\n");
	same("D dir/a D dir/sub D dir/sub/b");
}

/* Touched, or written again with what it had: what was saved tells that it is the same. */
static void test_host_touches(void **state)
{
	(void)state;
	change_all();
	write_file(tree, "file", "one\n");
	same("D dir/a D dir/sub D dir/sub/b M file A new");
	assert_int_equal(chmod(at(tree, "file"), 0600), 0);
	same("D dir/a D dir/sub D dir/sub/b M file!modified A new");
}

/* What the sandbox has a copy of but did not change is the host's to change. */
static void test_host_changes_what_was_only_copied(void **state)
{
	(void)state;
	copy_up("file");
	copy_up("dir");
	copy_up("dir/a");
	whiteout("gone");
	write_file(upper, "dir/new", "new\n");
	end_run();
	write_file(tree, "file", "three\n");
	write_file(tree, "gone", "back\n");
	assert_int_equal(unlink(at(tree, "dir/a")), 0);
	assert_int_equal(chmod(at(tree, "dir"), 0700), 0);
	same("A dir/new");
	/* Nor does another run make it a change of the sandbox's. */
	begin_run();
	end_run();
	same("A dir/new");
	/* But when that changes it, both have. */
	begin_run();
	overwrite(upper, "file", "four\n");
	end_run();
	same("A dir/new M file!modified");
}

static void test_host_deletes_directory_above(void **state)
{
	(void)state;
	copy_up("dir");
	write_file(upper, "dir/new", "new\n");
	copy_up("dir/sub");
	copy_up("dir/sub/b");
	end_run();
	assert_int_equal(unlink(at(tree, "dir/sub/b")), 0);
	assert_int_equal(rmdir(at(tree, "dir/sub")), 0);
	assert_int_equal(unlink(at(tree, "dir/a")), 0);
	assert_int_equal(rmdir(at(tree, "dir")), 0);
	same("A dir!deleted A dir/new");
}

/* What the host makes in a directory that is hidden is never seen inside, in no later run either. */
static void test_host_adds_below_deleted(void **state)
{
	(void)state;
	copy_up("dir");
	whiteout("dir/sub");
	end_run();
	write_file(tree, "dir/sub/more", "more\n");
	make_dir(tree, "dir/sub/deep");
	write_file(tree, "dir/sub/deep/er", "x\n");
	same("D dir/sub D dir/sub/b D dir/sub/deep!added D dir/sub/deep/er!added D dir/sub/more!added");
	wait_a_tick();
	begin_run();
	end_run();
	same("D dir/sub D dir/sub/b D dir/sub/deep!added D dir/sub/deep/er!added D dir/sub/more!added");
}

static void test_host_adds_below_replaced(void **state)
{
	(void)state;
	make_dir(upper, "dir");
	opaque("dir");
	write_file(upper, "dir/x", "x\n");
	end_run();
	write_file(tree, "dir/more", "more\n");
	wait_a_tick();
	begin_run();
	end_run();
	same("D dir/a D dir/more!added D dir/sub D dir/sub/b A dir/x");
}

/* A new directory of the sandbox hides nothing: the host had none. */
static void test_both_add_a_directory(void **state)
{
	(void)state;
	make_dir(upper, "newdir");
	opaque("newdir");
	write_file(upper, "newdir/x", "x\n");
	end_run();
	make_dir(tree, "newdir");
	write_file(tree, "newdir/y", "y\n");
	same("A newdir/x");
}

/* --- what the host does while the sandbox runs --- */

static void test_host_changes_during_the_run(void **state)
{
	(void)state;
	wait_a_tick();
	copy_up("file");
	copy_up("dir");
	copy_up("dir/a");
	overwrite(upper, "file", "two\n");
	overwrite(upper, "dir/a", "two\n");
	write_file(tree, "file", "three\n");
	assert_int_equal(unlink(at(tree, "dir/a")), 0);
	write_file(upper, "new", "new\n");
	end_run();
	same("A dir/a!unknown M file!unknown A new");
}

/* Renamed inside: it was copied too, but from elsewhere. */
static void test_renamed_inside(void **state)
{
	(void)state;
	wait_a_tick();
	copy_up("file");
	assert_int_equal(rename(at(upper, "file"), at(upper, "renamed")), 0);
	whiteout("file");
	end_run();
	same("D file A renamed");
}

static void test_cut_short(void **state)
{
	struct err e = {0};

	(void)state;
	write_file(upper, "file", "two\n");
	/* As when the launcher is killed: no record, no end. */
	store_done(&s);
	assert_int_equal(store_open(&s, home, "test", false, &e), 0);
	same("M file");
	assert_true(s.running);
	store_done(&s);
	assert_int_equal(store_open(&s, home, "test", true, &e), 0);
	same("M file");
	assert_false(s.running);
	write_file(tree, "file", "three\n");
	same("M file!modified");
}

static void test_lost_record(void **state)
{
	(void)state;
	change_all();
	assert_int_equal(truncate(at(home, "test/base"), 0), 0);
	same("D dir/a!unknown D dir/sub!unknown D dir/sub/b!unknown M file!unknown A new!unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THRICE(test_host_changes_the_same),
		THRICE(test_host_deletes),
		THRICE(test_host_does_likewise),
		THRICE(test_host_touches),
		THRICE(test_host_changes_what_was_only_copied),
		THRICE(test_host_deletes_directory_above),
		THRICE(test_host_adds_below_deleted),
		THRICE(test_host_adds_below_replaced),
		THRICE(test_both_add_a_directory),
		THRICE(test_host_changes_during_the_run),
		THRICE(test_renamed_inside),
		THRICE(test_cut_short),
		THRICE(test_lost_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
