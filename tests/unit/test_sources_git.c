/* SPDX-License-Identifier: MIT */
/* host/sources_git.c: the repository that the working directory is in, and what rewrites its remotes. */
#include "sources.h"

static void test_git_rewrites(void **state)
{
	(void)state;
	put("project/.git/config", "[remote \"a\"]\nurl = gh:x/y\n"
				   "[remote \"b\"]\nurl = https://b.test/x\n"
				   "[remote \"c\"]\nurl = https://b.test/deep/x\npushurl = gh:z\n"
				   "[include]\npath = ../included\n"
				   "[url \"https://no.test/\"]\ninsteadOf = gh:\n");
	put("project/included", "[remote \"x\"]\nurl = https://no.test/x\n");
	put("user/.gitconfig", "[url \"git@github.test:\"]\n\tinsteadOf = \"gh:\"\n");
	put("user/.config/git/config",
	    "[url \"https://mirror.test/\"]\ninsteadOf = https://b.test/\n"
	    "[url \"https://deep.test/\"]\ninsteadof = https://b.test/deep/\n"
	    "[url]\ninsteadOf = gh:\n[url \"https://no.test/\"]\ninsteadOf =\n");
	put("root/etc/gitconfig", "[url \"ssh://push.test/\"]\npushInsteadOf = https://b.test/\n");
	check_group("@git",
		    "github.test:22</project/.git/config:2 mirror.test:443</project/.git/config:4 "
		    "push.test:22</project/.git/config:4 deep.test:443</project/.git/config:6");
	set_variable("GIT_CONFIG_GLOBAL", "/dev/null");
	assert_int_equal(read_group("@git"), 0);
	assert_string_equal(listed(&found, false), "gh:22 b.test:443 push.test:22");
}

static void test_git_places(void **state)
{
	(void)state;
	check_error("@git", "@git: no repository in /project/sub or above",
		    "name the hosts themselves, in place of @git");
	put("project/.git/config", "[remote \"a\"]\nurl = /srv/local\n");
	check_error("@git", "@git: the configuration of git names no host",
		    "name the hosts themselves, in place of @git");
	put("project/.git/config", "[remote \"a\"]\nurl = https://a.test/\n");
	check_group("@git", "a.test:443</project/.git/config:2");
	/* A worktree, and a submodule, which has no commondir. */
	put("project/sub/.git", "gitdir: ../.git/worktrees/w\n");
	put("project/.git/worktrees/w/commondir", "../..\n");
	check_group("@git", "a.test:443</project/sub/../.git/worktrees/w/../../config:2");
	put("project/sub/.git", pool_printf(&pool, "gitdir: %s\n", in_top("project/.git/m")));
	put("project/.git/m/config", "[remote \"a\"]\nurl = https://m.test/\n");
	check_group("@git", "m.test:443</project/.git/m/config:2");
	/* One that stands elsewhere says where its worktree is; nobody else's is the project's. */
	put("elsewhere/.git/config", "[remote \"a\"]\nurl = https://e.test/\n");
	put("elsewhere/.git/worktrees/w/commondir", "../..\n");
	put("project/sub/.git",
	    pool_printf(&pool, "gitdir: %s\n", in_top("elsewhere/.git/worktrees/w")));
	check_error("@git", "@git: /project/sub/.git leads to another repository",
		    "name the hosts themselves, in place of @git");
	put("elsewhere/.git/worktrees/w/gitdir",
	    pool_printf(&pool, "%s\n", in_top("project/other/.git")));
	assert_int_equal(read_group("@git"), -1);
	put("elsewhere/.git/worktrees/w/gitdir",
	    pool_printf(&pool, "%s\n", in_top("project/sub/.git")));
	check_group("@git", "e.test:443</elsewhere/.git/worktrees/w/../../config:2");
	put("project/sub/.git", pool_printf(&pool, "gitdir: %s\n", in_top("elsewhere/.git")));
	assert_int_equal(read_group("@git"), -1);
	put("project/.git/commondir", in_top("elsewhere/.git"));
	assert_int_equal(unlink(in_top("project/sub/.git")), 0);
	check_error("@git", "@git: /project/.git/commondir leads to another repository",
		    "name the hosts themselves, in place of @git");
	assert_int_equal(unlink(in_top("project/.git/commondir")), 0);
	put("project/sub/.git", "gitdir:\n");
	assert_int_equal(read_group("@git"), -1);
	put("project/sub/.git", "gitdir: /nowhere/at/all\n");
	assert_int_equal(read_group("@git"), -1);
	put_bytes("project/sub/.git", "gitdir: \0x\n", 11);
	assert_int_equal(read_group("@git"), -1);
	assert_int_equal(unlink(in_top("project/sub/.git")), 0);
	host.cwd = NULL;
	host.cwd_error = "it has been deleted";
	check_error("@git", "@git: working directory: it has been deleted", "");
}

static void test_git_of_somebody_else(void **state)
{
	(void)state;
	put("project/.git/config", "[remote \"a\"]\nurl = https://a.test/\n");
	if (getuid() == 0)
		assert_int_equal(lchown(in_top("project/.git"), 1, 1), 0);
	else
		host.uid++;
	check_error("@git", "@git: /project/.git belongs to somebody else",
		    "name the hosts themselves, in place of @git");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_git_rewrites),
		TEST(test_git_places),
		TEST(test_git_of_somebody_else),
	};

	return cmocka_run_group_tests_name("hosts of git", tests, NULL, NULL);
}
