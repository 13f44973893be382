/* SPDX-License-Identifier: MIT */
/* The plan as text and as JSON: a pure function of it, so that a test can hold it byte by byte. */
#pragma once

#include <stdio.h>

#include "base/jsonw.h"
#include "plan/plan.h"

void plan_print(const struct plan *p, FILE *out);
/* Members of an object that the caller has opened. */
void plan_json(const struct plan *p, struct jsonw *j);
/* print_net.c: its part of each. */
void print_network(const struct plan *p, FILE *out);
void json_network(const struct plan *p, struct jsonw *j);
