/* SPDX-License-Identifier: MIT */
/* Names of files that the host runs later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/change.h"
#include "store/executed.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const yes[] = {"/home/u/p/.git/hooks/pre-commit",
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
				  "/p/x.code-workspace"};

static const char *const no[] = {"/home/u/p/main.c",
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

				 "/p/.envrc.md",
				 "/p/x.envrc",
				 "/p/etc/cron.d/x",
				 "/p/.configure/fish/x",
				 "/p/.config/app/settings",
				 "/",
				 "/p/.gitx"};

static void test_executed_later(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		if (!executed_later(yes[i]))
			fail_msg("not seen: %s", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		if (executed_later(no[i]))
			fail_msg("not one: %s", no[i]);
	}
}

static void test_executed_through(void **state)
{
	(void)state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_executed_later),
		cmocka_unit_test(test_executed_through),
		cmocka_unit_test(test_executed_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
