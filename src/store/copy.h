/* SPDX-License-Identifier: MIT */
/*
 * A copy of one object, where it cannot be renamed: between file systems, or where the original has to
 * stay. Holes stay holes, blocks are shared where the file system can; times to the nanosecond, access
 * control lists and the program's extended attributes go along. Never through a link.
 */
#pragma once

#include "store/node.h"

struct copy_rules {
	/* For the host: no set-user-ID or set-group-ID program, no capabilities; the owner is as below.
	 * Else the copy is as the original in all that can be set, or fails. */
	bool for_host;
	bool keep_group; /* the group stays what the directory gave the new object */
	uid_t uid;
	gid_t gid;
	bool lost; /* set where the other file system does not take all extended attributes */
};

/* Permission bits of an object like `n` on the host. */
mode_t copy_mode(const struct copy_rules *r, const struct node *n);
/*
 * Makes `to_name`, which does not exist, a copy of `from_name`, which is of n's type. A directory is
 * copied without its entries. -1 and errno (EPERM for a device node); there may be a part of it then.
 */
int copy_object(int from, const char *from_name, int to, const char *to_name, const struct node *n,
		struct copy_rules *r);
/*
 * Gives `to` the metadata of `from`, both open; attributes that `from` does not have are taken away.
 * The owner stays as it is where r is for the host.
 */
int copy_metadata(int from, int to, const struct node *n, struct copy_rules *r);
/* n's time of modification for what stands at `name`; "" is `dir` itself, which may be O_PATH. */
int copy_times(int dir, const char *name, const struct node *n);
