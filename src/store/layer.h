/* SPDX-License-Identifier: MIT */
/*
 * Directories of a layer, and the marks that an overlay leaves in them.
 *
 *				kernel (userxattr)		fuse-overlayfs 1.10
 *	deleted			character device 0:0		the same, or a file .wh.NAME
 *	opaque directory	user.overlay.opaque="y"		user.fuseoverlayfs.opaque="y", or an
 *								entry .wh..wh..opq or .wh..opq
 *	its own attributes	user.overlay.*			user.fuseoverlayfs.*
 *
 * In an opaque directory nothing is seen of what the host has there.
 */
#pragma once

#include "store/node.h"

struct layer_entry {
	const char *name; /* as it is seen inside */
	bool whiteout;	  /* deleted */
	struct node node; /* of the layer's object; of a whiteout NODE_NONE, with ino and ctime */
};
typedef vec_of(struct layer_entry) layer_entry_vec;

/* Entries of an open directory of a layer, sorted by strcmp; the marks of fuse-overlayfs are not among
 * them. -1 and errno. */
int layer_list(struct pool *pool, int dir, bool fuse, layer_entry_vec *ret, bool *ret_opaque);
const struct layer_entry *layer_find(const layer_entry_vec *entries, const char *name);
/*
 * Whether the overlay copied it from the host, so that the host had it when the sandbox looked: of files
 * and directories. fuse-overlayfs marks no directory that it copies, but each new one as opaque.
 */
bool layer_is_copy(int dir, const struct layer_entry *entry, bool fuse);
/* Takes away what fuse-overlayfs goes by then: it keeps a path, which is another file's after a commit.
 * True if there was something. */
bool layer_forget_origin(int dir, const char *name);

/*
 * A directory below the open `root`, never out of it and through no link; "" is a copy of `root`.
 * `flags`: O_RDONLY or O_PATH. -1 and errno.
 */
int layer_open_below(int root, const char *path, int flags);
