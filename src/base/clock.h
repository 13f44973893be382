/* SPDX-License-Identifier: MIT */
/* The one clock for deadlines: microseconds of CLOCK_MONOTONIC, which nobody sets. */
#pragma once

#include <stdint.h>

int64_t clock_now(void);
/* How long poll(2) may wait for `deadline`: milliseconds, rounded up; 0 when it has passed; -1, without an
 * end, for STR_INFINITY. */
int clock_poll(int64_t deadline);
