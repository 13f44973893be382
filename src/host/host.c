/* SPDX-License-Identifier: MIT */
/* Who calls, from where, with which environment: see host.h. */
#include <errno.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "host/host.h"

#ifndef PROFILE_DIR
#error "PROFILE_DIR, where the shipped profiles are installed, comes from the Makefile"
#endif

int host_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

const char *host_getenv(const struct host *h, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *v = h->environment; v && *v; v++) {
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return *v + n + 1;
	}
	return NULL;
}

/*
 * The user's line in /etc/passwd, read directly: getpwuid(3) would load whatever nsswitch.conf
 * names into the launcher, and fgetpwent(3) seeks before every line. A user who is known only
 * elsewhere (LDAP) has $HOME and a number.
 */
static void read_passwd(struct host *h)
{
	char *text, *line, *save = NULL, uid[16];

	snprintf(uid, sizeof(uid), "%u", (unsigned)h->uid);
	if (fd_read_path(h->pool, "/etc/passwd", 16 * 1024 * 1024, &text) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		/* NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL */
		char *field[7], *rest = line;
		size_t n = 0;

		while (n < 7 && (field[n] = strsep(&rest, ":")))
			n++;
		if (n < 6 || !str_eq(field[2], uid) || !*field[0])
			continue;
		h->user = field[0];
		if (field[5][0] == '/' && field[5][1])
			h->home_registered = path_join(h->pool, "/", field[5]);
		return;
	}
}

static const char *own_directory(const struct host *h, const char *variable, const char *fallback)
{
	const char *base = host_getenv(h, variable);

	if (base && *base == '/')
		return path_join(h->pool, base, "sandbox");
	if (!h->home)
		return NULL;
	return path_join(h->pool, path_join(h->pool, h->home, fallback), "sandbox");
}

/* As own_directory and host_init take it. */
static const char *named_by(const char *variable)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && *base == '/')
		return variable;
	return home && *home == '/' && home[1] ? "HOME" : "/etc/passwd";
}

int host_directory_hint(const char *variable, const char *use, struct err *e)
{
	const char *name = named_by(variable);

	if (*e->hint)
		return -1;
	return err_hint(e, "it is from %s, for %s: set %s%s to a directory of yours", name, use,
			str_eq(name, variable) ? "" : "HOME or ", variable);
}

/* Without the variable, where pam_systemd(8) makes it; there it is the user's own, or not taken. */
static const char *runtime_directory(const struct host *h)
{
	const char *base = host_getenv(h, "XDG_RUNTIME_DIR");
	struct stat st;

	if (base && *base)
		return *base == '/' ? path_join(h->pool, base, "sandbox") : NULL;
	base = pool_printf(h->pool, "/run/user/%u", (unsigned)h->uid);
	if (lstat(base, &st) || !S_ISDIR(st.st_mode) || st.st_uid != h->uid ||
	    (st.st_mode & 07777) != 0700)
		return NULL;
	return path_join(h->pool, base, "sandbox");
}

/* By its number: /dev/pts is of the caller's mount namespace, so the name leads to the same device.
 */
static void find_terminal(struct host *h)
{
	char link[] = "/proc/self/fd/0", path[64];
	ssize_t n;

	for (int fd = 0; fd <= 2 && !h->terminal; fd++) {
		if (!isatty(fd))
			continue;
		link[sizeof(link) - 2] = (char)('0' + fd);
		n = readlink(link, path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
		if (str_begins(path, "/dev/"))
			h->terminal = pool_strdup(h->pool, path);
	}
}

void host_init(struct host *h, struct pool *pool, const char *const *environment)
{
	const char *home;
	char cwd[4096];

	*h = (struct host){
		.pool = pool, .environment = environment, .uid = getuid(), .gid = getgid()};
	read_passwd(h);
	home = host_getenv(h, "HOME");
	if (home && *home == '/' && home[1])
		h->home = path_join(pool, "/", home);
	else
		h->home = h->home_registered;
	/* getcwd(2) begins with "(unreachable)" when the directory is outside the caller's root. */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0 && *cwd == '/')
		h->cwd = pool_strdup(pool, cwd);
	else
		h->cwd_error = errno == ENOENT ? "it has been deleted" : "it cannot be named";
	h->landlock_abi = host_landlock_abi();
	find_terminal(h);
	h->config_home = own_directory(h, "XDG_CONFIG_HOME", ".config");
	h->cache_home = own_directory(h, "XDG_CACHE_HOME", ".cache");
	h->state_home = own_directory(h, "XDG_STATE_HOME", ".local/state");
	h->runtime_home = runtime_directory(h);
}

const char *host_beside_program(struct pool *p, const char *name)
{
	char exe[4096];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct stat program, found;
	const char *dir;

	if (length <= 0)
		return NULL;
	exe[length] = '\0';
	dir = path_join(p, pool_strndup(p, exe, (size_t)length - strlen(path_name(exe))), name);
	if (stat(exe, &program) || stat(dir, &found) || program.st_uid != found.st_uid)
		return NULL;
	return dir;
}

const char *const *host_profile_dirs(const struct host *h)
{
	const char **dirs = pool_alloc(h->pool, 5 * sizeof(*dirs));
	const char *beside = host_beside_program(h->pool, "profiles");
	size_t n = 0;

	if (h->config_home)
		dirs[n++] = path_join(h->pool, h->config_home, "profiles");
	dirs[n++] = "/etc/sandbox/profiles";
	if (beside)
		dirs[n++] = beside;
	dirs[n++] = PROFILE_DIR;
	return dirs;
}

const char *host_tool(struct pool *p, const char *name)
{
	static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin",
					   "/usr/local/bin"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		const char *path = path_join(p, dirs[i], name);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}
