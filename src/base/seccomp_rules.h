/* SPDX-License-Identifier: MIT */
/* What the files of seccomp.h have in common; nothing else includes this. */
#pragma once

#include <linux/audit.h>

#include "base/seccomp.h"

#if defined(__x86_64__) && defined(__LP64__)
#define SECCOMP_NATIVE ((uint32_t)AUDIT_ARCH_X86_64)
#elif defined(__aarch64__) && defined(__LP64__)
#define SECCOMP_NATIVE ((uint32_t)AUDIT_ARCH_AARCH64)
#else
#error "only x86-64 and aarch64"
#endif

enum {
	SECCOMP_NUMBER_MAX = 1023, /* no call of these architectures comes near, but for x32's */
	SECCOMP_X32_BIT = 0x40000000,
};

/*
 * One refusal by argument. Tests look at the low 32 bits, as the kernel does for all calls that
 * have one.
 */
enum seccomp_kind {
	SECCOMP_ALWAYS,	  /* refuse each call */
	SECCOMP_ANY_BIT,  /* refuse if the argument has one of the bits */
	SECCOMP_ALL_BITS, /* refuse if it has all of them */
	SECCOMP_TWO, /* refuse if it has one of the bits, and a second argument one of its bits */
	SECCOMP_ONE_OF,	 /* refuse if it is one of the values */
	SECCOMP_NONE_OF, /* refuse if it is none of the values */
	SECCOMP_PAIR,	 /* refuse all families but AF_UNIX; and that with one of bits2 in arg2 */
	SECCOMP_SOCKET,	 /* the same; and AF_NETLINK only with protocol 0 in the second argument */
};

struct seccomp_check {
	int number;
	enum seccomp_kind kind;
	int error;
	unsigned int arg, arg2;
	uint32_t bits, bits2;
	const int *values;
	size_t n;
};

struct seccomp_checks {
	struct seccomp_check v[32]; /* one a call */
	size_t n;
};

/* The values of the socket families stay the caller's. */
void seccomp_args_checks(const struct seccomp_args *args, struct seccomp_checks *ret);

/* Rules for libseccomp. */
enum seccomp_verdict {
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_ERRNO,
	SECCOMP_TRAP,
	SECCOMP_KILL_THREAD,
	SECCOMP_KILL_PROCESS,
};

enum seccomp_op {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ, /* (argument & value) == value2 */
};

struct seccomp_act {
	enum seccomp_verdict verdict;
	int error; /* of SECCOMP_ERRNO */
};

struct seccomp_test {
	unsigned int arg;
	enum seccomp_op op;
	uint64_t value, value2;
};

enum { SECCOMP_TESTS_MAX = 6 };

struct seccomp_rule {
	int number; /* on this architecture */
	struct seccomp_act act;
	unsigned int n_tests; /* all must hold; at most one an argument */
	struct seccomp_test tests[SECCOMP_TESTS_MAX];
};

struct seccomp_rules {
	struct seccomp_act otherwise;
	int newest; /* a higher number gives ENOSYS; -1: no such rule */
	const struct seccomp_rule *rules;
	size_t n;
};

/* The highest number the library knows on this architecture. */
int seccomp_newest(void);
int seccomp_compile_rules(const struct seccomp_rules *r, struct bpf *ret, struct err *e);
