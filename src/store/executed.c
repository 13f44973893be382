/* SPDX-License-Identifier: MIT */
/*
 * Names of files that the host runs later, or that say what it runs: without anybody calling them by name,
 * at a login, in a `cd`, at the next `git status`. What a project's own build runs (Makefile, package.json)
 * is not among them: who asks for it to be built expects it to be changed.
 *
 * One pattern a word: components, in each `*` stands for any text. With `/` at its end, everything below
 * as well. Most match anywhere: a home may be anybody's, and files of one may lie in a repository that it is
 * linked to.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/change.h"
#include "store/executed.h"
#include "store/node.h"

/* Anywhere, and with a dot in front. */
static const char *const hidden[] = {
	/* git(1), githooks(5), gitrepository-layout(5): a .git that is a file names the directory */
	".git", ".git/hooks/", ".git/config", ".git/config.worktree", ".git/commondir",
	".git/info/attributes", ".git/modules/", ".git/worktrees/", ".gitconfig", ".config/git/",
	/* hooks that are installed already and read these */
	".husky/", ".githooks/", ".lefthook.yml", ".lefthook.yaml", ".lefthook/", ".overcommit.yml",
	".pre-commit-config.yaml", ".hg/hgrc", ".hg/hgrc-not-shared", ".hgrc", ".bazaar/",
	".subversion/",
	/* other version control and code review */
	".config/hg/", ".config/jj/", ".jj/repo/config.toml", ".config/gh/", ".config/hub",
	".config/lazygit/", ".config/tig/", ".tigrc",

	/* when a directory is entered */
	".envrc", ".direnv/", ".direnvrc", ".config/direnv/", ".mise.toml", ".mise.*.toml",
	".mise/", ".config/mise/", ".rtx.toml", ".autoenv", ".autoenv.zsh", ".env.zsh", ".asdfrc",

	/* shells */
	".profile", ".login", ".logout", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout",
	".bash_aliases", ".bash_functions", ".bash_completion", ".bashrc.d/", ".bash_completion.d/",
	".bash_it/", ".oh-my-bash/", ".config/bash/", ".local/share/bash-completion/", ".blerc",
	".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".zshrc.*", ".zsh/", ".zshrc.d/",
	".zfunc/", ".oh-my-zsh/", ".zprezto/", ".zpreztorc", ".zinit/", ".zplug/", ".zgen/",
	".antigen/", ".p10k.zsh", ".config/zsh/", ".config/sheldon/", ".fishrc", ".config/fish/",
	".local/share/fish/", ".config/omf/", ".cshrc", ".tcshrc", ".kshrc", ".mkshrc", ".shrc",
	".yashrc", ".xonshrc", ".config/xonsh/", ".config/nushell/", ".config/elvish/", ".elvish/",
	".config/powershell/", ".config/starship.toml", ".fzf/", ".fzf.bash", ".fzf.zsh",
	".aliases", ".functions", ".exports", ".config/user-dirs.dirs", ".config/atuin/",

	/* sessions: PAM, X, Wayland, desktops, systemd, D-Bus */
	".pam_environment", ".environment", ".login_conf", ".xinitrc", ".xserverrc", ".xsession",
	".xprofile", ".xsessionrc", ".Xclients", ".xsession.d/", ".config/autostart/",
	".config/autostart-scripts/", ".config/systemd/", ".config/environment.d/",
	".config/plasma-workspace/", ".config/plasma-localerc", ".config/lxsession/",
	".config/xfce4/", ".config/upstart/", ".kde/Autostart/", ".kde4/Autostart/",
	".config/kdeglobals", ".config/kglobalshortcutsrc", ".config/khotkeysrc",
	".config/mimeapps.list", ".local/share/applications/", ".local/share/systemd/",
	".local/share/dbus-1/", ".local/share/kio/", ".local/share/kservices5/",
	".local/share/plasma/", ".local/share/gnome-shell/", ".local/share/cinnamon/",
	".local/share/nautilus/", ".local/share/nautilus-python/", ".local/share/nemo/",
	".local/share/nemo-python/", ".local/share/thumbnailers/", ".local/share/flatpak/",
	".local/share/xsessions/", ".local/share/wayland-sessions/", ".config/i3/", ".i3/",
	".config/i3status/", ".config/i3blocks/", ".config/sway/", ".config/hypr/",
	".config/river/", ".config/labwc/", ".config/wayfire.ini", ".config/bspwm/",
	".config/sxhkd/", ".config/awesome/", ".config/openbox/", ".fluxbox/", ".fvwm/", ".fvwm2rc",
	".config/qtile/", ".config/herbstluftwm/", ".config/niri/", ".xmonad/", ".config/xmonad/",
	".config/waybar/", ".config/polybar/", ".config/eww/", ".config/rofi/", ".config/wofi/",
	".config/dunst/", ".config/mako/", ".config/swaync/", ".config/swayidle/", ".config/conky/",
	".conkyrc", ".xbindkeysrc", ".config/ulauncher/", ".config/albert/", ".config/kanshi/",
	".config/espanso/", ".config/copyq/",

	/* terminals and what runs in them */
	".tmux.conf", ".tmux/", ".config/tmux/", ".screenrc", ".config/zellij/", ".byobu/",
	".config/byobu/", ".config/kitty/", ".config/alacritty/", ".alacritty.toml",
	".alacritty.yml", ".config/wezterm/", ".wezterm.lua", ".config/foot/", ".config/ghostty/",
	".config/terminator/", ".config/ranger/", ".config/lf/", ".config/nnn/", ".config/vifm/",
	".vifm/", ".config/yazi/", ".config/mc/", ".config/broot/", ".lessfilter", ".lesskey",
	".config/lesskey", ".mailcap",

	/* editors, in a home and in a project */
	".vimrc", ".gvimrc", ".exrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".vim/",
	".vimspector.json", ".nvim/", ".config/nvim/", ".local/share/nvim/", ".config/vim/",
	".neoconf.json", ".lazy.lua", ".emacs", ".emacs.el", ".emacs.d/", ".config/emacs/",
	".doom.d/", ".config/doom/", ".spacemacs", ".spacemacs.d/", ".dir-locals.el",
	".dir-locals-2.el", ".projectile.el", ".kakrc", ".config/kak/", ".config/kak-lsp/",
	".helix/", ".config/helix/", ".config/micro/", ".nanorc", ".config/nano/", ".joerc",
	".jedrc", ".config/kate/", ".kateconfig", ".kateproject", ".config/geany/",
	".config/sublime-text*/", ".atom/", ".config/pulsar/", ".ycm_extra_conf.py",
	".vscode/tasks.json", ".vscode/settings.json", ".vscode/launch.json",
	".vscode/extensions.json", ".vscode/mcp.json", ".vscode/c_cpp_properties.json",
	".vscode/cmake-kits.json", ".vscode/extensions/", ".vscode-server/", ".vscode-oss/",
	".config/Code*/", ".config/VSCodium/", ".config/Cursor/", ".cursor/", ".windsurf/", ".zed/",
	".config/zed/", ".fleet/", ".idea/", ".config/JetBrains/", ".local/share/JetBrains/",
	".ideavimrc", ".devcontainer/", ".devcontainer.json", ".gitpod.yml",
	".externalToolBuilders/", ".theia/",
	/* assistants that act on what a project tells them */
	".claude/", ".claude.json", ".mcp.json", ".codex/", ".gemini/", ".aider.conf.yml",
	".continue/", ".config/github-copilot/",

	/* compilers, package managers and interpreters, whose next run is the host's */
	".npmrc", ".yarnrc", ".yarnrc.yml", ".yarn/plugins/", ".yarn/releases/", ".pnpmfile.cjs",
	".pnp.cjs", ".pnp.loader.mjs", ".bunfig.toml", ".noderc", ".node_repl_rc", ".config/npm/",
	".config/yarn/", ".config/pnpm/", ".npm-global/", ".nvm/", ".volta/", ".fnm/", ".deno/bin/",
	".bun/bin/", ".yarn/bin/", ".pip/", ".config/pip/", ".pypirc", ".pydistutils.cfg",
	".pythonrc", ".pythonrc.py", ".pythonstartup", ".pdbrc", ".pdbrc.py", ".ipython/",
	".jupyter/", ".local/share/jupyter/", ".condarc", ".config/conda/", ".conda/", ".pyenv/",
	".config/pypoetry/", ".config/uv/", ".local/lib/", ".cargo/config", ".cargo/config.toml",
	".cargo/bin/", ".cargo/registry/", ".cargo/git/", ".cargo/env", ".rustup/", ".config/go/",
	".gemrc", ".irbrc", ".pryrc", ".rdbgrc", ".byebugrc", ".bundle/config", ".rbenv/", ".rvm/",
	".rvmrc", ".config/irb/", ".perldb", ".cpan/", ".cpanm/", ".perlbrew/", ".m2/", ".mvn/",
	".gradle/init.d/", ".gradle/init.gradle*", ".gradle/gradle.properties", ".sdkman/",
	".sbtrc", ".sbt/", ".config/sbt/", ".ammonite/", ".lein/", ".clojure/", ".boot/", ".ghci",
	".ghc/", ".cabal/", ".config/cabal/", ".stack/", ".config/stack/", ".ocamlinit", ".opam/",
	".Rprofile", ".Renviron", ".julia/config/", ".octaverc", ".luarocks/", ".config/luarocks/",
	".erlang", ".iex.exs", ".mix/", ".config/composer/", ".composer/", ".user.ini", ".nuget/",
	".config/NuGet/", ".dotnet/", ".config/nix/", ".config/nixpkgs/", ".config/home-manager/",
	".nix-profile", ".nix-defexpr/", ".guix-profile", ".config/guix/", ".config/ccache/",
	".ccache/ccache.conf", ".distcc/", ".bazelrc", ".buckconfig", ".buckconfig.local",
	".sdkmanrc", ".asdf/", ".linuxbrew/", ".config/homebrew/",

	/* debuggers and clients with commands in their start-up files */
	".gdbinit", ".gdbearlyinit", ".config/gdb/", ".lldbinit", ".lldbinit-*", ".radare2rc",
	".config/radare2/", ".psqlrc", ".sqliterc", ".my.cnf", ".mylogin.cnf", ".mongorc.js",
	".mongoshrc.js", ".duckdbrc", ".gnuplot", ".gnuplotrc", ".dbxrc", ".valgrindrc", ".curlrc",
	".config/curlrc", ".wgetrc", ".netrc", ".lftprc", ".config/lftp/", ".w3m/", ".lynxrc",
	".elinks/", ".muttrc", ".mutt/", ".config/mutt/", ".config/neomutt/", ".neomuttrc",
	".mailrc", ".procmailrc", ".forward", ".qmail*", ".fetchmailrc", ".getmail/", ".msmtprc",
	".config/msmtp/", ".mbsyncrc", ".offlineimaprc", ".config/aerc/", ".config/himalaya/",
	".irssi/", ".weechat/", ".config/weechat/", ".config/mpv/", ".mplayer/", ".config/vlc/",
	".config/zathura/", ".config/qutebrowser/", ".local/share/qutebrowser/", ".mozilla/",
	".thunderbird/", ".config/google-chrome*/", ".config/chromium*/", ".config/BraveSoftware/",
	".config/microsoft-edge*/", ".config/vivaldi*/", ".config/opera*/", ".config/khal/",
	".config/rclone/", ".config/beets/", ".config/ansible/", ".ansible.cfg", ".ansible/",

	/* keys, and who may log in */
	".ssh/", ".rhosts", ".shosts", ".k5login", ".k5users", ".k5identity", ".gnupg/",
	".config/gnupg/", ".password-store/", ".config/1Password/", ".yubico/",
	".google_authenticator", ".config/pam*/", ".aws/", ".azure/", ".config/gcloud/", ".kube/",
	".docker/config.json", ".docker/daemon.json", ".docker/cli-plugins/", ".config/containers/",
	".config/docker/", ".terraformrc", ".terraform.d/", ".vagrant.d/", ".config/helm/",
	".local/share/containers/", ".config/libvirt/",

	/* programs in a user's PATH */
	".local/bin/", ".bin/",

	/* ours */
	".config/sandbox/", ".local/share/sandbox/", ".local/state/sandbox/", ".cache/sandbox/"};

/* Anywhere, other names. */
static const char *const visible[] = {
	/* hooks, editors, compilers, interpreters */
	"lefthook.yml",
	"lefthook.yaml",
	"mise.toml",
	"_vimrc",
	"_exrc",
	"*.sublime-project",
	"*.code-workspace",
	"bunfig.toml",
	"sitecustomize.py",
	"usercustomize.py",
	"rust-toolchain",
	"rust-toolchain.toml",
	"go.env"};

/* From the root. */
static const char *const rooted[] = {
	/* programs in a user's PATH */
	"home/*/bin/", "home/*/go/bin/", "home/*/sbin/", "var/home/*/bin/", "export/home/*/bin/",
	"root/bin/", "root/go/bin/",
	/* the host's own */
	"etc/", "bin/", "sbin/", "lib*/", "boot/", "efi/", "init", "usr/bin/", "usr/sbin/",
	"usr/lib*/", "usr/libexec/", "usr/games/", "usr/etc/", "usr/local/bin/", "usr/local/sbin/",
	"usr/local/lib*/", "usr/local/libexec/", "usr/local/etc/", "usr/local/games/",
	"usr/share/applications/", "usr/share/bash-completion/", "usr/share/zsh/",
	"usr/share/fish/", "usr/share/dbus-1/", "usr/share/polkit-1/", "usr/share/xsessions/",
	"usr/share/wayland-sessions/", "usr/share/perl*/", "usr/share/python*/", "usr/share/vim/",
	"usr/share/nvim/", "usr/share/emacs/", "usr/share/git-core/",
	"usr/local/share/applications/", "usr/local/share/dbus-1/", "usr/local/share/perl*/",
	"usr/local/share/zsh/", "usr/local/share/fish/", "usr/local/share/emacs/",
	"usr/share/sandbox/", "usr/local/share/sandbox/", "var/spool/cron/", "var/spool/at/",
	"var/spool/atjobs/", "var/spool/anacron/", "var/lib/systemd/", "var/lib/dpkg/",
	"var/lib/apt/", "var/lib/AccountsService/", "var/lib/polkit-1/", "var/lib/sudo/",
	"run/systemd/", "run/udev/"};

/* --- one pattern --- */

/* One component of each; moves both behind it. */
static bool match_component(const char **path, const char **pattern)
{
	char name[256], wanted[64];
	size_t n = strcspn(*path, "/"), m = strcspn(*pattern, "/");
	bool same = n == m && memcmp(*path, *pattern, n) == 0;

	if (!same && memchr(*pattern, '*', m) && n < sizeof(name) && m < sizeof(wanted)) {
		memcpy(name, *path, n);
		memcpy(wanted, *pattern, m);
		name[n] = wanted[m] = '\0';
		same = str_matches(name, wanted);
	}
	*path += n;
	*pattern += m;
	return same;
}

enum match { MATCH_NO, MATCH_ABOVE, MATCH_YES };

/* `path` begins with a component. */
static enum match match_here(const char *path, const char *pattern)
{
	for (;;) {
		/* Most differ here. */
		if (*path != *pattern && *pattern != '*')
			return MATCH_NO;
		if (!match_component(&path, &pattern))
			return MATCH_NO;
		if (!*pattern)
			return *path ? MATCH_NO : MATCH_YES;
		if (!pattern[1])
			return MATCH_YES;
		if (!*path)
			return MATCH_ABOVE;
		path++;
		pattern++;
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum match match_list(const char *path, const char *const *patterns, size_t n)
{
	enum match best = MATCH_NO;

	for (size_t i = 0; i < n && best != MATCH_YES; i++) {
		enum match one = match_here(path, patterns[i]);

		best = one > best ? one : best;
	}
	return best;
}

static enum match match(const char *path)
{
	enum match best = match_list(path + 1, rooted, COUNT(rooted));

	while (*path == '/' && best != MATCH_YES) {
		enum match one = *++path == '.' ? match_list(path, hidden, COUNT(hidden))
						: match_list(path, visible, COUNT(visible));

		best = one > best ? one : best;
		path += strcspn(path, "/");
	}
	return best;
}

bool executed_later(const char *absolute_path)
{
	return match(absolute_path) == MATCH_YES;
}

bool executed_through(const char *absolute_path)
{
	return match(absolute_path) != MATCH_NO;
}

ssize_t executed_repository(const char *path, size_t below)
{
	/* HEAD, objects and refs make a repository of a directory that has the rest. */
	static const char *const parts[] = {"HEAD",	 "objects",	    "refs",
					    "config",	 "config.worktree", "commondir",
					    "hooks/",	 "info/attributes", "modules/",
					    "worktrees/"};
	size_t n = strnlen(path, below);

	while (below > 0) {
		/* The directory is path[0..n), what may be a part of it stands behind the slash. */
		while (n > 0 && path[n] != '/')
			n--;
		if (n < below && !(n >= 4 && memcmp(path + n - 4, ".git", 4) == 0 &&
				   (n == 4 || path[n - 5] == '/'))) {
			for (size_t i = 0; i < COUNT(parts); i++) {
				if (match_here(path + n + (n > 0), parts[i]) == MATCH_YES)
					return (ssize_t)n;
			}
		}
		below = n;
		n -= n > 0;
	}
	return -1;
}

/* --- links from a home --- */

enum {
	LEVELS = 2, /* below what runs later as a whole, and of links to directories */
	HOPS = 40,  /* as path_resolution(7) */
};

struct looking {
	const struct store *s;
	executed_link_vec *links;
	struct err *e;
};

static void add_link(struct looking *x, const char *name, const char *target)
{
	for (size_t i = 0; i < x->s->trees.n; i++) {
		const char *tree = x->s->trees.v[i].path;

		if (!path_within(target, tree) && !path_within(tree, target))
			continue;
		*vec_add(x->s->pool, x->links) = (struct executed_link){name, target};
		return;
	}
}

/*
 * What is to be found at each turn, not only at the end: where one of the links on the way is in a tree,
 * another one in its place would lead the host elsewhere. Nothing needs to be there yet.
 */
static void follow(struct looking *x, const char *name)
{
	struct pool *p = x->s->pool;
	const char *path = name;
	size_t done = 0; /* of `path`, in which there is no link */

	for (int hops = 0; hops < HOPS && path[done];) {
		size_t n = done + 1 + strcspn(path + done + 1, "/");
		const char *here = pool_strndup(p, path, n), *rest = path + n;
		char target[PATH_MAX];
		ssize_t length;

		if (str_eq(here + done, "/..")) {
			while (done > 0 && path[--done] != '/')
				;
			path = pool_printf(p, "%.*s%s", (int)done, path, rest);
			continue;
		}
		length = readlink(here, target, sizeof(target) - 1);
		if (length < 0) {
			done = n;
			continue;
		}
		if (path != name)
			add_link(x, name, path);
		target[length] = '\0';
		path = path_join(p, pool_strndup(p, path, done ? done : 1), target);
		path = path_join(p, path, pool_printf(p, "./%s", rest));
		done = 0;
		hops++;
	}
	if (path != name)
		add_link(x, name, path);
}

static int look(struct looking *x, const char *dir, int levels)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	node_name_vec names = {0};
	bool is_known = fd >= 0 && node_list(x->s->pool, fd, &names) == 0;

	/* Removed meanwhile, of somebody else, or a link to a file, or to nothing. */
	if (!is_known && (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP))
		return 0;
	if (!is_known)
		return err_errno(x->e, "%s", str_safe(x->s->pool, dir));
	for (size_t i = 0; i < names.n; i++) {
		const char *path = path_join(x->s->pool, dir,
					     pool_printf(x->s->pool, "./%s", names.v[i].name));
		bool is_link = names.v[i].type != DT_DIR;
		enum match m;
		int left;

		if (names.v[i].type != DT_DIR && names.v[i].type != DT_LNK &&
		    names.v[i].type != DT_UNKNOWN)
			continue;
		m = match(path);
		left = levels - (m == MATCH_YES || is_link);
		if (m != MATCH_NO && is_link)
			follow(x, path);
		if (m != MATCH_NO && left >= 0 && look(x, path, left))
			return -1;
	}
	return 0;
}

int executed_links(const struct store *s, executed_link_vec *ret, struct err *e)
{
	struct looking x = {.s = s, .links = ret, .e = e};

	for (size_t i = 0; i < s->homes.n; i++) {
		if (look(&x, s->homes.v[i], LEVELS))
			return -1;
	}
	return 0;
}
