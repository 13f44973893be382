/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox has changed: the layer of each tree against the host as it is now, path by path. Only
 * directories that the layer has are looked at, so the cost grows with what changed.
 *
 * The comparison is of what is seen, not of the marks in the layer: a file that was removed and made
 * again with the same content, mode and so on is no change. So both kinds of overlay give the same
 * list.
 */
#pragma once

#include "store/store.h"

enum node_type {
	NODE_NONE, /* nothing there */
	NODE_FILE,
	NODE_DIRECTORY,
	NODE_SYMLINK,
	NODE_FIFO,
	NODE_SOCKET,
	NODE_DEVICE,
};

/* What stands at a path, from fstatat(2) without following a link. */
struct node {
	enum node_type type;
	mode_t mode; /* permission bits, set-user-ID and so on */
	uid_t uid;
	gid_t gid;
	off_t size;
	nlink_t links;
	dev_t dev, rdev; /* rdev: of a device node */
	ino_t ino;
	int64_t mtime, ctime; /* nanoseconds */
	const char *target;   /* of a symbolic link */
};

enum change_kind {
	CHANGE_ADDED,
	CHANGE_MODIFIED, /* content */
	CHANGE_DELETED,
	CHANGE_TYPE, /* a file became a directory, and so on */
	CHANGE_META, /* mode, owner, times (not of directories) or extended attributes only */
};

enum change_flag {
	FLAG_EXECUTED = 1 << 0,	  /* the host runs it later: see executed.c */
	FLAG_SETID = 1 << 1,	  /* set-user-ID or set-group-ID: dropped by commit */
	FLAG_CAPABILITY = 1 << 2, /* file capabilities: dropped */
	FLAG_DEVICE = 1 << 3,	  /* not committed */
	FLAG_SOCKET = 1 << 4,	  /* not committed */
	FLAG_OWNER = 1 << 5,	  /* belongs to another id inside; becomes the caller's */
	FLAG_LINKS = 1 << 6,	  /* the host's file has other names, which keep the old content */
	FLAG_UNREADABLE = 1 << 7, /* the host's content cannot be read by the caller */
};

enum conflict {
	CONFLICT_NONE,
	CONFLICT_MODIFIED, /* the host changed it too */
	CONFLICT_DELETED,  /* the host deleted it meanwhile */
	CONFLICT_ADDED,	   /* the host made something there meanwhile */
	CONFLICT_UNKNOWN,  /* the host changed it while the sandbox ran: no telling what was seen */
};

struct change {
	size_t tree;
	const char *path; /* below the tree's root, no slash in front; "" is the root itself */
	enum change_kind kind;
	uint32_t flags; /* enum change_flag */
	enum conflict conflict;
	struct node before, after; /* the host now; the sandbox's view. type NONE: absent */
	const char *saved; /* what the host had at first (base_open_saved); NULL: not kept */
};
typedef vec_of(struct change) change_vec;

/*
 * All changes, sorted by tree and then so that a directory stands before what is below it
 * (path_compare). The memory is s->pool's. In a store that is locked and whose run was cut short
 * (running), what base.c would have recorded at its end is recorded first.
 */
int changes_read(struct store *s, change_vec *ret, struct err *e);
/*
 * At the end of a run: what stands on the host at each changed path that has no record yet goes into
 * `base`, and contents of small text files into `saved`. Returns the number of changes, or -1. For a
 * layer without any entry this is one readdir(3) a tree.
 */
ssize_t changes_record(struct store *s, struct err *e);

/* Absolute path on the host; from the pool. */
const char *change_path(const struct store *s, const struct change *c);
const char *change_kind_name(enum change_kind kind); /* "added" ... as in --json */
const char *conflict_name(enum conflict c);	     /* NULL for none */
/* Keeps those at or below one of the absolute `paths`, with the added directories above them; if
 * `paths` is empty, all. A path that selects nothing is an error. */
int changes_select(const struct store *s, change_vec *changes, const str_vec *paths, struct err *e);

/* executed.c: whether the host would run this file later (.git/hooks, .envrc, shell start-up files...). */
bool executed_later(const char *absolute_path);
