/* SPDX-License-Identifier: MIT */
/*
 * The second wall, by Landlock (landlock(7)): the plan's writable trees once more, and the scopes
 * that keep signals and abstract sockets inside. Rights that the kernel's ABI does not know are not
 * asked for; which ABI is enough for what the profile wants, the plan has decided.
 */
#include <errno.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/inside.h"

/* Debian 12's headers are of ABI 2; the rest is from Linux 6.12's include/uapi/linux/landlock.h. */
#define READ                                                                                       \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ABI_1	  ((UINT64_C(1) << 13) - 1)
#define REFER	  (UINT64_C(1) << 13) /* ABI 2 */
#define TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |                               \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | IOCTL_DEV)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL	    (UINT64_C(1) << 1) /* ABI 6 */

struct ruleset {
	uint64_t fs, net, scoped; /* the kernel takes a shorter struct of an older ABI */
};

static uint64_t known_rights(int abi)
{
	return ABI_1 | REFER | (abi >= 3 ? TRUNCATE : 0) | (abi >= 5 ? IOCTL_DEV : 0);
}

/* The descriptor of a mount is its root; none: an optional one that was skipped. */
static int add_rule(const struct inside *in, const struct landlock_rule *rule, uint64_t rights,
		    struct err *e)
{
	const struct plan_mount *m = rule->mount < 0 ? NULL : &in->plan->mounts.v[rule->mount];
	struct landlock_path_beneath_attr attr = {
		.allowed_access = rule->writable ? rights : READ,
		.parent_fd = m ? in->mounts[rule->mount] : in->root,
	};

	if (m && in->skipped[rule->mount])
		return 0;
	if (m && m->kind == MOUNT_BIND && !m->directory)
		attr.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, in->landlock, LANDLOCK_RULE_PATH_BENEATH, &attr, 0))
		return err_errno(e, "landlock rule for %s", rule->place);
	return 0;
}

/* PID 1 goes on counting in the cgroup of the sandbox, and removes it. The program does not see it. */
static int add_groups(const struct inside *in, uint64_t rights, struct err *e)
{
	const struct landlock_path_beneath_attr attr = {
		.allowed_access = rights &
				  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				   LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR),
		.parent_fd = in->groups};

	if (in->groups >= 0 &&
	    syscall(SYS_landlock_add_rule, in->landlock, LANDLOCK_RULE_PATH_BENEATH, &attr, 0))
		return err_errno(e, "landlock rule for the cgroup");
	return 0;
}

int inside_make_landlock(void *context, struct err *e)
{
	struct inside *in = context;
	const struct plan *p = in->plan;
	uint64_t rights = known_rights(p->landlock_abi);
	struct ruleset set = {.fs = p->landlock_paths ? rights : 0};

	if (p->landlock_abi >= 6)
		set.scoped = SCOPE_SIGNAL | (p->abstract_sockets ? 0 : SCOPE_ABSTRACT_UNIX);
	if (!set.fs && !set.scoped)
		return 0;
	in->landlock = (int)syscall(SYS_landlock_create_ruleset, &set,
				    p->landlock_abi >= 6 ? sizeof(set) : sizeof(set.fs), 0);
	if (in->landlock < 0)
		return err_errno(e, "landlock_create_ruleset");
	for (size_t i = 0; i < p->landlock.n; i++) {
		if (add_rule(in, &p->landlock.v[i], rights, e))
			return -1;
	}
	return set.fs ? add_groups(in, rights, e) : 0;
}

int inside_enter_landlock(void *context, struct err *e)
{
	const struct inside *in = context;

	if (in->landlock >= 0 && syscall(SYS_landlock_restrict_self, in->landlock, 0))
		return err_errno(e, "landlock_restrict_self");
	return 0;
}
