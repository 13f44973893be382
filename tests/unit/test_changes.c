/* SPDX-License-Identifier: MIT */
/*
 * Changes of a sandbox: layers made by hand, with the marks of both overlays, against a tree. Each test
 * runs once for the kernel's marks and once for fuse-overlayfs', and must see the same.
 */
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
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/executed.h"
#include "store/remove.h"
#include "store/scan.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct pool pool;
static char top[256];
static const char *home, *tree, *upper;
static bool fuse, wh_files; /* marks of fuse-overlayfs; whiteouts as .wh.NAME */
static struct store s;

static const char *at(const char *dir, const char *path)
{
	return path_join(&pool, dir, pool_printf(&pool, "./%s", path));
}

/* A time before the run, so that only what a test touches later has changed since. */
static void write_file(const char *dir, const char *path, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	FILE *f = fopen(at(dir, path), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, at(dir, path), times, 0), 0);
}

static void make_dir(const char *dir, const char *path)
{
	assert_int_equal(mkdir(at(dir, path), 0755), 0);
}

static void whiteout(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;

	if (wh_files)
		write_file(upper, pool_printf(&pool, "%.*s.wh.%s", dir, path, path + dir), "");
	else
		assert_int_equal(mknod(at(upper, path), S_IFCHR, makedev(0, 0)), 0);
}

static void opaque(const char *path)
{
	if (wh_files)
		write_file(upper, pool_printf(&pool, "%s/.wh..wh..opq", path), "");
	else
		assert_int_equal(
			setxattr(at(upper, path),
				 fuse ? "user.fuseoverlayfs.opaque" : "user.overlay.opaque", "y", 1,
				 0),
			0);
}

/* A file or directory of the host as an overlay copies it. */
static void copy_up(const char *path)
{
	struct stat st;

	assert_int_equal(stat(at(tree, path), &st), 0);
	if (S_ISDIR(st.st_mode)) {
		make_dir(upper, path);
	} else {
		pid_t pid = fork();

		if (pid == 0) {
			execlp("cp", "cp", "-p", at(tree, path), at(upper, path), NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
		assert_int_equal(
			setxattr(at(upper, path),
				 fuse ? "user.fuseoverlayfs.origin" : "user.overlay.origin", path,
				 strlen(path), 0),
			0);
	}
	assert_int_equal(chmod(at(upper, path), st.st_mode & 07777), 0);
}

/* Over what was copied: without a new file, so with the origin mark. */
static void overwrite(const char *dir, const char *path, const char *text)
{
	write_file(dir, path, text);
}

static void begin_run(void)
{
	struct err e = {0};

	store_done(&s);
	if (store_begin(&s, home, "test", &e) || store_write(&s, &e))
		fail_msg("%s", e.text);
	upper = path_join(&pool, home, "test/0/upper");
}

static void end_run(void)
{
	struct err e = {0};

	if (changes_record(&s, &e) < 0 || store_end(&s, &e))
		fail_msg("%s", e.text);
}

static int set_up(void **state)
{
	const char *dir = getenv("SANDBOX_TEST_HOME");
	const char *variant = *state;

	umask(022);
	fuse = !str_eq(variant, "kernel");
	wh_files = str_eq(variant, "files");
	snprintf(top, sizeof(top), "%s/test_changes.XXXXXX", dir ? dir : "/tmp");
	assert_non_null(mkdtemp(top));
	home = path_join(&pool, top, "state");
	tree = path_join(&pool, top, "tree");
	make_dir(tree, ".");
	make_dir(tree, "dir");
	make_dir(tree, "dir/sub");
	write_file(tree, "file", "one\n");
	write_file(tree, "dir/a", "a\n");
	write_file(tree, "dir/sub/b", "b\n");
	assert_int_equal(symlink("file", at(tree, "link")), 0);
	s = (struct store){.pool = &pool};
	*vec_add(&pool, &s.command) = "test";
	*vec_add(&pool, &s.trees) = (struct store_tree){.path = tree, .fuse = fuse};
	begin_run();
	return 0;
}

static int tear_down(void **state)
{
	int above = open(path_join(&pool, top, ".."), O_PATH | O_DIRECTORY);
	struct err e = {0};

	(void)state;
	store_done(&s);
	assert_int_equal(remove_below(above, path_name(top), "test", &e), 0);
	close(above);
	pool_done(&pool);
	return 0;
}

/* The list as text: "A new M dir/a!modified" */
static const char *listed(void)
{
	static const char letters[] = {[CHANGE_ADDED] = 'A',
				       [CHANGE_MODIFIED] = 'M',
				       [CHANGE_DELETED] = 'D',
				       [CHANGE_TYPE] = 'T',
				       [CHANGE_META] = 'm'};
	change_vec changes = {0};
	struct err e = {0};
	const char *text = "";

	if (changes_read(&s, &changes, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < changes.n; i++) {
		const struct change *c = &changes.v[i];
		const char *conflict = conflict_name(c->conflict);

		text = pool_printf(&pool, "%s%s%c %s%s%s%s", text, i ? " " : "", letters[c->kind],
				   *c->path ? c->path : ".", c->flags & FLAG_EXECUTED ? "*" : "",
				   conflict ? "!" : "", conflict ? conflict : "");
	}
	return text;
}

static void same(const char *expected)
{
	const char *text = listed();

	if (!str_eq(text, expected))
		fail_msg("expected \"%s\", got \"%s\"", expected, text);
}

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

static void wait_a_tick(void)
{
	usleep(20000);
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

/* --- what the host runs later --- */

static void test_executed_names(void **state)
{
	static const char *const yes[] = {
		"/home/u/p/.git/hooks/pre-commit",
		"/p/.git/hooks",
		"/p/.git",
		"/p/.git/config",
		"/p/.git/config.worktree",
		"/p/.git/commondir",
		"/p/.git/info/attributes",
		"/p/.git/modules/x/config",
		"/p/.git/worktrees/w/gitdir",
		"/p/a/b/.envrc",
		"/p/.direnv/bin/x",
		"/home/u/.bashrc",
		"/home/u/.zshenv",
		"/home/u/.profile",
		"/home/u/.config/fish/config.fish",
		"/home/u/.cshrc",
		"/p/.vimrc",
		"/p/.exrc",
		"/p/.nvim.lua",
		"/home/u/.vim/plugin/x.vim",
		"/home/u/.emacs.d/init.el",
		"/home/u/.config/nvim/init.lua",
		"/home/u/.config/autostart/x.desktop",
		"/home/u/.config/systemd/user/x.service",
		"/home/u/.config/environment.d/1.conf",
		"/home/u/.config/git/config",
		"/home/u/.gitconfig",
		"/p/.vscode/tasks.json",
		"/p/.devcontainer/devcontainer.json",
		"/p/.idea/workspace.xml",
		"/p/.husky/pre-push",
		"/p/.npmrc",
		"/p/.yarnrc.yml",
		"/home/u/.ssh/authorized_keys",
		"/home/u/.ssh/rc",
		"/home/u/.pam_environment",
		"/home/u/.xinitrc",
		"/p/.gdbinit",
		"/home/u/.tmux.conf",
		"/home/u/.local/share/applications/x.desktop",
		"/home/u/.local/bin/ls",
		"/home/u/bin/ls",
		"/root/bin/x",
		"/home/u/.config/sandbox/profiles/default.profile",
		"/etc/cron.d/x",
		"/etc/profile.d/x.sh",
		"/etc/ld.so.preload",
		"/var/spool/cron/crontabs/u",
		"/usr/bin/ls",
		"/lib64/ld.so",
		"/p/x.code-workspace",
	};
	static const char *const no[] = {
		"/home/u/p/main.c",
		"/p/.gitmodules",
		"/p/.gitignore",
		"/p/.git/HEAD",
		"/p/.git/index",
		"/p/.git/objects/aa/bb",
		"/p/.git/refs/heads/main",
		"/p/Makefile",
		"/p/.inputrc",
		"/p/hooks/pre-commit",
		"/p/config",
		"/p/.github/workflows/ci.yml",
		"/p/.vscode/notes.txt",
		"/p/bin/tool",
		"/home/bin/x",
		"/p/.envrc.md",
		"/p/x.envrc",
		"/p/etc/cron.d/x",
		"/p/.configure/fish/x",
		"/p/.config/app/settings",
		"/",
		"/p/.gitx",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		if (!executed_later(yes[i]))
			fail_msg("not seen: %s", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		if (executed_later(no[i]))
			fail_msg("not one: %s", no[i]);
	}
	assert_true(executed_through("/home/u/.config") && executed_through("/p/.git/modules"));
	assert_true(executed_through("/home/u/.local/share") && executed_through("/p/.vscode"));
	assert_false(executed_through("/p/src") || executed_through("/p/.cached"));
}

static void test_executed_repository(void **state)
{
	(void)state;
	assert_int_equal(executed_repository("a/b/hooks/x", SIZE_MAX), 3);
	assert_int_equal(executed_repository("a/b/hooks/x", 3), -1);
	assert_int_equal(executed_repository("hooks/config", SIZE_MAX), 5);
	assert_int_equal(executed_repository("hooks/config", 5), 0);
	assert_int_equal(executed_repository("hooks/config", 0), -1);
	assert_int_equal(executed_repository("HEAD", SIZE_MAX), 0);
	assert_int_equal(executed_repository(".git/HEAD", SIZE_MAX), -1);
	assert_int_equal(executed_repository("a/.git/HEAD", SIZE_MAX), -1);
	assert_int_equal(executed_repository("a.git/HEAD", SIZE_MAX), 5);
	assert_int_equal(executed_repository("a/b.c", SIZE_MAX), -1);
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

#define THRICE(f)                                                                                  \
	{#f " (kernel)", f, set_up, tear_down, "kernel"},                                          \
		{#f " (fuse)", f, set_up, tear_down, "fuse"},                                      \
	{                                                                                          \
#f " (fuse, files)", f, set_up, tear_down, "files"                                 \
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
		THRICE(test_host_changes_the_same),
		THRICE(test_host_deletes),
		THRICE(test_host_does_likewise),
		THRICE(test_host_touches),
		THRICE(test_host_changes_what_was_only_copied),
		THRICE(test_host_deletes_directory_above),
		THRICE(test_both_add_a_directory),
		THRICE(test_host_changes_during_the_run),
		THRICE(test_renamed_inside),
		THRICE(test_cut_short),
		THRICE(test_lost_record),
		THRICE(test_select),
		THRICE(test_executed_changes),
		cmocka_unit_test(test_executed_names),
		cmocka_unit_test(test_executed_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
