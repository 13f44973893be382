/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int clock_poll(int64_t deadline)
{
	int64_t left;

	if (deadline == STR_INFINITY)
		return -1;
	left = deadline - clock_now();
	if (left <= 0)
		return 0;
	return left / 1000 >= INT32_MAX ? INT32_MAX : (int)(left / 1000) + 1;
}
