/* SPDX-License-Identifier: MIT */
/* Facts for copy-on-write: what is mounted where, and what can be an overlay's layer. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "host/host.h"

enum { MOUNTINFO_MAX = 16 * 1024 * 1024 };

/* Space, tab, newline and backslash are written as \040 and so on (proc(5)). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (*c == '\\' && c[1] && c[2] && c[3]) {
			unsigned a = (unsigned)c[1] & 7, b = (unsigned)c[2] & 7;

			*to++ = (char)(a << 6 | b << 3 | ((unsigned)c[3] & 7));
			c += 3;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw: the fifth field, and the first
 * behind the dash. */
static int read_mounts(struct host *h, struct err *e)
{
	char *text, *line, *next;

	if (fd_read_path(h->pool, "/proc/self/mountinfo", MOUNTINFO_MAX, &text) < 0)
		return err_errno(e, "/proc/self/mountinfo");
	for (line = text; *line; line = next) {
		char *place = line, *type = strstr(line, " - "), *end;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		for (int field = 0; place && field < 4; field++)
			place = strchr(place, ' ') ? strchr(place, ' ') + 1 : NULL;
		end = place ? strchr(place, ' ') : NULL;
		if (!end || !type)
			return err_set(e, "/proc/self/mountinfo: a line that cannot be read");
		type += 3;
		type[strcspn(type, " ")] = '\0';
		*end = '\0';
		unescape(place);
		*vec_add(h->pool, &h->mounts) = (struct host_mount){place, type};
	}
	return 0;
}

/* File systems on which overlayfs(5) can have its upper layer: those with a d_type, RENAME_WHITEOUT
 * and extended attributes of users. */
static bool takes_layers(const char *path)
{
	static const unsigned magics[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,	     BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
		F2FS_SUPER_MAGIC, 0xca451a4e /* bcachefs */, 0x2fc12fc1 /* zfs */};
	struct statfs fs;

	if (statfs(path, &fs))
		return false;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if ((unsigned)fs.f_type == magics[i])
			return getxattr(path, "user.overlay.origin", NULL, 0) >= 0 ||
			       errno == ENODATA;
	}
	return false;
}

static const char *type_of(const struct host *h, const char *path)
{
	const char *type = "another file system";
	size_t longest = 0;

	for (size_t i = 0; i < h->mounts.n; i++) {
		size_t n = strlen(h->mounts.v[i].place);

		if (n >= longest && path_within(path, h->mounts.v[i].place)) {
			type = h->mounts.v[i].type;
			longest = n;
		}
	}
	return type;
}

int host_overlay_probe(struct host *h, struct err *e)
{
	char *path;

	if (read_mounts(h, e))
		return -1;
	h->fuse_overlayfs = host_tool(h->pool, "fuse-overlayfs");
	h->fuse_error = access("/dev/fuse", R_OK | W_OK) ? errno : 0;
	h->confined = h->fuse_error && host_is_confined();
	if (!h->state_home)
		return 0;
	/* It may not be there yet: then it will be where its parent is. */
	path = pool_strdup(h->pool, h->state_home);
	while (access(path, F_OK) && strrchr(path, '/') > path)
		*strrchr(path, '/') = '\0';
	if (!takes_layers(path))
		h->state_type = type_of(h, path);
	return 0;
}
