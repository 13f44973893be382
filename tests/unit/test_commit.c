/* SPDX-License-Identifier: MIT */
/* Commit, undo and discard, with layers made by hand. */
#include "commit.h"

/* --- all kinds --- */

static void test_commit_and_undo(void **state)
{
	struct stat before[3], after[3];

	(void)state;
	change_all();
	before[0] = status("file");
	before[1] = status("dir");
	before[2] = status(".");
	COMMIT();
	same("");
	assert_int_equal(c.done, 10);
	layer_is_empty();
	has("file", "two\n");
	assert_int_equal(status("file").st_mode, S_IFREG | 0600);
	assert_int_equal(status("file").st_mtim.tv_sec, 1000000000);
	has("dir/new", "new\n");
	assert_false(exists(tree, "dir/a") || exists(tree, "dir/sub"));
	assert_true(S_ISLNK(status("link").st_mode) && S_ISFIFO(status("fifo").st_mode));
	assert_true(status("more/c").st_ino == status("d").st_ino);
	assert_int_equal(getxattr(at(tree, "file"),
				  fuse ? "user.fuseoverlayfs.origin" : "user.overlay.origin", NULL,
				  0),
			 -1);
	assert_int_equal(getxattr(at(tree, "more"), "user.overlay.opaque", NULL, 0), -1);
	assert_false(exists(tree, "more/.wh..wh..opq"));
	store_is_tidy("commit.1 ");
	undo();
	same("A d D dir/a A dir/new D dir/sub D dir/sub/b A fifo M file M link A more A more/c");
	after[0] = status("file");
	after[1] = status("dir");
	after[2] = status(".");
	for (int i = 0; i < 3; i++) {
		assert_true(before[i].st_ino == after[i].st_ino);
		assert_int_equal(before[i].st_mode, after[i].st_mode);
		assert_memory_equal(&before[i].st_mtim, &after[i].st_mtim, sizeof(struct timespec));
	}
	has("dir/a", "a\n");
	has("dir/sub/b", "b\n");
	assert_false(exists(tree, "more") || exists(tree, "d") || exists(tree, "fifo"));
	store_is_tidy("");
}

static void test_types(void **state)
{
	(void)state;
	make_dir(upper, "file");
	write_file(upper, "file/in", "in\n");
	write_file(upper, "dir", "was a directory\n");
	make_dir(upper, "link");
	end_run();
	same("T dir D dir/a D dir/sub D dir/sub/b T file A file/in T link");
	COMMIT();
	same("");
	has("dir", "was a directory\n");
	has("file/in", "in\n");
	undo();
	same("T dir D dir/a D dir/sub D dir/sub/b T file A file/in T link");
	has("dir/sub/b", "b\n");
	has("file", "one\n");
	DISCARD("link");
	same("T dir D dir/a D dir/sub D dir/sub/b T file A file/in");
	/* Nothing of a directory can be had where the sandbox has a file. */
	decide(&(struct commit_options){.discard = true}, (const char *const[]){"dir/a", NULL});
	assert_int_equal(c.refused, 1);
}

/* Metadata of directories, the root's too. */
static void test_directories(void **state)
{
	(void)state;
	copy_up("dir");
	assert_int_equal(chmod(at(upper, "dir"), 0700), 0);
	assert_int_equal(setxattr(at(upper, "dir"), "user.own", "yes", 3, 0), 0);
	assert_int_equal(chmod(upper, 0711), 0);
	write_file(upper, "dir/n", "n\n");
	end_run();
	same("m . m dir A dir/n");
	COMMIT("dir/n");
	same("m . m dir");
	assert_int_equal(status("dir").st_mode, S_IFDIR | 0755);
	COMMIT();
	same("");
	assert_int_equal(status("dir").st_mode, S_IFDIR | 0700);
	assert_int_equal(status(".").st_mode, S_IFDIR | 0711);
	assert_int_equal(getxattr(at(tree, "dir"), "user.own", NULL, 0), 3);
	undo();
	same("m . m dir");
	assert_int_equal(status("dir").st_mode, S_IFDIR | 0755);
	assert_int_equal(getxattr(at(tree, "dir"), "user.own", NULL, 0), -1);
	DISCARD(".");
	same("");
	assert_int_equal(status(".").st_mode, S_IFDIR | 0755);
}

/* --- parts of what a layer hides --- */

static void test_part_of_opaque(void **state)
{
	(void)state;
	make_dir(upper, "dir");
	opaque("dir");
	make_dir(upper, "dir/sub");
	opaque("dir/sub");
	write_file(upper, "dir/n", "n\n");
	write_file(upper, "dir/sub/m", "m\n");
	end_run();
	same("D dir/a A dir/n D dir/sub/b A dir/sub/m");
	COMMIT("dir/n");
	same("D dir/a D dir/sub/b A dir/sub/m");
	COMMIT("dir/sub/m");
	same("D dir/a D dir/sub/b");
	/* What the host makes there now is seen. */
	write_file(tree, "dir/later", "later\n");
	same("D dir/a D dir/sub/b");
	COMMIT("dir/a");
	same("D dir/sub/b");
	undo();
	same("D dir/a D dir/sub/b");
	DISCARD("dir/a");
	same("D dir/sub/b");
	has("dir/a", "a\n");
}

static void test_part_of_deleted(void **state)
{
	(void)state;
	whiteout("dir");
	end_run();
	same("D dir D dir/a D dir/sub D dir/sub/b");
	COMMIT("dir/a");
	same("D dir D dir/sub D dir/sub/b");
	assert_false(exists(tree, "dir/a"));
	undo();
	same("D dir D dir/a D dir/sub D dir/sub/b");
	DISCARD("dir/sub/b");
	same("D dir/a");
	COMMIT();
	same("");
	has("dir/sub/b", "b\n");
	assert_false(exists(tree, "dir/a"));
}

static void test_discard(void **state)
{
	(void)state;
	change_all();
	DISCARD("file", "more", "dir/a");
	same("A d A dir/new D dir/sub D dir/sub/b A fifo M link");
	store_is_tidy("");
	has("file", "one\n");
	COMMIT("d");
	if (commit_discard_all(&s, &e))
		fail_msg("%s", e.text);
	same("");
	layer_is_empty();
	store_is_tidy("commit.1 ");
	/* What was committed before can still be taken back. */
	undo();
	same("A d");
	assert_false(exists(tree, "d"));
}

/* --- what is not carried over --- */

static void test_losses(void **state)
{
	(void)state;
	end_run();
	assert_int_equal(link(at(tree, "dir/a"), at(tree, "dir/other")), 0);
	wait_a_tick();
	begin_run();
	write_file(upper, "set", "x\n");
	assert_int_equal(chmod(at(upper, "set"), 06755), 0);
	assert_int_equal(mknod(at(upper, "socket"), S_IFSOCK | 0600, 0), 0);
	make_dir(upper, "d");
	assert_int_equal(mknod(at(upper, "d/socket"), S_IFSOCK | 0600, 0), 0);
	write_file(upper, "d/file", "x\n");
	copy_up("dir");
	copy_up("dir/a");
	overwrite(upper, "dir/a", "changed\n");
	end_run();
	COMMIT();
	assert_int_equal(c.done, 4);
	assert_int_equal(c.skipped, 2);
	same("A d/socket A socket");
	assert_int_equal(status("set").st_mode, S_IFREG | 0755);
	has("dir/other", "a\n");
	for (size_t i = 0; i < c.changes.n; i++) {
		const char *path = c.changes.v[i].path;

		assert_int_equal(c.decisions[i].losses, str_eq(path, "set")	? COMMIT_SETID
							: str_eq(path, "dir/a") ? COMMIT_LINKS
										: 0);
	}
	undo();
	same("A d A d/file A d/socket M dir/a A set A socket");
	assert_true(status("dir/a").st_ino == status("dir/other").st_ino);
	DISCARD("socket", "d/socket");
	same("A d A d/file M dir/a A set");
}

static void test_executed(void **state)
{
	struct commit_options options = {0};

	(void)state;
	write_file(upper, ".envrc", "evil\n");
	write_file(upper, "harmless", "x\n");
	end_run();
	same("A .envrc* A harmless");
	decide(&options, no_paths);
	assert_int_equal(c.refused, 1);
	COMMIT("harmless");
	same("A .envrc*");
	options.allow_executed = true;
	commit(&options, no_paths);
	same("");
}

/* Times before 1970, holes, attributes; over file systems where there is another. */
static void test_another_file_system(void **state)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {-5, 999999999}};
	char other[] = "/dev/shm/sandbox-unit.XXXXXX";
	int fd;

	(void)state;
	if (!mkdtemp(other))
		skip();
	store_done(&s);
	home = at(top, "other-state");
	tree = other;
	assert_int_equal(chmod(other, 0755), 0);
	write_file(tree, "file", "one\n");
	wait_a_tick();
	s = (struct store){.pool = &pool};
	*vec_add(&pool, &s.command) = "test";
	*vec_add(&pool, &s.trees) = (struct store_tree){.path = tree, .fuse = fuse};
	begin_run();
	copy_up("file");
	overwrite(upper, "file", "two\n");
	assert_int_equal(utimensat(AT_FDCWD, at(upper, "file"), times, 0), 0);
	fd = open(at(upper, "sparse"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(pwrite(fd, "x", 1, 10 * 1024 * 1024), 1);
	close(fd);
	end_run();
	same("M file A sparse");
	COMMIT();
	same("");
	assert_int_equal(status("file").st_mtim.tv_sec, -5);
	assert_int_equal(status("file").st_mtim.tv_nsec, 999999999);
	assert_int_equal(status("sparse").st_size, 10 * 1024 * 1024 + 1);
	assert_true(status("sparse").st_blocks < 1000);
	undo();
	has("file", "one\n");
	same("M file A sparse");
	assert_int_equal(unlink(at(tree, "file")) + rmdir(other), 0);
}

/* --- links on the way --- */

/* A directory on the way becomes a link to somewhere else, over and over: nothing gets there. */
static void test_racer(void **state)
{
	pid_t racer;
	int done = 0;

	(void)state;
	copy_up("dir");
	make_dir(tree, "victim");
	for (int i = 0; i < 20; i++)
		write_file(upper, pool_printf(&pool, "dir/f%d", i), "x\n");
	assert_int_equal(symlink("victim", at(tree, "swap")), 0);
	end_run();
	racer = fork();
	if (racer == 0) {
		for (;;)
			renameat2(AT_FDCWD, at(tree, "dir"), AT_FDCWD, at(tree, "swap"),
				  RENAME_EXCHANGE);
	}
	for (int i = 0; i < 100; i++) {
		change_vec all = {0};
		struct recovery r;
		struct undo u;

		if (commit_recover(&s, &r, &e) || changes_read(&s, &all, &e))
			continue;
		commit_begin(&c, &s, &(struct commit_options){.resolution = RESOLVE_THEIRS}, &all,
			     &all);
		if (commit_decide(&c, &e) == 0 && !c.refused && commit_apply(&c, &e) == 0)
			done++;
		commit_undo(&s, false, NULL, &u, &e);
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	/* As deep as the race went: the directory behind the link has nothing. */
	assert_int_equal(rmdir(at(tree, "victim")), 0);
	(void)done;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THRICE(test_commit_and_undo),
		THRICE(test_types),
		THRICE(test_directories),
		THRICE(test_part_of_opaque),
		THRICE(test_part_of_deleted),
		THRICE(test_discard),
		THRICE(test_losses),
		THRICE(test_executed),
		THRICE(test_another_file_system),
		THRICE(test_racer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
