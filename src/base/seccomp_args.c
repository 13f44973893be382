/* SPDX-License-Identifier: MIT */
/*
 * Calls that are refused by their arguments: see seccomp.h.
 *
 * Not by libseccomp, because that compares 64 bits where the kernel reads an `int` and ignores the upper half, and has no
 * "none of these values", so that a list of socket families takes a rule for each family that is not on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/seccomp_rules.h"

/* Newer than the headers of the reference system; the same number everywhere. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		     CLONE_NEWPID | CLONE_NEWNET,
	SUID_SGID = S_ISUID | S_ISGID,
	/* The two flags for which open looks at its mode: O_TMPFILE and linkat make a file just as well. */
	CREATES = O_CREAT | (O_TMPFILE & ~O_DIRECTORY),
};

static void add(struct seccomp_checks *c, struct seccomp_check check)
{
	if (c->n == sizeof(c->v) / sizeof(c->v[0]))
		abort(); /* a refusal would be lost; the unit test asks for all at once */
	c->v[c->n++] = check;
}

/* Both push input into a terminal that the launcher shares with the program (CVE-2017-5226, CVE-2023-28100). */
static void add_terminal(struct seccomp_checks *c)
{
	static const int values[] = { TIOCSTI, TIOCLINUX };

	add(c, (struct seccomp_check){ .number = __NR_ioctl, .kind = SECCOMP_ONE_OF, .error = EPERM, .arg = 1,
			      .values = values, .n = 2 });
}

/* clone3 has its flags in memory, where a filter cannot see them; ENOSYS makes the C library take clone. */
static void add_namespaces(struct seccomp_checks *c)
{
	add(c, (struct seccomp_check){ .number = __NR_clone, .kind = SECCOMP_ANY_BIT, .error = EPERM, .arg = 0,
			      .bits = NAMESPACES });
	/* Here CLONE_NEWTIME is a flag; in clone the same bit belongs to the exit signal. */
	add(c, (struct seccomp_check){ .number = __NR_unshare, .kind = SECCOMP_ANY_BIT, .error = EPERM, .arg = 0,
			      .bits = NAMESPACES | CLONE_NEWTIME });
	add(c, (struct seccomp_check){ .number = __NR_setns, .kind = SECCOMP_ALWAYS, .error = EPERM });
	add(c, (struct seccomp_check){ .number = __NR_clone3, .kind = SECCOMP_ALWAYS, .error = ENOSYS });
}

static void add_personality(struct seccomp_checks *c)
{
	static const int values[] = { 0, -1 }; /* the usual one, and the question which it is */

	add(c, (struct seccomp_check){ .number = __NR_personality, .kind = SECCOMP_NONE_OF, .error = EPERM, .arg = 0,
			      .values = values, .n = 2 });
}

static void add_write_execute(struct seccomp_checks *c)
{
	add(c, (struct seccomp_check){ .number = __NR_mmap, .kind = SECCOMP_ALL_BITS, .error = EPERM, .arg = 2,
			      .bits = PROT_WRITE | PROT_EXEC });
	add(c, (struct seccomp_check){ .number = __NR_mprotect, .kind = SECCOMP_ANY_BIT, .error = EPERM, .arg = 2,
			      .bits = PROT_EXEC });
	add(c, (struct seccomp_check){ .number = __NR_pkey_mprotect, .kind = SECCOMP_ANY_BIT, .error = EPERM,
			      .arg = 2, .bits = PROT_EXEC });
	add(c, (struct seccomp_check){ .number = __NR_shmat, .kind = SECCOMP_ANY_BIT, .error = EPERM, .arg = 2,
			      .bits = SHM_EXEC });
}

/*
 * Every call that can give a file its mode. Not mkdir: the kernel drops the bits there. openat2 has its mode in
 * memory; ENOSYS makes callers take openat.
 */
static void add_suid_sgid(struct seccomp_checks *c)
{
	static const struct {
		int number;
		uint8_t arg;
	} modes[] = {
#ifdef __NR_chmod
		{ __NR_chmod, 1 },
		{ __NR_creat, 1 },
		{ __NR_mknod, 1 },
#endif
		{ __NR_fchmod, 1 },
		{ __NR_fchmodat, 2 },
		{ __NR_fchmodat2, 2 },
		{ __NR_mknodat, 2 },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		add(c, (struct seccomp_check){ .number = modes[i].number, .kind = SECCOMP_ANY_BIT, .error = EPERM,
				      .arg = modes[i].arg, .bits = SUID_SGID });
#ifdef __NR_open
	add(c, (struct seccomp_check){ .number = __NR_open, .kind = SECCOMP_TWO, .error = EPERM, .arg = 1,
			      .bits = CREATES, .arg2 = 2, .bits2 = SUID_SGID });
#endif
	add(c, (struct seccomp_check){ .number = __NR_openat, .kind = SECCOMP_TWO, .error = EPERM, .arg = 2,
			      .bits = CREATES, .arg2 = 3, .bits2 = SUID_SGID });
	add(c, (struct seccomp_check){ .number = __NR_openat2, .kind = SECCOMP_ALWAYS, .error = ENOSYS });
}

static void add_families(struct seccomp_checks *c, const struct seccomp_args *a)
{
	static const int calls[] = { __NR_socket, __NR_socketpair };

	for (size_t i = 0; i < 2; i++)
		add(c, (struct seccomp_check){ .number = calls[i], .kind = SECCOMP_NONE_OF, .error = EAFNOSUPPORT,
				      .arg = 0, .values = a->families, .n = a->n_families });
}

/* Opens files and sockets for a process without any system call that a filter would see. */
static void add_io_uring(struct seccomp_checks *c)
{
	add(c, (struct seccomp_check){ .number = __NR_io_uring_setup, .kind = SECCOMP_ALWAYS, .error = ENOSYS });
}

void seccomp_args_checks(const struct seccomp_args *args, struct seccomp_checks *ret)
{
	ret->n = 0;
	add_terminal(ret);
	if (args->restrict_namespaces)
		add_namespaces(ret);
	/* With READ_IMPLIES_EXEC each readable mapping would be executable, whatever mmap was asked for. */
	if (args->lock_personality || args->memory_deny_write_execute)
		add_personality(ret);
	if (args->memory_deny_write_execute)
		add_write_execute(ret);
	if (args->restrict_suid_sgid)
		add_suid_sgid(ret);
	if (args->restrict_families)
		add_families(ret, args);
	if (args->restrict_suid_sgid || args->restrict_families)
		add_io_uring(ret);
}
