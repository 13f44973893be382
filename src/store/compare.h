/* SPDX-License-Identifier: MIT */
/* Two nodes of one path: what the layer has, and what the host has. */
#pragma once

#include "store/node.h"

/* Ids that are no other's inside: those of the program, and of the caller. */
struct compare_ids {
	bool none_other; /* the identity has no other ids, or hides whose a file is */
	uid_t uids[2];
	gid_t gids[2];
	bool inherits_group; /* the directory has the set-group-ID bit, and gives it to new ones */
};
struct compare_ids compare_ids_of(const struct store *s, size_t tree);

struct difference {
	bool differs;
	enum change_kind kind; /* where it differs */
	uint32_t flags;	       /* enum change_flag, but FLAG_EXECUTED */
};

/*
 * `name` in the two directories; one that does not exist is -1. Extended attributes of directories are
 * not looked at: compare_directories. -1 and errno.
 */
int compare_nodes(const struct compare_ids *ids, int host, const struct node *before, int layer,
		  const struct node *after, const char *name, struct difference *ret);
/* Two open directories, of which compare_nodes has found no difference. */
int compare_directories(int host, int layer, struct difference *ret);
