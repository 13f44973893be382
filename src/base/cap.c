/* SPDX-License-Identifier: MIT */
/* Capabilities: see cap.h. */
#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cap.h"

int cap_number(const char *name)
{
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	for (int i = 0; i < CAP_COUNT; i++) {
		const char *known = capng_capability_to_name((unsigned)i);

		if (known && strcasecmp(known, name) == 0)
			return i;
	}
	return -1;
}

const char *cap_name(int number)
{
	static char names[CAP_COUNT][32];
	const char *known;

	if (number < 0 || number >= CAP_COUNT)
		return NULL;
	known = capng_capability_to_name((unsigned)number);
	if (!known)
		return NULL;
	snprintf(names[number], sizeof(names[number]), "CAP_");
	for (size_t i = 0; known[i] && i + 5 < sizeof(names[number]); i++)
		names[number][i + 4] = (char)toupper((unsigned char)known[i]);
	return names[number];
}

static void select_caps(capng_type_t types, uint64_t set)
{
	for (int i = 0; i < CAP_COUNT; i++) {
		if (set & CAP_BIT(i))
			capng_update(CAPNG_ADD, types, (unsigned)i);
	}
}

int cap_apply(uint64_t bounding, uint64_t held, uint64_t ambient, struct err *e)
{
	int rc;

	/* By hand: libcap-ng reads /proc/self/status to find out what to drop, which takes 80 us of
	 * a start of 3 ms. */
	for (int i = 0; i < 64; i++) {
		if (bounding & CAP_BIT(i) || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && i >= CAP_COUNT)
			break; /* behind the last one that this kernel has */
		return err_errno(e, "cannot drop capability %d from the bounding set", i);
	}
	/* It remembers the process that called it first, whose memory this may be a copy of. */
	capng_setpid((int)syscall(SYS_gettid));
	capng_clear(CAPNG_SELECT_ALL);
	select_caps(CAPNG_PERMITTED | CAPNG_EFFECTIVE, held | ambient);
	select_caps(CAPNG_INHERITABLE | CAPNG_AMBIENT, ambient);
	rc = capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (rc < 0)
		return err_errno(e, "cannot drop capabilities (libcap-ng's code %d)", rc);
	return 0;
}
