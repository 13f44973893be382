/* SPDX-License-Identifier: MIT */
/*
 * What is known of the host (base.c, and `done` of earlier commits) goes by inode numbers and ctimes,
 * and a rename moves the ctime. So whatever we have renamed ourselves is put right there.
 */
#pragma once

#include "store/apply.h"

struct commit;

/*
 * Records for the time behind a commit or discard: without those of what is pending no more. Written
 * to `after` in the commit's directory.
 */
int records_after_commit(struct work *w, const struct commit *c, struct err *e);
/* The commit was taken back at once: records stay, and know the objects again. */
int records_after_revert(struct work *w, struct err *e);
/* The undo of the commit was taken back; `before`: what each operation had put, as it was known. */
int records_after_redo(struct work *w, const struct node *before, struct err *e);
/* It was undone: the records of that time are valid again. */
int records_after_undo(struct work *w, struct err *e);
