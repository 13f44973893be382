// SPDX-License-Identifier: MIT
// change-id UID: become another user by each call that changes ids.
#include "probe.h"
#include <grp.h>
#include <sys/fsuid.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uid_t uid = atoi(need_arg(argc, argv, 1));
	gid_t group = uid;

	if (setgroups(1, &group) == 0 || setresgid(-1, group, -1) == 0)
		verdict(WORKED, "group %u", group);
	setfsuid(uid);
	if ((uid_t)setfsuid(-1) == uid)
		verdict(WORKED, "setfsuid %u", uid);
	if (setreuid(-1, uid) == 0 || setresuid(-1, uid, -1) == 0 || setuid(uid) == 0)
		verdict(WORKED, "user %u", uid);
	verdict(REFUSED, "user %u: %s", uid, strerror(errno));
}
