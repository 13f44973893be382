/* SPDX-License-Identifier: MIT */
/*
 * Layers made by hand, with the marks of both overlays, against a tree. Each test runs once for the
 * kernel's marks and twice for fuse-overlayfs', and must see the same.
 */
#pragma once

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

static struct pool pool;
static char top[256];
static const char *home, *tree, *upper;
static bool fuse, wh_files; /* marks of fuse-overlayfs; whiteouts as .wh.NAME */
static struct store s;

static inline const char *at(const char *dir, const char *path)
{
	return path_join(&pool, dir, pool_printf(&pool, "./%s", path));
}

/* A time before the run, so that only what a test touches later has changed since. */
static inline void write_file(const char *dir, const char *path, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	FILE *f = fopen(at(dir, path), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, at(dir, path), times, 0), 0);
}

static inline void make_dir(const char *dir, const char *path)
{
	assert_int_equal(mkdir(at(dir, path), 0755), 0);
}

/* Until what is changed has another time than what was. */
static inline void wait_a_tick(void)
{
	char path[sizeof(top) + 8];
	struct stat first, now;
	int fd;

	snprintf(path, sizeof(path), "%s.XXXXXX", top);
	fd = mkstemp(path);
	assert_true(fd >= 0 && unlink(path) == 0 && fstat(fd, &first) == 0);
	do {
		usleep(1000);
		assert_int_equal(fchmod(fd, 0600), 0);
		assert_int_equal(fstat(fd, &now), 0);
	} while (now.st_ctim.tv_sec == first.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == first.st_ctim.tv_nsec);
	close(fd);
}

static inline void whiteout(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;

	if (wh_files)
		write_file(upper, pool_printf(&pool, "%.*s.wh.%s", dir, path, path + dir), "");
	else
		assert_int_equal(mknod(at(upper, path), S_IFCHR, makedev(0, 0)), 0);
}

static inline void opaque(const char *path)
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
static inline void copy_up(const char *path)
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
static inline void overwrite(const char *dir, const char *path, const char *text)
{
	write_file(dir, path, text);
}

static inline void begin_run(void)
{
	struct err e = {0};

	store_done(&s);
	if (store_begin(&s, home, "test", &e) || store_write(&s, &e))
		fail_msg("%s", e.text);
	upper = path_join(&pool, home, "test/0/upper");
}

static inline void end_run(void)
{
	struct err e = {0};

	if (changes_record(&s, &e) < 0 || store_end(&s, 0, &e))
		fail_msg("%s", e.text);
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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
static inline const char *listed(void)
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

static inline void same(const char *expected)
{
	const char *text = listed();

	if (!str_eq(text, expected))
		fail_msg("expected \"%s\", got \"%s\"", expected, text);
}

#define THRICE(f)                                                                                  \
	{#f " (kernel)", f, set_up, tear_down, "kernel"},                                          \
		{#f " (fuse)", f, set_up, tear_down, "fuse"},                                      \
	{                                                                                          \
#f " (fuse, files)", f, set_up, tear_down, "files"                                 \
	}
