/* SPDX-License-Identifier: MIT */
/*
 * System calls: names to numbers, what a profile allows to BPF programs. Pure computation: nothing
 * is loaded into the kernel here (src/inside/seccomp.c does that).
 *
 *   seccomp.c        the only door to libseccomp: numbers, and the general rules of an OCI file
 *   seccomp_args.c   which arguments are refused
 *   seccomp_build.c  assembles the allow-list and those arguments into one program
 *   seccomp_oci.c    reads an OCI file; the only door to jansson
 *
 * The kernel runs every loaded program for each call and takes the strictest answer. On a tie it
 * takes that of the one loaded last.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bpf {
	struct sock_filter *insn; /* owned; heap */
	size_t n;
};
void bpf_done(struct bpf *b); /* accepts NULL and zeroed */

struct seccomp_name {
	const char *name;
	int error; /* 0: allow; else the errno to answer with */
};

/* An allow-list. */
struct seccomp_names {
	const struct seccomp_name *v; /* no name twice */
	size_t n;
	int default_error; /* for what is not on the list */
};

struct seccomp_args {
	bool restrict_namespaces; /* clone and unshare flags, setns; clone3 gives ENOSYS */
	bool lock_personality;
	bool memory_deny_write_execute; /* locks the personality too: see seccomp_args.c */
	bool restrict_suid_sgid;	/* openat2 and io_uring_setup give ENOSYS */
	bool restrict_families;		/* io_uring_setup gives ENOSYS */
	const int *families;		/* AF_* that socket() may have */
	size_t n_families;
};

/* Docker's and OCI's seccomp JSON. */
struct seccomp_oci {
	const char *json;
	size_t length;
	const char *name;   /* of the file, for messages */
	uint64_t caps;	    /* what the program will have: bit N for capability N */
	const char *kernel; /* release of the running kernel ("6.1.0-40-amd64"), for minKernel */
};

/* Number of a system call on this architecture, or -1: unknown, or another architecture's. */
int seccomp_number(const char *name);
/* Whether any architecture has a call of this name, as far as the library knows. */
bool seccomp_known(const char *name);
/* errno's number from its name ("EPERM"), or -1; and an AF_* name, or -1. */
int seccomp_errno(const char *name);
int seccomp_family(const char *name);
/* Version text of the library, part of the cache key. */
const char *seccomp_version_text(void);

/*
 * `names` NULL: every call is allowed but for its arguments. Otherwise names that this architecture
 * or the library does not have are passed over (they stay refused), and numbers above the newest
 * one that the library knows give ENOSYS, so that a C library newer than us falls back to the older
 * call.
 */
int seccomp_compile(const struct seccomp_names *names, const struct seccomp_args *args,
		    struct bpf *ret, struct err *e);
/*
 * A program in the place of an allow-list from JSON: defaultAction, syscalls with names, action,
 * args, and includes/excludes by caps, arches and minKernel. Native calls only, whatever the file
 * says of other architectures. What needs a supervisor (NOTIFY, TRACE), and every key that is not
 * known here, is refused with NAME:LINE or the key's name.
 */
int seccomp_compile_oci(const struct seccomp_oci *oci, struct bpf *ret, struct err *e);
