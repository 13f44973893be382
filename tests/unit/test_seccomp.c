/* SPDX-License-Identifier: MIT */
/*
 * base/seccomp_build: programs from lists of names, run by hand for every number and loaded in a
 * child.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bpf.h"

/* The terminal's ioctls are refused always, so that this call is never constant. */
static bool has_check(int number)
{
	return number == __NR_ioctl;
}

static void test_lookups(void **state)
{
	(void)state;
	assert_int_equal(seccomp_number("read"), __NR_read);
	assert_int_equal(seccomp_number("openat2"), 437);
	assert_int_equal(seccomp_number("mmap2"), -1);
	assert_true(seccomp_known("mmap2"));
	assert_int_equal(seccomp_number("rread"), -1);
	assert_false(seccomp_known("rread"));
	assert_false(seccomp_known(""));
	assert_int_equal(seccomp_errno("EPERM"), EPERM);
	assert_int_equal(seccomp_errno("ENOSYS"), ENOSYS);
	assert_int_equal(seccomp_errno("EWOULDBLOCK"), EAGAIN);
	assert_int_equal(seccomp_errno("ENOTSUP"), EOPNOTSUPP);
	assert_int_equal(seccomp_errno("EHWPOISON"), EHWPOISON);
	assert_int_equal(seccomp_errno("eperm"), -1);
	assert_int_equal(seccomp_errno(""), -1);
	assert_int_equal(seccomp_errno("0"), -1);
	assert_int_equal(seccomp_family("AF_UNIX"), AF_UNIX);
	assert_int_equal(seccomp_family("AF_MCTP"), 45);
	assert_int_equal(seccomp_family("AF_NOPE"), -1);
	assert_true(seccomp_newest() >= 450 && seccomp_newest() < SECCOMP_NUMBER_MAX);
	assert_true(strlen(seccomp_version_text()) >= 5);
}

static void test_every_number(void **state)
{
	static const struct seccomp_name list[] = {
		{"close", 0}, {"read", 0},  {"ptrace", ESRCH},	 {"getppid", 0},
		{"ioctl", 0}, {"mmap2", 0}, {"no_such_call", 0},
	};
	struct bpf b = compile(list, COUNT(list), EACCES, NULL);
	int newest = seccomp_newest();

	(void)state;
	for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++) {
		struct bpf_result r = bpf_call(&b, BPF_ARCH, i, NULL);
		uint32_t want = errno_answer(i > newest ? ENOSYS : EACCES);

		if (i == __NR_close || i == __NR_read || i == __NR_getppid || i == __NR_ioctl ||
		    i == __NR_execve || i == __NR_exit_group)
			want = SECCOMP_RET_ALLOW;
		if (i == __NR_ptrace)
			want = errno_answer(ESRCH);
		if (i == __NR_clone3)
			want = errno_answer(ENOSYS);
		if (r.answer != want || r.constant == has_check(i))
			fail_msg("call %d: answer %#x, not %#x, constant %d", i, r.answer, want,
				 r.constant);
	}
	bpf_done(&b);
	assert_null(b.insn);
	bpf_done(NULL);
}

static void test_strange_numbers(void **state)
{
	static const struct seccomp_name list[] = {{"read", 0}, {"write", 0}};
	static const uint32_t numbers[] = {1024,       4096,	   0x3fffffff, 0x40000000,
					   0x40000001, 0x40000200, 0x7fffffff, 0x80000000,
					   0xc0000000, 0xfffffffe, 0xffffffff};
	struct bpf names = compile(list, COUNT(list), EPERM, NULL),
		   args = compile(NULL, 0, 0, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		bool x32 = numbers[i] >= 0x40000000;

		assert_int_equal(bpf_call(&names, BPF_ARCH, (int)numbers[i], NULL).answer,
				 errno_answer(ENOSYS));
		assert_int_equal(bpf_call(&args, BPF_ARCH, (int)numbers[i], NULL).answer,
				 x32 ? errno_answer(ENOSYS) : SECCOMP_RET_ALLOW);
	}
	for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++) {
		assert_int_equal(bpf_call(&names, BPF_ARCH_FOREIGN, i, NULL).answer,
				 SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(bpf_call(&args, BPF_ARCH_FOREIGN, i, NULL).answer,
				 SECCOMP_RET_KILL_PROCESS);
	}
	bpf_done(&names);
	bpf_done(&args);
}

static void test_implied(void **state)
{
	static const struct seccomp_name listed[] = {{"clone3", 0}},
					 refused[] = {{"clone3", EACCES}};
	const struct seccomp_args restricted = {.restrict_namespaces = true};
	struct bpf b;

	(void)state;
	b = compile(listed, 0, EPERM, NULL);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_execve, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_exit_group, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_clone3, NULL).answer, errno_answer(ENOSYS));
	bpf_done(&b);
	b = compile(listed, 1, EPERM, NULL);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_clone3, NULL).answer, SECCOMP_RET_ALLOW);
	bpf_done(&b);
	b = compile(listed, 1, EPERM, &restricted);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_clone3, NULL).answer, errno_answer(ENOSYS));
	bpf_done(&b);
	b = compile(refused, 1, EPERM, &restricted);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_clone3, NULL).answer, errno_answer(EACCES));
	bpf_done(&b);
}

static void test_bad_default(void **state)
{
	static const int errors[] = {0, -1, 4096, 65536};
	struct seccomp_args none = {0};
	struct bpf b = {0};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct seccomp_names names = {.default_error = errors[i]};

		assert_int_equal(seccomp_compile(&names, &none, &b, &e), -1);
		assert_null(b.insn);
	}
}

/*
 * Lists with random answers, from a few to a thousand different ones in a row, are the trees and
 * the far jumps that no real profile needs.
 */
static void test_random_lists(void **state)
{
	static struct seccomp_name list[SECCOMP_NUMBER_MAX + 1];
	static char names[SECCOMP_NUMBER_MAX + 1][64];
	unsigned int seed = 42;

	(void)state;
	for (int round = 0; round < 60; round++) {
		unsigned int by = (unsigned int)rand_r(&seed);
		struct seccomp_args args = {.restrict_namespaces = by & 1,
					    .lock_personality = by & 2,
					    .memory_deny_write_execute = by & 4,
					    .restrict_suid_sgid = by & 8,
					    .restrict_families = by & 16};
		int answers = 1 + rand_r(&seed) % (round % 2 ? 3 : 400);
		int errors[SECCOMP_NUMBER_MAX + 1];
		FILE *words = fopen("tests/unit/data/calls", "r");
		uint64_t call[6];
		struct bpf b;
		size_t n = 0;

		assert_non_null(words);
		memset(errors, -1, sizeof(errors));
		while (fscanf(words, "%63s", names[n]) == 1) {
			int number = seccomp_number(names[n]);

			/* Without exit_group the child could not tell us. */
			if (number < 0 || number == __NR_exit_group || rand_r(&seed) % 4 == 0)
				continue;
			errors[number] = rand_r(&seed) % 2 ? 0 : 1 + rand_r(&seed) % answers;
			list[n] = (struct seccomp_name){names[n], errors[number]};
			n++;
		}
		fclose(words);
		b = compile(list, n, 4095, &args);
		memset(call, 0, sizeof(call));
		for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++) {
			struct bpf_result r = bpf_call(&b, BPF_ARCH, i, call);
			int known = i <= seccomp_newest() ? 4095 : ENOSYS;
			int want = errors[i] < 0 ? known : errors[i];

			if (errors[i] < 0 && (i == __NR_execve || i == __NR_exit_group))
				want = 0;
			if (errors[i] < 0 && i == __NR_clone3)
				want = ENOSYS;
			if (errors[i] == 0 && r.answer != SECCOMP_RET_ALLOW)
				continue; /* by arguments; other tests have them */
			if (r.answer != (want ? errno_answer(want) : SECCOMP_RET_ALLOW))
				fail_msg("round %d, call %d: %#x, not %d", round, i, r.answer,
					 want);
			assert_true(r.steps < 40);
		}
		if (round < 20)
			assert_true(kernel_accepts(&b));
		bpf_done(&b);
	}
}

static bool is_safe(int number)
{
#if defined(__x86_64__)
	/*
	 * uretprobe and uprobe: newer kernels let them past every filter, and answer a direct call
	 * with SIGILL.
	 */
	if (number == 335 || number == 336)
		return false;
#endif
	return number != __NR_exit_group && number != __NR_execve;
}

/* In a child that may nothing but end: every number for real, its errno into shared memory. */
static void test_every_number_for_real(void **state)
{
	static const struct seccomp_name none[1];
	int *errors = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bpf b = compile(none, 0, EXFULL, NULL);
	int newest = seccomp_newest();
	pid_t pid;

	(void)state;
	assert_true(errors != MAP_FAILED);
	memset(errors, -1, 8192);
	pid = fork();
	if (pid == 0) {
		if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			bpf_exit(2);
		if (bpf_load(&b) < 0)
			bpf_exit(3);
		for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++)
			if (is_safe(i))
				errors[i] = syscall(i, 0, 0, 0, 0, 0, 0) < 0 ? errno : 0;
		errors[__NR_execve] = syscall(__NR_execve, "/", NULL, NULL) < 0 ? errno : 0;
		errors[1024] = syscall(0x40000001L, 0, 0, 0) < 0 ? errno : 0;
		bpf_exit(0);
	}
	assert_int_equal(child_status(pid), 0);
	for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++) {
		int want = i > newest || i == __NR_clone3 ? ENOSYS : EXFULL;

		if (i == __NR_execve)
			want = EACCES; /* the kernel's own word about a directory */
		if ((is_safe(i) || i == __NR_execve) && errors[i] != want)
			fail_msg("call %d: %d, not %d", i, errors[i], want);
	}
	assert_int_equal(errors[1024], ENOSYS);
	munmap(errors, 8192);
	bpf_done(&b);
}

#if defined(__x86_64__)
/* getpid by the 32-bit entry, where its number is 20. */
static void test_foreign_for_real(void **state)
{
	struct bpf b = compile(NULL, 0, 0, NULL);
	pid_t pid;
	int status, control;

	(void)state;
	pid = fork();
	if (pid == 0) {
		long r = 20;

		__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
		bpf_exit(r != getpid());
	}
	control = child_status(pid);
	if (control != 0)
		skip(); /* a kernel without 32-bit entry */
	pid = fork();
	if (pid == 0) {
		long r = 20;

		if (bpf_load(&b) < 0)
			bpf_exit(2);
		__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
		bpf_exit(3);
	}
	status = child_status(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	bpf_done(&b);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_strange_numbers),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_bad_default),
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_every_number_for_real),
#if defined(__x86_64__)
		cmocka_unit_test(test_foreign_for_real),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
