/* SPDX-License-Identifier: MIT */
/* Commits of layers that are made by hand. */
#pragma once

#include <signal.h>

#include "base/fd.h"
#include "layer.h"
#include "store/commit.h"

static struct commit c;
static struct err e;

/* --- what is done --- */

static const char *const *const no_paths = (const char *const[]){NULL};

static inline void decide(const struct commit_options *options, const char *const *paths)
{
	change_vec all = {0}, chosen = {0};
	str_vec wanted = {0};

	if (changes_read(&s, &all, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < all.n; i++)
		*vec_add(&pool, &chosen) = all.v[i];
	for (; *paths; paths++)
		*vec_add(&pool, &wanted) = at(tree, *paths);
	if (changes_select(&s, &chosen, &wanted, &e))
		fail_msg("%s", e.text);
	commit_begin(&c, &s, options, &all, &chosen);
	if (commit_decide(&c, &e))
		fail_msg("%s", e.text);
}

static inline void commit(const struct commit_options *options, const char *const *paths)
{
	decide(options, paths);
	for (size_t i = 0; i < c.changes.n; i++) {
		if (c.decisions[i].verdict == VERDICT_REFUSE)
			fail_msg("%s: %s", c.changes.v[i].path, c.decisions[i].reason);
	}
	if (commit_apply(&c, &e))
		fail_msg("%s", e.text);
}

#define COMMIT(...)                                                                                \
	commit(&(struct commit_options){0}, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define DISCARD(...)                                                                               \
	commit(&(struct commit_options){.discard = true}, (const char *const[]){__VA_ARGS__, NULL})

static inline void undo(void)
{
	struct undo u;

	if (commit_undo(&s, false, NULL, &u, &e))
		fail_msg("%s", e.text);
	assert_int_equal(u.strange.n, 0);
}

static inline void undo_is_refused(const char *path)
{
	struct undo u;

	assert_int_equal(commit_undo(&s, false, NULL, &u, &e), -1);
	assert_int_equal(e.code, 1);
	assert_int_equal(u.conflicts.n, 1);
	assert_string_equal(u.conflicts.v[0].path, at(tree, path));
}

/* --- what is there --- */

static inline const char *content(const char *dir, const char *path)
{
	char *text;

	return fd_read_path(&pool, at(dir, path), 100000, &text) < 0 ? NULL : text;
}

static inline void has(const char *path, const char *text)
{
	const char *found = content(tree, path);

	if (!found || !str_eq(found, text))
		fail_msg("%s: expected \"%s\", got \"%s\"", path, text, found ? found : "nothing");
}

static inline bool exists(const char *dir, const char *path)
{
	return faccessat(AT_FDCWD, at(dir, path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline struct stat status(const char *path)
{
	struct stat st;

	if (lstat(at(tree, path), &st))
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

/* Nothing but what is always there. */
static inline void store_is_tidy(const char *commits)
{
	int fd = openat(s.dir, ".", O_RDONLY | O_DIRECTORY);
	node_name_vec names = {0};
	const char *text = "";

	assert_int_equal(node_list(&pool, fd, &names), 0);
	close(fd);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i].name;

		if (!str_eq(name, "0") && !str_eq(name, "base") && !str_eq(name, "state") &&
		    !str_eq(name, "saved"))
			text = pool_printf(&pool, "%s%s ", text, name);
	}
	assert_string_equal(text, commits);
}

static inline void layer_is_empty(void)
{
	int fd = open(upper, O_RDONLY | O_DIRECTORY);
	node_name_vec names = {0};

	assert_int_equal(node_list(&pool, fd, &names), 0);
	close(fd);
	if (names.n)
		fail_msg("the layer has still %s", names.v[0].name);
}

static inline void change_all(void)
{
	copy_up("dir");
	copy_up("file");
	overwrite(upper, "file", "two\n");
	assert_int_equal(chmod(at(upper, "file"), 0600), 0);
	write_file(upper, "dir/new", "new\n");
	whiteout("dir/a");
	whiteout("dir/sub");
	assert_int_equal(symlink("elsewhere", at(upper, "link")), 0);
	make_dir(upper, "more");
	opaque("more");
	write_file(upper, "more/c", "c\n");
	assert_int_equal(link(at(upper, "more/c"), at(upper, "d")), 0);
	assert_int_equal(mkfifo(at(upper, "fifo"), 0640), 0);
	end_run();
	same("A d D dir/a A dir/new D dir/sub D dir/sub/b A fifo M file M link A more A more/c");
}
