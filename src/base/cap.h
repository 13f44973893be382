/* SPDX-License-Identifier: MIT */
/* The only door to libcap-ng: names of capabilities, and the five sets of the calling thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define CAP_BIT(n) (UINT64_C(1) << (n))
enum { CAP_COUNT = 41 }; /* CAP_CHECKPOINT_RESTORE is 40, Linux 5.9 */

/* "CAP_CHOWN" or "chown", any case; -1 if there is no such capability. */
int cap_number(const char *name);
/* "cap_chown"; NULL if unknown. Static. */
const char *cap_name(int number);
/*
 * Makes `bounding` the bounding set, `held` the permitted and effective set and `ambient` the
 * ambient and inheritable one, of the calling thread. Needs CAP_SETPCAP in its user namespace.
 */
int cap_apply(uint64_t bounding, uint64_t held, uint64_t ambient, struct err *e);
