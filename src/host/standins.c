/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins: what package managers keep for root alone (locks, logs, the password database).
 *
 * A normal user's copy of the host's root cannot have these files: to change a file, or only to lock
 * it, the overlay has to read it first, which the host refuses. So an empty file or directory with
 * the same mode and owner is put into the layer beforehand, where it covers the host's. Nothing is
 * given away by that, and nothing of the host's is lost: what is empty there was unreadable before.
 *
 * A stand-in says in an attribute of the overlay's own name space (STANDIN_MARK) whose place it
 * takes. fuse-overlayfs neither shows such attributes nor lets them be set; and one that was moved
 * elsewhere is no stand-in any more, because its name is another.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "host/host.h"

/*
 * Each without which something fails: dpkg and apt their locks; apt where it downloads to; adduser in
 * maintainer scripts the shadow files, their backups and lock; apt and debconf complain without the
 * log and the passwords; packages put files into the directories of sudo, polkit and certificates.
 */
static const struct {
	const char *path;
	const char *unless_writable; /* stands in for what can be read as well, unless this is the
					caller's */
} table[] = {
	{"/etc/.pwd.lock", NULL},
	{"/etc/gshadow", NULL},
	{"/etc/gshadow-", NULL},
	{"/etc/polkit-1/rules.d", NULL},
	{"/etc/shadow", NULL},
	{"/etc/shadow-", NULL},
	{"/etc/ssl/private", NULL},
	{"/etc/sudoers.d", NULL},
	{"/usr/share/polkit-1/rules.d", NULL},
	{"/var/cache/apt/archives/lock", NULL},
	{"/var/cache/apt/archives/partial", NULL},
	{"/var/cache/debconf/passwords.dat", NULL},
	{"/var/lib/apt/lists/lock", NULL},
	{"/var/lib/apt/lists/partial", NULL},
	{"/var/lib/dpkg/lock", NULL},
	{"/var/lib/dpkg/lock-frontend", NULL},
	{"/var/lib/dpkg/triggers/Lock", NULL},
	/* mandb runs as the user man, to whom its cache does not belong in here: a hundred lines of
	 * complaints. Its trigger does nothing without the file auto-update of this directory. */
	{"/var/lib/man-db", "/var/cache/man"},
	{"/var/log/apt/term.log", NULL},
};

static bool is_needed(size_t i, const struct stat *st)
{
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return false;
	if (table[i].unless_writable)
		return access(table[i].unless_writable, W_OK) && errno == EACCES;
	return access(table[i].path, S_ISDIR(st->st_mode) ? R_OK | X_OK : R_OK) && errno == EACCES;
}

/* The directories on the way may be links; the thing itself may not. */
static const char *real_path(struct pool *p, const char *path)
{
	char *dir = pool_strndup(p, path, (size_t)(path_name(path) - path));
	char *real = realpath(dir, NULL);
	const char *joined = real ? path_join(p, real, path_name(path)) : NULL;

	free(real);
	return joined;
}

void host_standins_probe(struct host *h)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *real;
		struct stat st;

		if (lstat(table[i].path, &st) || !is_needed(i, &st))
			continue;
		real = real_path(h->pool, table[i].path);
		if (!real)
			continue;
		*vec_add(h->pool, &h->standins) =
			(struct host_standin){.path = real,
					      .is_directory = S_ISDIR(st.st_mode),
					      .mode = st.st_mode & 01777,
					      .uid = st.st_uid,
					      .gid = st.st_gid,
					      .modified = st.st_mtim};
	}
}
