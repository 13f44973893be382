/* SPDX-License-Identifier: MIT */
/*
 * One operation of a journal, done and taken back.
 *
 * How far an operation got is told by where things are: in the host's directory, in the layer, in the
 * slots; which is which, by inode numbers that the journal holds (each of these objects is alive all
 * the time, so no number is used again). So both directions can be begun anew wherever they were cut
 * off, by SIGKILL or by an error.
 *
 *	put		exchange(layer, host); layer -> sI. The host is never without the file
 *	put, copied	layer => temporary; exchange(temporary, host); temporary -> sI
 *	remove		host -> sI
 *	rmdir		likeness => sI; rmdir
 *	mkdir		likeness => temporary; temporary -> host
 *	meta, like	likeness => sI (lI); set
 *	drop		layer -> lI
 *	raise		exchange(layer, nI)
 *	times		set; when all else is done, in both directions
 *
 * (-> renames, => copies.) Where sI is on another file system than the host's directory, the host's
 * object gets the temporary name first, where nobody writes to it by mistake, and is copied then.
 */
#pragma once

#include "store/work.h"

/* -1 and an error whose code is 1 where the host has changed: then it can be taken back. */
int apply_op(struct work *w, size_t i, struct err *e);
int revert_op(struct work *w, size_t i, struct err *e);
/* put.c: OP_PUT. */
int put_op(struct work *w, size_t i, struct err *e);
