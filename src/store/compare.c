/* SPDX-License-Identifier: MIT */
/* Two nodes of one path: see compare.h. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/compare.h"

/* What stat(2) gives for an id that the namespace does not map. */
enum { OVERFLOW_ID = 65534 };

struct compare_ids compare_ids_of(const struct store *s, size_t tree)
{
	const struct plan_identity *id = &s->identity;

	/* With separate ids fuse-overlayfs shows every file as the program's (squash_to_uid). */
	return (struct compare_ids){
		.none_other = id->kind == IDENTITY_SELF ||
			      (id->kind == IDENTITY_SEPARATE && s->trees.v[tree].fuse),
		.uids = {geteuid(), id->uid},
		.gids = {getegid(), id->gid}};
}

/* A file of another id, which it did not have before, nor could have from the directory it is in. */
static bool is_of_other(const struct compare_ids *ids, const struct node *before,
			const struct node *after)
{
	bool had = before->type != NODE_NONE;

	if (ids->none_other)
		return false;
	return (after->uid != ids->uids[0] && after->uid != ids->uids[1] &&
		after->uid != OVERFLOW_ID && !(had && after->uid == before->uid)) ||
	       (after->gid != ids->gids[0] && after->gid != ids->gids[1] &&
		after->gid != OVERFLOW_ID && !(had && after->gid == before->gid));
}

/* A directory has the set-group-ID bit from the one it is in (inode(7)), or by chmod(2). */
static bool gives_ids(const struct compare_ids *ids, const struct node *before,
		      const struct node *after)
{
	bool had = before->type == NODE_DIRECTORY ? before->mode & S_ISGID : ids->inherits_group;

	if (after->type == NODE_SYMLINK)
		return false;
	return after->mode & (after->type == NODE_DIRECTORY && had ? S_ISUID : S_ISUID | S_ISGID);
}

/* What commit cannot carry over, or does so with a loss. */
static uint32_t flags_of(const struct compare_ids *ids, const struct node *before, int layer,
			 const struct node *after, const char *name)
{
	uint32_t flags = 0;

	if (after->type == NODE_DEVICE)
		flags |= FLAG_DEVICE;
	if (after->type == NODE_SOCKET)
		flags |= FLAG_SOCKET;
	if (gives_ids(ids, before, after))
		flags |= FLAG_SETID;
	if (after->type == NODE_FILE && node_has_capability(layer, name))
		flags |= FLAG_CAPABILITY;
	if (after->type != NODE_NONE && is_of_other(ids, before, after))
		flags |= FLAG_OWNER;
	if (before->type == NODE_FILE && after->type == NODE_FILE && before->links > 1)
		flags |= FLAG_LINKS;
	return flags;
}

static void found(struct difference *d, enum change_kind kind)
{
	d->differs = true;
	d->kind = kind;
}

/* Content first: where that differs, nothing else matters. */
static int compare_files(int host, const struct node *before, int layer, const struct node *after,
			 const char *name, struct difference *d)
{
	_cleanup_fd_ int a = -1, b = -1;
	int same;

	if (before->size != after->size) {
		found(d, CHANGE_MODIFIED);
		return 0;
	}
	b = node_open_file(layer, name);
	if (b < 0)
		return -1;
	a = node_open_file(host, name);
	if (a < 0 && errno != EACCES && errno != EPERM)
		return -1;
	if (a < 0) {
		d->flags |= FLAG_UNREADABLE;
		found(d, CHANGE_MODIFIED);
		return 0;
	}
	same = node_same_content(a, b, after->size);
	if (same == 0)
		found(d, CHANGE_MODIFIED);
	if (same == 1 && !d->differs) {
		same = node_same_xattrs(a, b);
		if (same == 0)
			found(d, CHANGE_META);
	}
	return same < 0 ? -1 : 0;
}

static int compare_same_type(int host, const struct node *before, int layer,
			     const struct node *after, const char *name, struct difference *d)
{
	bool touched = before->mtime != after->mtime;

	switch (after->type) {
	case NODE_FILE:
		if (before->mode != after->mode || touched || d->flags & FLAG_OWNER)
			found(d, CHANGE_META);
		return compare_files(host, before, layer, after, name, d);
	case NODE_SYMLINK:
		if (!str_eq(before->target, after->target))
			found(d, CHANGE_MODIFIED);
		else if (d->flags & FLAG_OWNER)
			found(d, CHANGE_META);
		return 0;
	case NODE_DEVICE:
		if (before->rdev != after->rdev)
			found(d, CHANGE_MODIFIED);
		__attribute__((fallthrough));
	case NODE_DIRECTORY:
	case NODE_FIFO:
	case NODE_SOCKET:
		if (!d->differs && (before->mode != after->mode || d->flags & FLAG_OWNER))
			found(d, CHANGE_META);
		return 0;
	case NODE_NONE:
		break;
	}
	return 0;
}

int compare_nodes(const struct compare_ids *ids, int host, const struct node *before, int layer,
		  const struct node *after, const char *name, struct difference *ret)
{
	*ret = (struct difference){.flags = flags_of(ids, before, layer, after, name)};
	if (before->type == after->type)
		return compare_same_type(host, before, layer, after, name, ret);
	found(ret, before->type == NODE_NONE  ? CHANGE_ADDED
		   : after->type == NODE_NONE ? CHANGE_DELETED
					      : CHANGE_TYPE);
	return 0;
}

int compare_directories(int host, int layer, struct difference *ret)
{
	int same = node_same_xattrs(host, layer);

	if (same == 0)
		found(ret, CHANGE_META);
	return same < 0 ? -1 : 0;
}
