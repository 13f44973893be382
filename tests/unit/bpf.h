/* SPDX-License-Identifier: MIT */
/* A filter program run by hand, and loaded for real in a child. */
#pragma once

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/seccomp_rules.h"

#if defined(__x86_64__)
#define BPF_ARCH	 AUDIT_ARCH_X86_64
#define BPF_ARCH_FOREIGN AUDIT_ARCH_I386
#else
#define BPF_ARCH	 AUDIT_ARCH_AARCH64
#define BPF_ARCH_FOREIGN AUDIT_ARCH_ARM
#endif

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { BPF_BROKEN = 0x12345678 }; /* no answer of seccomp's: the program is not sound */

struct bpf_result {
	uint32_t answer;
	bool constant; /* no argument was looked at: what the kernel can cache */
	size_t steps;
};

static inline bool bpf_jumps(const struct sock_filter *in, uint32_t a)
{
	switch (BPF_OP(in->code)) {
	case BPF_JEQ:
		return a == in->k;
	case BPF_JGE:
		return a >= in->k;
	case BPF_JGT:
		return a > in->k;
	default: /* BPF_JSET */
		return (a & in->k) != 0;
	}
}

static inline struct bpf_result bpf_run(const struct bpf *b, const struct seccomp_data *data)
{
	struct bpf_result r = {BPF_BROKEN, true, 0};
	uint32_t a = 0;

	for (size_t pc = 0; pc < b->n; pc++) {
		const struct sock_filter *in = &b->insn[pc];

		r.steps++;
		switch (BPF_CLASS(in->code)) {
		case BPF_LD:
			if (in->code != (BPF_LD | BPF_W | BPF_ABS) || in->k > sizeof(*data) - 4 ||
			    in->k % 4)
				return r;
			memcpy(&a, (const char *)data + in->k, 4);
			r.constant &= in->k < offsetof(struct seccomp_data, instruction_pointer);
			break;
		case BPF_ALU:
			if (in->code != (BPF_ALU | BPF_AND | BPF_K))
				return r;
			a &= in->k;
			break;
		case BPF_JMP:
			if (in->code == (BPF_JMP | BPF_JA))
				pc += in->k;
			else
				pc += bpf_jumps(in, a) ? in->jt : in->jf;
			break;
		case BPF_RET:
			r.answer = in->k;
			return r;
		default:
			return r;
		}
	}
	return r;
}

static inline struct bpf_result bpf_call(const struct bpf *b, uint32_t arch, int number,
					 const uint64_t args[6])
{
	struct seccomp_data data = {.nr = number, .arch = arch};

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(b, &data);
}

static inline int bpf_load(const struct bpf *b)
{
	struct sock_fprog prog = {.len = (unsigned short)b->n, .filter = b->insn};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* _exit, without the calls that a sanitizer makes where it sees that a function does not return. */
static inline void bpf_exit(int status)
{
	for (volatile bool again = true; again;)
		syscall(SYS_exit_group, status);
}

static inline uint32_t errno_answer(int error)
{
	return SECCOMP_RET_ERRNO | (uint32_t)error;
}

static inline struct bpf compile(const struct seccomp_name *v, size_t n, int default_error,
				 const struct seccomp_args *args)
{
	static const struct seccomp_args none;
	struct seccomp_names names = {v, n, default_error};
	struct bpf b = {0};
	struct err e = {0};

	if (seccomp_compile(v ? &names : NULL, args ? args : &none, &b, &e) < 0)
		fail_msg("%s", e.text);
	return b;
}

static inline int child_status(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The kernel's own check accepts the program. */
static inline bool kernel_accepts(const struct bpf *b)
{
	pid_t pid = fork();

	if (pid == 0)
		bpf_exit(bpf_load(b) < 0);
	return child_status(pid) == 0;
}
