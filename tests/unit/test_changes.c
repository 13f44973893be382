/* SPDX-License-Identifier: MIT */
/* Changes of a sandbox: what is one, and which are chosen by a path. */
#include "layer.h"

/* --- what is a change --- */

static void test_nothing(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(changes_record(&s, &e), 0);
	assert_int_equal(access(at(home, "test/base"), F_OK), -1);
	copy_up("dir");
	copy_up("dir/sub");
	copy_up("dir/sub/b");
	assert_int_equal(changes_record(&s, &e), 0);
	end_run();
	same("");
}

static void test_every_kind(void **state)
{
	(void)state;
	copy_up("file");
	overwrite(upper, "file", "two\n");
	write_file(upper, "new", "new\n");
	make_dir(upper, "newdir");
	opaque("newdir");
	write_file(upper, "newdir/x", "x\n");
	copy_up("dir");
	whiteout("dir/a");
	copy_up("dir/sub");
	assert_int_equal(chmod(at(upper, "dir/sub"), 0700), 0);
	assert_int_equal(symlink("elsewhere", at(upper, "link")), 0);
	same("D dir/a m dir/sub M file M link A new A newdir A newdir/x");
	end_run();
	same("D dir/a m dir/sub M file M link A new A newdir A newdir/x");
}

/* Same size, same times: only the content tells. */
static void test_content_with_forged_times(void **state)
{
	(void)state;
	copy_up("file");
	overwrite(upper, "file", "owt\n");
	copy_up("dir");
	copy_up("dir/a");
	end_run();
	same("M file");
}

static void test_metadata(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 2}, {.tv_sec = 2}};

	(void)state;
	copy_up("file");
	assert_int_equal(utimensat(AT_FDCWD, at(upper, "file"), times, 0), 0);
	copy_up("dir");
	assert_int_equal(utimensat(AT_FDCWD, at(upper, "dir"), times, 0), 0);
	copy_up("dir/a");
	assert_int_equal(setxattr(at(upper, "dir/a"), "user.mine", "1", 1, 0), 0);
	copy_up("dir/sub");
	assert_int_equal(setxattr(at(upper, "dir/sub"), "user.mine", "1", 1, 0), 0);
	copy_up("dir/sub/b");
	assert_int_equal(setxattr(at(upper, "dir/sub/b"), "user.overlay.mine", "1", 1, 0), 0);
	assert_int_equal(setxattr(at(upper, "dir/sub/b"), "user.fuseoverlayfs.mine", "1", 1, 0), 0);
	end_run();
	same("m dir/a m dir/sub m file");
}

/* Each file below a directory that is gone is one of its own. */
static void test_deleted_directory(void **state)
{
	(void)state;
	whiteout("dir");
	end_run();
	same("D dir D dir/a D dir/sub D dir/sub/b");
}

static void test_replaced_directory(void **state)
{
	(void)state;
	make_dir(upper, "dir");
	opaque("dir");
	write_file(upper, "dir/a", "a\n");
	write_file(upper, "dir/other", "x\n");
	end_run();
	same("A dir/other D dir/sub D dir/sub/b");
}

static void test_other_types(void **state)
{
	(void)state;
	write_file(upper, "dir", "now a file\n");
	make_dir(upper, "file");
	opaque("file");
	write_file(upper, "file/x", "x\n");
	assert_int_equal(mkfifo(at(upper, "link"), 0644), 0);
	end_run();
	same("T dir D dir/a D dir/sub D dir/sub/b T file A file/x T link");
}

static void test_removed_and_made_again(void **state)
{
	(void)state;
	make_dir(upper, "dir");
	opaque("dir");
	make_dir(upper, "dir/sub");
	opaque("dir/sub");
	write_file(upper, "dir/a", "a\n");
	write_file(upper, "dir/sub/b", "b\n");
	whiteout("never-there");
	end_run();
	same("");
}

/* Names that are marks in one overlay are ordinary ones in the other. */
static void test_names_of_marks(void **state)
{
	(void)state;
	write_file(upper, ".wh.file", "");
	write_file(upper, ".wh..wh..x", "");
	end_run();
	same(fuse ? "D file" : "A .wh..wh..x A .wh.file");
}

static void test_flags(void **state)
{
	change_vec changes = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(link(at(tree, "file"), at(tree, "other-name")), 0);
	overwrite(upper, "file", "two\n");
	write_file(upper, "suid", "x\n");
	assert_int_equal(chmod(at(upper, "suid"), 04755), 0);
	assert_int_equal(mknod(at(upper, "socket"), S_IFSOCK | 0600, 0), 0);
	end_run();
	assert_int_equal(changes_read(&s, &changes, &e), 0);
	assert_int_equal(changes.n, 3);
	assert_int_equal(changes.v[0].flags, FLAG_LINKS);
	assert_int_equal(changes.v[1].flags, FLAG_SOCKET);
	assert_int_equal(changes.v[2].flags, FLAG_SETID);
}

/* A sparse file of a terabyte is compared by its data. */
static void test_sparse(void **state)
{
	const off_t size = (off_t)1 << 40;
	const char *const dirs[] = {tree, upper};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd;

		write_file(dirs[i], "sparse", "");
		write_file(dirs[i], "same", "");
		fd = open(at(dirs[i], "sparse"), O_WRONLY);
		assert_int_equal(pwrite(fd, i ? "y" : "x", 1, size / 2), 1);
		close(fd);
		assert_int_equal(truncate(at(dirs[i], "sparse"), size), 0);
		assert_int_equal(truncate(at(dirs[i], "same"), size), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 5}};

		assert_int_equal(
			utimensat(AT_FDCWD, at(dirs[i / 2], i % 2 ? "sparse" : "same"), times, 0),
			0);
	}
	end_run();
	same("M sparse!unknown");
}

static void test_too_deep(void **state)
{
	change_vec changes = {0};
	struct err e = {0};
	int fd = open(upper, O_RDONLY | O_DIRECTORY);

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		below = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(changes_read(&s, &changes, &e), -1);
	assert_non_null(strstr(e.text, "4095 bytes"));
	assert_true(*e.hint);
}

/* --- selection --- */

static size_t selected(const char *path, change_vec *changes)
{
	str_vec paths = {0};
	struct err e = {0};

	*vec_add(&pool, &paths) = path;
	*changes = (change_vec){0};
	assert_int_equal(changes_read(&s, changes, &e), 0);
	return changes_select(&s, changes, &paths, &e) ? 0 : changes->n;
}

static void test_select(void **state)
{
	change_vec c;

	(void)state;
	make_dir(upper, "new");
	make_dir(upper, "new/er");
	write_file(upper, "new/er/file", "x\n");
	write_file(upper, "new/other", "x\n");
	write_file(upper, "new-one", "x\n");
	whiteout("dir");
	end_run();
	assert_int_equal(selected(tree, &c), 9);
	assert_int_equal(selected(top, &c), 9);
	assert_int_equal(selected("/", &c), 9);
	assert_int_equal(selected(at(tree, "new/er"), &c), 3);
	assert_string_equal(c.v[0].path, "new");
	assert_string_equal(c.v[2].path, "new/er/file");
	assert_int_equal(selected(at(tree, "new"), &c), 4);
	assert_int_equal(selected(at(tree, "dir/sub"), &c), 2);
	assert_int_equal(selected(at(tree, "di"), &c), 0);
	assert_int_equal(selected(at(tree, "file"), &c), 0);
	assert_int_equal(selected("/nowhere", &c), 0);
}

static void test_executed_changes(void **state)
{
	(void)state;
	make_dir(tree, ".git");
	make_dir(tree, "bare");
	make_dir(tree, "bare/objects");
	write_file(tree, "bare/HEAD", "ref: refs/heads/main\n");
	write_file(tree, ".git/config", "x\n");
	end_run();
	begin_run();
	write_file(upper, "config", "not one\n");
	make_dir(upper, ".git");
	make_dir(upper, ".git/hooks");
	write_file(upper, ".git/hooks/pre-commit", "x\n");
	whiteout(".git/config");
	make_dir(upper, "bare");
	make_dir(upper, "bare/refs");
	write_file(upper, "bare/config", "x\n");
	assert_int_equal(symlink("/tmp", at(upper, ".config")), 0);
	assert_int_equal(symlink("/tmp", at(upper, "elsewhere")), 0);
	same("A .config* D .git/config A .git/hooks A .git/hooks/pre-commit* A bare/config* A bare/refs* "
	     "A config A elsewhere");
}

/* A home whose start-up files lie in the tree: one by one, whole directories, what is not there yet. */
static void test_executed_by_link(void **state)
{
	static const char *const links[][2] = {
		{"../tree/rc", ".bashrc"},     {"../tree/dir/a", ".profile"},
		{"../tree/conf", ".config"},   {"../../tree/dir/sub", ".local/bin"},
		{"../tree/not/yet", ".zshrc"}, {"../tree/file", "notes"},
		{"nowhere/else", ".vimrc"},    {"../tree/chain", ".inputrc"},
		{"..", ".local/share"},
	};
	const char *user = path_join(&pool, top, "user");

	(void)state;
	make_dir(user, ".");
	make_dir(user, ".local");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_int_equal(symlink(links[i][0], at(user, links[i][1])), 0);
	make_dir(tree, "conf");
	make_dir(tree, "conf/fish");
	make_dir(tree, "other");
	write_file(tree, "other/rc", "x\n");
	assert_int_equal(symlink("other/rc", at(tree, "rc")), 0);
	assert_int_equal(symlink("other/nvim", at(tree, "conf/nvim")), 0);
	end_run();
	begin_run();
	make_dir(upper, "other");
	write_file(upper, "other/rc", "changed\n");
	write_file(upper, "other/rest", "new\n");
	assert_int_equal(symlink("evil", at(upper, "rc")), 0);
	make_dir(upper, "dir");
	make_dir(upper, "dir/sub");
	write_file(upper, "dir/a", "changed\n");
	write_file(upper, "dir/c", "new\n");
	write_file(upper, "dir/sub/ls", "new\n");
	make_dir(upper, "conf");
	make_dir(upper, "conf/fish");
	make_dir(upper, "conf/app");
	write_file(upper, "conf/fish/config.fish", "new\n");
	write_file(upper, "conf/app/settings", "new\n");
	assert_int_equal(symlink("evil", at(upper, "not")), 0);
	write_file(upper, "file", "changed\n");
	same("A conf/app A conf/app/settings A conf/fish/config.fish M dir/a A dir/c A dir/sub/ls M file "
	     "A not M other/rc A other/rest M rc");
	*vec_add(&pool, &s.homes) = user;
	same("A conf/app A conf/app/settings A conf/fish/config.fish* M dir/a* A dir/c A dir/sub/ls* M file "
	     "A not* M other/rc* A other/rest M rc*");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THRICE(test_nothing),
		THRICE(test_every_kind),
		THRICE(test_content_with_forged_times),
		THRICE(test_metadata),
		THRICE(test_deleted_directory),
		THRICE(test_replaced_directory),
		THRICE(test_other_types),
		THRICE(test_removed_and_made_again),
		THRICE(test_names_of_marks),
		THRICE(test_flags),
		THRICE(test_sparse),
		THRICE(test_too_deep),
		THRICE(test_select),
		THRICE(test_executed_changes),
		THRICE(test_executed_by_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
