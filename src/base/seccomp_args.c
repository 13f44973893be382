/* SPDX-License-Identifier: MIT */
/*
 * Calls that are refused by their arguments: see seccomp.h.
 *
 * Not by libseccomp, because that compares 64 bits where the kernel reads an `int` and ignores the
 * upper half, and has no "none of these values", so that a list of socket families takes a rule for
 * each family that is not on it.
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
#include <sys/socket.h>
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
	/* The two flags for which open looks at its mode: O_TMPFILE and linkat make a file just as
	   well. */
	CREATES = O_CREAT | (O_TMPFILE & ~O_DIRECTORY),
};

static void add(struct seccomp_checks *c, struct seccomp_check check)
{
	if (c->n == sizeof(c->v) / sizeof(c->v[0]))
		abort(); /* a refusal would be lost; the unit test asks for all at once */
	c->v[c->n++] = check;
}

static void add_always(struct seccomp_checks *c, int number, int error)
{
	add(c, (struct seccomp_check){.number = number, .kind = SECCOMP_ALWAYS, .error = error});
}

static void add_bits(struct seccomp_checks *c, int number, enum seccomp_kind kind, unsigned int arg,
		     uint32_t bits)
{
	add(c, (struct seccomp_check){
		       .number = number, .kind = kind, .error = EPERM, .arg = arg, .bits = bits});
}

/* The mode is the argument after the flags. */
static void add_open(struct seccomp_checks *c, int number, unsigned int flags)
{
	add(c, (struct seccomp_check){.number = number,
				      .kind = SECCOMP_TWO,
				      .error = EPERM,
				      .arg = flags,
				      .bits = CREATES,
				      .arg2 = flags + 1,
				      .bits2 = SUID_SGID});
}

static void add_values(struct seccomp_checks *c, int number, enum seccomp_kind kind, int error,
		       unsigned int arg, const int *values, size_t n)
{
	add(c, (struct seccomp_check){.number = number,
				      .kind = kind,
				      .error = error,
				      .arg = arg,
				      .values = values,
				      .n = n});
}

/*
 * Both push input into a terminal that the launcher shares with the program (CVE-2017-5226,
 * CVE-2023-28100).
 */
static void add_terminal(struct seccomp_checks *c)
{
	static const int values[] = {TIOCSTI, TIOCLINUX};

	add_values(c, __NR_ioctl, SECCOMP_ONE_OF, EPERM, 1, values, 2);
}

/* With the program's own id it could take descriptors and time away from PID 1, which looks after its limits. */
static void add_init(struct seccomp_checks *c)
{
	static const int values[] = {1};

	add_values(c, __NR_prlimit64, SECCOMP_ONE_OF, EPERM, 0, values, 1);
}

/*
 * clone3 has its flags in memory, where a filter cannot see them; ENOSYS makes the C library take
 * clone. There the bit of CLONE_NEWTIME belongs to the exit signal.
 */
static void add_namespaces(struct seccomp_checks *c)
{
	add_bits(c, __NR_clone, SECCOMP_ANY_BIT, 0, NAMESPACES);
	add_bits(c, __NR_unshare, SECCOMP_ANY_BIT, 0, NAMESPACES | CLONE_NEWTIME);
	add_always(c, __NR_setns, EPERM);
	add_always(c, __NR_clone3, ENOSYS);
}

static void add_personality(struct seccomp_checks *c)
{
	static const int values[] = {0, -1}; /* the usual one, and the question which it is */

	add_values(c, __NR_personality, SECCOMP_NONE_OF, EPERM, 0, values, 2);
}

static void add_write_execute(struct seccomp_checks *c)
{
	add_bits(c, __NR_mmap, SECCOMP_ALL_BITS, 2, PROT_WRITE | PROT_EXEC);
	add_bits(c, __NR_mprotect, SECCOMP_ANY_BIT, 2, PROT_EXEC);
	add_bits(c, __NR_pkey_mprotect, SECCOMP_ANY_BIT, 2, PROT_EXEC);
	add_bits(c, __NR_shmat, SECCOMP_ANY_BIT, 2, SHM_EXEC);
}

/*
 * Every call that can give a file its mode. Not mkdir: the kernel drops the bits there. openat2 has
 * its mode in memory; ENOSYS makes callers take openat.
 */
static void add_suid_sgid(struct seccomp_checks *c)
{
	add_bits(c, __NR_fchmod, SECCOMP_ANY_BIT, 1, SUID_SGID);
	add_bits(c, __NR_fchmodat, SECCOMP_ANY_BIT, 2, SUID_SGID);
	add_bits(c, __NR_fchmodat2, SECCOMP_ANY_BIT, 2, SUID_SGID);
	add_bits(c, __NR_mknodat, SECCOMP_ANY_BIT, 2, SUID_SGID);
	add_open(c, __NR_openat, 2);
	add_always(c, __NR_openat2, ENOSYS);
#ifdef __NR_open /* aarch64 has none of the old ones */
	add_bits(c, __NR_chmod, SECCOMP_ANY_BIT, 1, SUID_SGID);
	add_bits(c, __NR_creat, SECCOMP_ANY_BIT, 1, SUID_SGID);
	add_bits(c, __NR_mknod, SECCOMP_ANY_BIT, 1, SUID_SGID);
	add_open(c, __NR_open, 1);
#endif
}

/*
 * Of netlink's protocols only the one that asks for routes and addresses, which the C library uses:
 * each of the others is a part of the kernel of its own to attack.
 *
 * A connected pair reaches nobody but its maker's children, so it is there whatever the list says;
 * but not one of datagrams, which can be sent to any address (SOCK_DGRAM and SOCK_RAW have bit 1,
 * SOCK_STREAM and SOCK_SEQPACKET have not).
 */
static void add_families(struct seccomp_checks *c, const struct seccomp_args *a)
{
	bool has_unix = false;

	for (size_t i = 0; i < a->n_families; i++)
		has_unix |= a->families[i] == AF_UNIX;
	add(c, (struct seccomp_check){.number = __NR_socket,
				      .kind = SECCOMP_SOCKET,
				      .error = EAFNOSUPPORT,
				      .arg = 0,
				      .arg2 = 2,
				      .values = a->families,
				      .n = a->n_families});
	add(c, (struct seccomp_check){.number = __NR_socketpair,
				      .kind = SECCOMP_PAIR,
				      .error = EAFNOSUPPORT,
				      .arg = 0,
				      .arg2 = 1,
				      .bits2 = has_unix ? 0 : 2});
}

void seccomp_args_checks(const struct seccomp_args *args, struct seccomp_checks *ret)
{
	ret->n = 0;
	add_terminal(ret);
	add_init(ret);
	if (args->restrict_namespaces)
		add_namespaces(ret);
	/* With READ_IMPLIES_EXEC each readable mapping would be executable, asked for or not. */
	if (args->lock_personality || args->memory_deny_write_execute)
		add_personality(ret);
	if (args->memory_deny_write_execute)
		add_write_execute(ret);
	if (args->restrict_suid_sgid)
		add_suid_sgid(ret);
	if (args->restrict_families)
		add_families(ret, args);
	/* Opens files and sockets for a process without any system call that a filter would see. */
	if (args->restrict_suid_sgid || args->restrict_families)
		add_always(ret, __NR_io_uring_setup, ENOSYS);
}
