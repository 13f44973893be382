/* SPDX-License-Identifier: MIT */
/* base/seccomp_oci: programs from Docker's JSON. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bpf.h"

static char *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_non_null(text);
	*ret_len = fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

static int compile_oci(const char *json, uint64_t caps, const char *kernel, struct bpf *b,
		       struct err *e)
{
	const struct seccomp_oci oci = {json, strlen(json), "f.json", caps, kernel};

	return seccomp_compile_oci(&oci, b, e);
}

static uint32_t oci_answer(const struct bpf *b, int number, uint64_t a0)
{
	const uint64_t args[6] = {a0};

	return bpf_call(b, BPF_ARCH, number, args).answer;
}

static void test_oci(void **state)
{
	size_t len;
	char *json = slurp("tests/unit/data/docker.json", &len);
	struct bpf b = {0};
	struct err e = {0};

	(void)state;
	if (compile_oci(json, 0, "6.1.0-40-amd64", &b, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(kernel_accepts(&b));
	assert_int_equal(oci_answer(&b, __NR_read, 0), SECCOMP_RET_ALLOW);
	assert_true(bpf_call(&b, BPF_ARCH, __NR_getppid, NULL).constant);
	assert_int_equal(oci_answer(&b, __NR_ptrace, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_socket, AF_INET), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_socket, AF_VSOCK), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_personality, 8), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_personality, 0xffffffff), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_personality, 0x20000), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_getcpu, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_open_by_handle_at, 0), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_clone, SIGCHLD), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_clone, CLONE_NEWUSER), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_clone3, 0), errno_answer(ENOSYS));
	assert_int_equal(oci_answer(&b, __NR_mount, 0), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_chroot, 0), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_userfaultfd, 0), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_kexec_load, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(oci_answer(&b, SECCOMP_NUMBER_MAX, 0), errno_answer(ENOSYS));
	assert_int_equal(oci_answer(&b, 0x40000001, 0), errno_answer(ENOSYS));
	assert_int_equal(bpf_call(&b, BPF_ARCH_FOREIGN, 1, NULL).answer, SECCOMP_RET_KILL_PROCESS);
	bpf_done(&b);
	/* CAP_SYS_ADMIN is 21, CAP_DAC_READ_SEARCH 2. */
	assert_int_equal(compile_oci(json, 1 << 21 | 1 << 2, "4.7.1", &b, &e), 0);
	assert_int_equal(oci_answer(&b, __NR_ptrace, 0), errno_answer(EPERM));
	assert_int_equal(oci_answer(&b, __NR_open_by_handle_at, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_clone, CLONE_NEWUSER), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_clone3, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, __NR_chroot, 0),
			 errno_answer(EPERM)); /* wants two capabilities */
	bpf_done(&b);
	free(json);
}

/* Two tests of one argument: either is enough. */
static void test_oci_same_argument(void **state)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"socket\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":93,\"args\":["
		"{\"index\":0,\"value\":16,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":40,\"op\":\"SCMP_CMP_GE\"}]}]}";
	struct bpf b = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(compile_oci(json, 0, NULL, &b, &e), 0);
	assert_int_equal(oci_answer(&b, __NR_socket, 16), errno_answer(93));
	assert_int_equal(oci_answer(&b, __NR_socket, 41), errno_answer(93));
	assert_int_equal(oci_answer(&b, __NR_socket, 2), SECCOMP_RET_ALLOW);
	/* What is not refused is allowed by such a file, but for x32. */
	assert_int_equal(oci_answer(&b, SECCOMP_NUMBER_MAX, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(oci_answer(&b, 0x40000001, 0), SECCOMP_RET_KILL_PROCESS);
	bpf_done(&b);
}

#define RULE(more)                                                                                 \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"               \
	"\"action\":\"SCMP_ACT_ERRNO\"" more "}]}"

static void test_oci_bad(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{"", "f.json:1: "},
		{"{\n\n\"defaultAction\": }", "f.json:3: "},
		{"[]", "not a JSON object"},
		{"{}", "defaultAction is missing"},
		{"{\"defaultAction\":1}", "defaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "'SCMP_ACT_MAYBE' is not known"},
		{"{\"defaultAction\":\"SCMP_ACT_TRACE\"}", "supervisor"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
		 "f.json:1: "},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "refuses execve"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":70000}",
		 "defaultErrnoRet"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"extra\":1}", "unknown key 'extra'"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[1]}", "syscalls"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}", "supervisor"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_MIPS\"]}",
		 "no rules for"},
		{RULE(",\"when\":1"), "unknown key 'when'"},
		{RULE(",\"args\":1"), "args"},
		{RULE(",\"args\":[1]"), "args"},
		{RULE(",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
		 "from 0 to 5"},
		{RULE(",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]"), "value is not a number"},
		{RULE(",\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"),
		 "value is not a number"},
		{RULE(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"=\"}]"), "'=' is not known"},
		{RULE(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\",\"not\":1}]"),
		 "unknown key 'not'"},
		{RULE(",\"includes\":[]"), "includes"},
		{RULE(",\"includes\":{\"user\":[]}"), "unknown key 'user'"},
		{RULE(",\"includes\":{\"caps\":\"CAP_KILL\"}"), "caps"},
		{RULE(",\"excludes\":{\"arches\":[1]}"), "arches"},
		{RULE(",\"includes\":{\"minKernel\":\"4\"}"), "minKernel"},
		{RULE(",\"includes\":{\"minKernel\":\"4.8x\"}"), "minKernel"},
		{RULE(",\"errnoRet\":-1"), "errnoRet"},
		{RULE(",\"name\":\"write\""), "'names'"},
	};
	struct bpf b = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(compile_oci(cases[i].json, 0, "6.1.0", &b, &e), -1);
		assert_null(b.insn);
		if (strncmp(e.text, "f.json", 6) != 0 || !strstr(e.text, cases[i].text))
			fail_msg("case %zu: %s", i, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oci),
		cmocka_unit_test(test_oci_same_argument),
		cmocka_unit_test(test_oci_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
