/* SPDX-License-Identifier: MIT */
/* The only door to libseccomp: see seccomp.h. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seccomp_rules.h"

struct family {
	const char *name;
	int number;
};

static const struct family families[] = {
	{"AF_UNIX", AF_UNIX},
	{"AF_LOCAL", AF_LOCAL},
	{"AF_INET", AF_INET},
	{"AF_AX25", AF_AX25},
	{"AF_IPX", AF_IPX},
	{"AF_APPLETALK", AF_APPLETALK},
	{"AF_NETROM", AF_NETROM},
	{"AF_BRIDGE", AF_BRIDGE},
	{"AF_ATMPVC", AF_ATMPVC},
	{"AF_X25", AF_X25},
	{"AF_INET6", AF_INET6},
	{"AF_ROSE", AF_ROSE},
	{"AF_DECnet", AF_DECnet},
	{"AF_NETBEUI", AF_NETBEUI},
	{"AF_SECURITY", AF_SECURITY},
	{"AF_KEY", AF_KEY},
	{"AF_NETLINK", AF_NETLINK},
	{"AF_ROUTE", AF_ROUTE},
	{"AF_PACKET", AF_PACKET},
	{"AF_ASH", AF_ASH},
	{"AF_ECONET", AF_ECONET},
	{"AF_ATMSVC", AF_ATMSVC},
	{"AF_RDS", AF_RDS},
	{"AF_SNA", AF_SNA},
	{"AF_IRDA", AF_IRDA},
	{"AF_PPPOX", AF_PPPOX},
	{"AF_WANPIPE", AF_WANPIPE},
	{"AF_LLC", AF_LLC},
	{"AF_IB", AF_IB},
	{"AF_MPLS", AF_MPLS},
	{"AF_CAN", AF_CAN},
	{"AF_TIPC", AF_TIPC},
	{"AF_BLUETOOTH", AF_BLUETOOTH},
	{"AF_IUCV", AF_IUCV},
	{"AF_RXRPC", AF_RXRPC},
	{"AF_ISDN", AF_ISDN},
	{"AF_PHONET", AF_PHONET},
	{"AF_IEEE802154", AF_IEEE802154},
	{"AF_CAIF", AF_CAIF},
	{"AF_ALG", AF_ALG},
	{"AF_NFC", AF_NFC},
	{"AF_VSOCK", AF_VSOCK},
	{"AF_KCM", AF_KCM},
	{"AF_QIPCRTR", AF_QIPCRTR},
	{"AF_SMC", AF_SMC},
	{"AF_XDP", AF_XDP},
	{"AF_MCTP", 45}, /* since Linux 5.15, newer than some headers */
};

void bpf_done(struct bpf *b)
{
	if (!b)
		return;
	free(b->insn);
	*b = (struct bpf){0};
}

int seccomp_number(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	/* Below -1: a placeholder for a call of another architecture. */
	return number < 0 ? -1 : number;
}

bool seccomp_known(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

int seccomp_errno(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} aliases[] = {
		{"EWOULDBLOCK", EWOULDBLOCK},
		{"EDEADLOCK", EDEADLOCK},
		{"ENOTSUP", ENOTSUP},
	};

	for (int i = 1; i < 256; i++) {
		const char *is = strerrorname_np(i);

		if (is && strcmp(is, name) == 0)
			return i;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return aliases[i].error;
	return -1;
}

int seccomp_family(const char *name)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (strcmp(families[i].name, name) == 0)
			return families[i].number;
	return -1;
}

const char *seccomp_version_text(void)
{
	static char text[32];
	const struct scmp_version *v;

	if (text[0])
		return text;
	v = seccomp_version();
	snprintf(text, sizeof(text), "%u.%u.%u", v->major, v->minor, v->micro);
	return text;
}

/*
 * Since 424 (Linux 5.1) all architectures count together, without gaps of note. Each miss costs the
 * library a scan.
 */
int seccomp_newest(void)
{
	enum { COMMON = 424, GAP = 32 };
	int newest = COMMON;

	for (int number = COMMON; number <= newest + GAP; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

		if (name)
			newest = number;
		free(name);
	}
	return newest;
}

static uint32_t act_of(const struct seccomp_act *a)
{
	switch (a->verdict) {
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO((uint32_t)a->error);
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SECCOMP_KILL_PROCESS:
		break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static enum scmp_compare op_of(enum seccomp_op op)
{
	static const enum scmp_compare ops[] = {
		[SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LT] = SCMP_CMP_LT,
		[SECCOMP_LE] = SCMP_CMP_LE,
		[SECCOMP_EQ] = SCMP_CMP_EQ,
		[SECCOMP_GE] = SCMP_CMP_GE,
		[SECCOMP_GT] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return ops[op];
}

static int add_rule(scmp_filter_ctx ctx, const struct seccomp_rule *rule)
{
	struct scmp_arg_cmp cmp[SECCOMP_TESTS_MAX];
	int r;

	for (unsigned int i = 0; i < rule->n_tests; i++)
		cmp[i] = (struct scmp_arg_cmp){
			.arg = rule->tests[i].arg,
			.op = op_of(rule->tests[i].op),
			.datum_a = rule->tests[i].value,
			.datum_b = rule->tests[i].value2,
		};
	r = seccomp_rule_add_array(ctx, act_of(&rule->act), rule->number, rule->n_tests, cmp);
	return r == -EEXIST ? 0 : r; /* the same rule twice */
}

/*
 * The library's program behind our own check of the number. Its jumps are relative, so it may be
 * moved. The kernel's cache of always-allowed calls follows the check, because that reads the
 * number and the architecture only. Numbers with x32's bit are above `newest` as well, and get what
 * a kernel without x32 answers.
 */
static int take_program(int fd, int newest, struct bpf *ret)
{
	const struct sock_filter check[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_NATIVE, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)newest, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	size_t before = newest < 0 ? 0 : sizeof(check), size;
	struct stat st;
	char *text;

	if (fstat(fd, &st) < 0)
		return -1;
	size = (size_t)st.st_size;
	if (size % sizeof(struct sock_filter) != 0 ||
	    (before + size) / sizeof(struct sock_filter) > BPF_MAXINSNS) {
		errno = E2BIG;
		return -1;
	}
	text = malloc(before + size);
	if (!text)
		return -1;
	memcpy(text, check, before);
	if (pread(fd, text + before, size, 0) != (ssize_t)size) {
		free(text);
		errno = EIO;
		return -1;
	}
	ret->insn = (struct sock_filter *)(void *)text;
	ret->n = (before + size) / sizeof(struct sock_filter);
	return 0;
}

static int export_program(scmp_filter_ctx ctx, int newest, struct bpf *ret, struct err *e)
{
	int fd, r;

	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "memory for a system call filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0) {
		close(fd);
		errno = -r;
		return err_errno(e, "system call filter: libseccomp cannot generate the program");
	}
	r = take_program(fd, newest, ret);
	if (r < 0)
		err_errno(e, "system call filter: program of libseccomp");
	close(fd);
	return r;
}

static int fill_program(scmp_filter_ctx ctx, const struct seccomp_rules *rules, struct err *e)
{
	int r;

	/* As in seccomp_build.c, which says why. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/*
	 * A binary tree: loading takes half the time as well, because the kernel tries all numbers
	 * then.
	 */
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0) {
		errno = -r;
		return err_errno(e, "system call filter: libseccomp refuses an attribute");
	}
	for (size_t i = 0; i < rules->n; i++) {
		/* The library refuses rules that only repeat what happens otherwise. */
		if (act_of(&rules->rules[i].act) == act_of(&rules->otherwise))
			continue;
		r = add_rule(ctx, &rules->rules[i]);
		if (r < 0) {
			errno = -r;
			return err_errno(
				e, "system call filter: libseccomp refuses a rule for call %d",
				rules->rules[i].number);
		}
	}
	return 0;
}

int seccomp_compile_rules(const struct seccomp_rules *rules, struct bpf *ret, struct err *e)
{
	scmp_filter_ctx ctx;
	int r;

	ctx = seccomp_init(act_of(&rules->otherwise));
	if (!ctx)
		return err_set(e, "system call filter: libseccomp does not start");
	r = fill_program(ctx, rules, e);
	if (r == 0)
		r = export_program(ctx, rules->newest, ret, e);
	seccomp_release(ctx);
	return r;
}
