/* SPDX-License-Identifier: MIT */
/* A filter program run by hand, and loaded for real in a child. */
#pragma once

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/seccomp.h"

#if defined(__x86_64__)
#define BPF_ARCH AUDIT_ARCH_X86_64
#define BPF_ARCH_FOREIGN AUDIT_ARCH_I386
#else
#define BPF_ARCH AUDIT_ARCH_AARCH64
#define BPF_ARCH_FOREIGN AUDIT_ARCH_ARM
#endif

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
	struct bpf_result r = { BPF_BROKEN, true, 0 };
	uint32_t a = 0;

	for (size_t pc = 0; pc < b->n; pc++) {
		const struct sock_filter *in = &b->insn[pc];

		r.steps++;
		switch (BPF_CLASS(in->code)) {
		case BPF_LD:
			if (in->code != (BPF_LD | BPF_W | BPF_ABS) || in->k > sizeof(*data) - 4 || in->k % 4)
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
	struct seccomp_data data = { .nr = number, .arch = arch };

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(b, &data);
}

static inline int bpf_load(const struct bpf *b)
{
	struct sock_fprog prog = { .len = (unsigned short)b->n, .filter = b->insn };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}
