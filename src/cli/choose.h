/* SPDX-License-Identifier: MIT */
/* Changes chosen one by one, on the terminal. */
#pragma once

#include "cli/store.h"

/* Keeps of `changes` what is answered with yes to. An error where there is no terminal. */
int choose_changes(struct store_words *w, const struct store *s, change_vec *changes,
		   struct err *e);
