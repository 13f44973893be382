/* SPDX-License-Identifier: MIT */
/* base/seccomp: each program is run by hand for every number and, where that says more, loaded in a child. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "bpf.h"
#include "base/seccomp_rules.h"

#ifndef DATA
#define DATA "tests/unit/data"
#endif

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define UPPER UINT64_C(0xdeadbeef00000000)

static uint32_t errno_answer(int error)
{
	return SECCOMP_RET_ERRNO | (uint32_t)error;
}

static struct bpf compile(const struct seccomp_name *v, size_t n, int default_error,
			  const struct seccomp_args *args)
{
	static const struct seccomp_args none;
	struct seccomp_names names = { v, n, default_error };
	struct bpf b = { 0 };
	struct err e = { 0 };

	if (seccomp_compile(v ? &names : NULL, args ? args : &none, &b, &e) < 0)
		fail_msg("%s", e.text);
	return b;
}

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
		{ "close", 0 }, { "read", 0 }, { "ptrace", ESRCH }, { "getppid", 0 },
		{ "ioctl", 0 }, { "mmap2", 0 }, { "no_such_call", 0 },
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
			fail_msg("call %d: answer %#x, not %#x, constant %d", i, r.answer, want, r.constant);
	}
	bpf_done(&b);
	assert_null(b.insn);
	bpf_done(NULL);
}

static void test_strange_numbers(void **state)
{
	static const struct seccomp_name list[] = { { "read", 0 }, { "write", 0 } };
	static const uint32_t numbers[] = { 1024, 4096, 0x3fffffff, 0x40000000, 0x40000001, 0x40000200,
					    0x7fffffff, 0x80000000, 0xc0000000, 0xfffffffe, 0xffffffff };
	struct bpf names = compile(list, COUNT(list), EPERM, NULL), args = compile(NULL, 0, 0, NULL);

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
	static const struct seccomp_name listed[] = { { "clone3", 0 } }, refused[] = { { "clone3", EACCES } };
	const struct seccomp_args restricted = { .restrict_namespaces = true };
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
	static const int errors[] = { 0, -1, 4096, 65536 };
	struct seccomp_args none = { 0 };
	struct bpf b = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct seccomp_names names = { .default_error = errors[i] };

		assert_int_equal(seccomp_compile(&names, &none, &b, &e), -1);
		assert_null(b.insn);
	}
}

/* One refusal: by which switch, which arguments, and what. */
enum { NS = 1, PERS = 2, WX = 4, SUID = 8, FAM = 16 };
struct refusal {
	const char *what;
	int number;
	uint64_t args[6];
	unsigned int by; /* one of these is enough; 0: always */
	int error;
};

static const struct refusal refusals[] = {
	{ "TIOCSTI", __NR_ioctl, { 0, TIOCSTI }, 0, EPERM },
	{ "TIOCSTI, upper half", __NR_ioctl, { 0, TIOCSTI | UPPER }, 0, EPERM },
	{ "TIOCLINUX", __NR_ioctl, { 0, TIOCLINUX }, 0, EPERM },
	{ "TIOCLINUX, upper half", __NR_ioctl, { 0, TIOCLINUX | 1ULL << 32 }, 0, EPERM },
	{ "clone user", __NR_clone, { CLONE_NEWUSER | SIGCHLD }, NS, EPERM },
	{ "clone mount", __NR_clone, { CLONE_NEWNS }, NS, EPERM },
	{ "clone cgroup", __NR_clone, { CLONE_NEWCGROUP }, NS, EPERM },
	{ "clone uts", __NR_clone, { CLONE_NEWUTS }, NS, EPERM },
	{ "clone ipc", __NR_clone, { CLONE_NEWIPC }, NS, EPERM },
	{ "clone pid", __NR_clone, { CLONE_NEWPID }, NS, EPERM },
	{ "clone net", __NR_clone, { CLONE_NEWNET }, NS, EPERM },
	{ "clone user, upper half", __NR_clone, { CLONE_NEWUSER | UPPER }, NS, EPERM },
	{ "clone all bits", __NR_clone, { UINT64_MAX }, NS, EPERM },
	{ "unshare user", __NR_unshare, { CLONE_NEWUSER }, NS, EPERM },
	{ "unshare mount", __NR_unshare, { CLONE_NEWNS }, NS, EPERM },
	{ "unshare time", __NR_unshare, { CLONE_NEWTIME }, NS, EPERM },
	{ "unshare net and files", __NR_unshare, { CLONE_NEWNET | CLONE_FILES }, NS, EPERM },
	{ "setns", __NR_setns, { 3, 0 }, NS, EPERM },
	{ "setns net", __NR_setns, { 3, CLONE_NEWNET }, NS, EPERM },
	{ "clone3", __NR_clone3, { 0 }, NS, ENOSYS },
	{ "personality", __NR_personality, { READ_IMPLIES_EXEC }, PERS | WX, EPERM },
	{ "personality linux32", __NR_personality, { PER_LINUX32 }, PERS | WX, EPERM },
	{ "personality almost the question", __NR_personality, { 0xfffffffe }, PERS | WX, EPERM },
	{ "personality, upper half", __NR_personality, { ADDR_NO_RANDOMIZE | UPPER }, PERS | WX, EPERM },
	{ "mmap", __NR_mmap, { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC }, WX, EPERM },
	{ "mmap, not readable", __NR_mmap, { 0, 4096, PROT_WRITE | PROT_EXEC | UPPER }, WX, EPERM },
	{ "mprotect", __NR_mprotect, { 0, 4096, PROT_READ | PROT_EXEC }, WX, EPERM },
	{ "pkey_mprotect", __NR_pkey_mprotect, { 0, 4096, PROT_EXEC, 1 }, WX, EPERM },
	{ "shmat", __NR_shmat, { 1, 0, SHM_EXEC }, WX, EPERM },
#ifdef __NR_open
	{ "chmod", __NR_chmod, { 0, 04755 }, SUID, EPERM },
	{ "chmod sgid", __NR_chmod, { 0, 02755 }, SUID, EPERM },
	{ "creat", __NR_creat, { 0, 04700 }, SUID, EPERM },
	{ "mknod", __NR_mknod, { 0, S_IFREG | 04700 }, SUID, EPERM },
	{ "open", __NR_open, { 0, O_CREAT | O_WRONLY, 04700 }, SUID, EPERM },
	{ "open tmpfile", __NR_open, { 0, O_TMPFILE | O_WRONLY, 02700 }, SUID, EPERM },
#endif
	{ "fchmod", __NR_fchmod, { 3, 04755 }, SUID, EPERM },
	{ "fchmod, upper half", __NR_fchmod, { 3, 04755 | UPPER }, SUID, EPERM },
	{ "fchmodat", __NR_fchmodat, { 3, 0, 02755 }, SUID, EPERM },
	{ "fchmodat2", __NR_fchmodat2, { 3, 0, 06755, AT_EMPTY_PATH }, SUID, EPERM },
	{ "mknodat", __NR_mknodat, { 3, 0, S_IFREG | S_ISGID }, SUID, EPERM },
	{ "openat", __NR_openat, { 3, 0, O_CREAT | O_EXCL | O_RDWR, 04700 }, SUID, EPERM },
	{ "openat tmpfile", __NR_openat, { 3, 0, O_TMPFILE | O_RDWR, 04700 }, SUID, EPERM },
	{ "openat2", __NR_openat2, { 3 }, SUID, ENOSYS },
	{ "io_uring_setup", __NR_io_uring_setup, { 1 }, SUID | FAM, ENOSYS },
	{ "socket packet", __NR_socket, { AF_PACKET, SOCK_RAW }, FAM, EAFNOSUPPORT },
	{ "socket vsock", __NR_socket, { AF_VSOCK }, FAM, EAFNOSUPPORT },
	{ "socket unspecified", __NR_socket, { AF_UNSPEC }, FAM, EAFNOSUPPORT },
	{ "socket 46", __NR_socket, { 46 }, FAM, EAFNOSUPPORT },
	{ "socket 1000", __NR_socket, { 1000 }, FAM, EAFNOSUPPORT },
	{ "socket -1", __NR_socket, { UINT64_MAX }, FAM, EAFNOSUPPORT },
	{ "socket alg, upper half", __NR_socket, { AF_ALG | UPPER }, FAM, EAFNOSUPPORT },
	{ "socket, one bit too many", __NR_socket, { AF_INET | 1U << 31 }, FAM, EAFNOSUPPORT },
	{ "socketpair", __NR_socketpair, { AF_TIPC }, FAM, EAFNOSUPPORT },
};

/* What must go on whatever is restricted. */
static const struct refusal allowed[] = {
	{ "TIOCGWINSZ", __NR_ioctl, { 0, TIOCGWINSZ }, 0, 0 },
	{ "ioctl 0", __NR_ioctl, { 0, 0 }, 0, 0 },
	{ "ioctl like TIOCSTI above", __NR_ioctl, { 0, (uint64_t)TIOCSTI << 32 }, 0, 0 },
	{ "fork", __NR_clone, { SIGCHLD }, 0, 0 },
	{ "pthread_create", __NR_clone, { 0x3d0f00 }, 0, 0 },
	{ "vfork", __NR_clone, { CLONE_VM | CLONE_VFORK | SIGCHLD }, 0, 0 },
	{ "clone, exit signal 0x80", __NR_clone, { 0x80 }, 0, 0 },
	{ "unshare files", __NR_unshare, { CLONE_FILES | CLONE_FS }, 0, 0 },
	{ "personality 0", __NR_personality, { 0 }, 0, 0 },
	{ "personality?", __NR_personality, { 0xffffffff }, 0, 0 },
	{ "personality? of a long", __NR_personality, { UINT64_MAX }, 0, 0 },
	{ "mmap rw", __NR_mmap, { 0, 4096, PROT_READ | PROT_WRITE }, 0, 0 },
	{ "mmap rx", __NR_mmap, { 0, 4096, PROT_READ | PROT_EXEC }, 0, 0 },
	{ "mprotect r", __NR_mprotect, { 0, 4096, PROT_READ }, 0, 0 },
	{ "shmat", __NR_shmat, { 1, 0, SHM_RDONLY }, 0, 0 },
	{ "fchmod", __NR_fchmod, { 3, 01777 }, 0, 0 },
	{ "fchmodat", __NR_fchmodat, { 3, 0, 0777 }, 0, 0 },
	{ "mkdirat", __NR_mkdirat, { 3, 0, 06777 }, 0, 0 },
	{ "openat", __NR_openat, { 3, 0, O_CREAT | O_WRONLY, 0666 }, 0, 0 },
	{ "openat, mode not looked at", __NR_openat, { 3, 0, O_RDONLY | O_DIRECTORY, 06777 }, 0, 0 },
	{ "socket unix", __NR_socket, { AF_UNIX }, 0, 0 },
	{ "socket inet, upper half", __NR_socket, { AF_INET | UPPER }, 0, 0 },
	{ "socketpair unix", __NR_socketpair, { AF_UNIX }, 0, 0 },
	{ "getppid", __NR_getppid, { 0 }, 0, 0 },
};

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

static struct seccomp_args args_by(unsigned int by)
{
	return (struct seccomp_args){ .restrict_namespaces = by & NS,
				      .lock_personality = by & PERS,
				      .memory_deny_write_execute = by & WX,
				      .restrict_suid_sgid = by & SUID,
				      .restrict_families = by & FAM,
				      .families = families,
				      .n_families = COUNT(families) };
}

/* Each call of the two tables under each of the 32 combinations: refused by its switch, and by no other. */
static void test_arguments(void **state)
{
	(void)state;
	for (unsigned int by = 0; by < 32; by++) {
		struct seccomp_args args = args_by(by);
		struct bpf b = compile(NULL, 0, 0, &args);

		for (size_t i = 0; i < COUNT(refusals); i++) {
			const struct refusal *r = &refusals[i];
			uint32_t got = bpf_call(&b, BPF_ARCH, r->number, r->args).answer;

			if (got != (!r->by || r->by & by ? errno_answer(r->error) : SECCOMP_RET_ALLOW))
				fail_msg("%s: %#x with %#x", r->what, got, by);
		}
		for (size_t i = 0; i < COUNT(allowed); i++) {
			uint32_t got = bpf_call(&b, BPF_ARCH, allowed[i].number, allowed[i].args).answer;

			if (got != SECCOMP_RET_ALLOW)
				fail_msg("%s: %#x with %#x", allowed[i].what, got, by);
		}
		bpf_done(&b);
	}
}

/* A call that the list refuses is refused with the list's errno, arguments or not. */
static void test_list_and_arguments(void **state)
{
	static const struct seccomp_name list[] = { { "openat", 0 }, { "socket", EACCES }, { "mmap", 0 } };
	struct seccomp_args args = args_by(31);
	struct bpf b = compile(list, COUNT(list), ENOENT, &args);
	const uint64_t suid[6] = { 3, 0, O_CREAT, 04755 }, write_execute[6] = { 0, 1, 6 };

	(void)state;
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_openat, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_openat, suid).answer, errno_answer(EPERM));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_mmap, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_mmap, write_execute).answer, errno_answer(EPERM));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_socket, NULL).answer, errno_answer(EACCES));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_fchmod, NULL).answer, errno_answer(ENOENT));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_ioctl, NULL).answer, errno_answer(ENOENT));
	bpf_done(&b);
}

static void test_families(void **state)
{
	int many[300];
	struct seccomp_args args = { .restrict_families = true };
	struct bpf b = compile(NULL, 0, 0, &args);
	uint64_t call[6] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		call[0] = i;
		many[i] = (int)i * 3;
		assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_socket, call).answer,
				 errno_answer(EAFNOSUPPORT));
	}
	bpf_done(&b);
	args = args_by(31);
	args.families = many;
	args.n_families = COUNT(many);
	b = compile(NULL, 0, 0, &args);
	for (uint64_t i = 0; i < 1000; i++) {
		call[0] = i;
		assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_socketpair, call).answer,
				 i % 3 == 0 && i < 900 ? SECCOMP_RET_ALLOW : errno_answer(EAFNOSUPPORT));
	}
	bpf_done(&b);
	args.families = calloc(5000, sizeof(int));
	assert_non_null(args.families);
	args.n_families = 5000;
	{
		struct err e = { 0 };

		assert_int_equal(seccomp_compile(NULL, &args, &b, &e), -1);
		assert_non_null(strstr(e.text, "more than"));
	}
	free((void *)(uintptr_t)args.families);
}

static int child_status(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The kernel's own check accepts the program. */
static bool kernel_accepts(const struct bpf *b)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(bpf_load(b) < 0);
	return child_status(pid) == 0;
}

/*
 * Lists with random answers, from a few to a thousand different ones in a row, are the trees and the far jumps that no
 * real profile needs.
 */
static void test_random_lists(void **state)
{
	static struct seccomp_name list[SECCOMP_NUMBER_MAX + 1];
	static char names[SECCOMP_NUMBER_MAX + 1][64];
	unsigned int seed = 42;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct seccomp_args args = args_by((unsigned int)rand_r(&seed) % 32);
		int answers = 1 + rand_r(&seed) % (round % 2 ? 3 : 400);
		int errors[SECCOMP_NUMBER_MAX + 1];
		FILE *words = fopen(DATA "/calls", "r");
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
			list[n] = (struct seccomp_name){ names[n], errors[number] };
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
				fail_msg("round %d, call %d: %#x, not %d", round, i, r.answer, want);
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
	/* uretprobe and uprobe: newer kernels let them past every filter, and answer a direct call with SIGILL. */
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
			_exit(2);
		if (bpf_load(&b) < 0)
			_exit(3);
		for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++)
			if (is_safe(i))
				errors[i] = syscall(i, 0, 0, 0, 0, 0, 0) < 0 ? errno : 0;
		errors[__NR_execve] = syscall(__NR_execve, "/", NULL, NULL) < 0 ? errno : 0;
		errors[1024] = syscall(0x40000001L, 0, 0, 0) < 0 ? errno : 0;
		_exit(0);
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

/* Every refusal for real: with its switch our errno, and without it, as control, whatever the kernel says. */
static int errno_of(const struct refusal *r, unsigned int by)
{
	struct seccomp_args args = args_by(by);
	struct bpf b = compile(NULL, 0, 0, &args);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		const uint64_t *a = r->args;

		if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(254);
		if (bpf_load(&b) < 0)
			_exit(255);
		if (syscall(r->number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0)
			_exit(errno);
		_exit(0);
	}
	status = child_status(pid);
	bpf_done(&b);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void test_arguments_for_real(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		int got = errno_of(r, r->by);

		if (got != r->error)
			fail_msg("%s: %d", r->what, got);
		/* A child that lives on in a second copy, or without its memory, is no control. */
		if (!r->by || r->number == __NR_clone || r->error == EAFNOSUPPORT || r->number == __NR_clone3)
			continue;
		got = errno_of(r, 0);
		if (got == r->error && r->number != __NR_setns && r->number != __NR_unshare &&
		    r->number != __NR_fchmodat2)
			fail_msg("%s: refused without its switch", r->what);
	}
}

/* The kernel that runs the tests knows the families; a program that asks for one gets it. */
static void test_socket_for_real(void **state)
{
	static const struct refusal inet = { "inet", __NR_socket, { AF_INET, SOCK_DGRAM }, FAM, 0 };
	static const struct refusal upper = { "inet", __NR_socket, { AF_INET | UPPER, SOCK_DGRAM }, FAM, 0 };
	static const struct refusal alg = { "netlink", __NR_socket, { AF_KEY, SOCK_RAW }, FAM, EAFNOSUPPORT };

	(void)state;
	assert_int_equal(errno_of(&inet, 31), 0);
	assert_int_equal(errno_of(&upper, 31), 0);
	assert_int_equal(errno_of(&alg, 31), EAFNOSUPPORT);
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
		_exit(r != getpid());
	}
	control = child_status(pid);
	if (control != 0)
		skip(); /* a kernel without 32-bit entry */
	pid = fork();
	if (pid == 0) {
		long r = 20;

		if (bpf_load(&b) < 0)
			_exit(2);
		__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
		_exit(3);
	}
	status = child_status(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	bpf_done(&b);
}
#endif

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

static int compile_oci(const char *json, uint64_t caps, const char *kernel, struct bpf *b, struct err *e)
{
	const struct seccomp_oci oci = { json, strlen(json), "f.json", caps, kernel };

	return seccomp_compile_oci(&oci, b, e);
}

static uint32_t oci_answer(const struct bpf *b, int number, uint64_t a0)
{
	const uint64_t args[6] = { a0 };

	return bpf_call(b, BPF_ARCH, number, args).answer;
}

static void test_oci(void **state)
{
	size_t len;
	char *json = slurp(DATA "/docker.json", &len);
	struct bpf b = { 0 };
	struct err e = { 0 };

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
	assert_int_equal(oci_answer(&b, __NR_chroot, 0), errno_answer(EPERM)); /* wants two capabilities */
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
	struct bpf b = { 0 };
	struct err e = { 0 };

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

#define RULE(more) \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"]," \
	"\"action\":\"SCMP_ACT_ERRNO\"" more "}]}"

static void test_oci_bad(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{ "", "f.json:1: " },
		{ "{\n\n\"defaultAction\": }", "f.json:3: " },
		{ "[]", "not a JSON object" },
		{ "{}", "defaultAction is missing" },
		{ "{\"defaultAction\":1}", "defaultAction" },
		{ "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "'SCMP_ACT_MAYBE' is not known" },
		{ "{\"defaultAction\":\"SCMP_ACT_TRACE\"}", "supervisor" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_ALLOW\"}", "f.json:1: " },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "refuses execve" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":70000}", "defaultErrnoRet" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"extra\":1}", "unknown key 'extra'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[1]}", "syscalls" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}", "supervisor" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_MIPS\"]}", "no rules for" },
		{ RULE(",\"when\":1"), "unknown key 'when'" },
		{ RULE(",\"args\":1"), "args" },
		{ RULE(",\"args\":[1]"), "args" },
		{ RULE(",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"), "from 0 to 5" },
		{ RULE(",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]"), "value is not a number" },
		{ RULE(",\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"), "value is not a number" },
		{ RULE(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"=\"}]"), "'=' is not known" },
		{ RULE(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\",\"not\":1}]"), "unknown key 'not'" },
		{ RULE(",\"includes\":[]"), "includes" },
		{ RULE(",\"includes\":{\"user\":[]}"), "unknown key 'user'" },
		{ RULE(",\"includes\":{\"caps\":\"CAP_KILL\"}"), "caps" },
		{ RULE(",\"excludes\":{\"arches\":[1]}"), "arches" },
		{ RULE(",\"includes\":{\"minKernel\":\"4\"}"), "minKernel" },
		{ RULE(",\"includes\":{\"minKernel\":\"4.8x\"}"), "minKernel" },
		{ RULE(",\"errnoRet\":-1"), "errnoRet" },
		{ RULE(",\"name\":\"write\""), "'names'" },
	};
	struct bpf b = { 0 };
	struct err e = { 0 };

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
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_strange_numbers),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_bad_default),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_list_and_arguments),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_every_number_for_real),
		cmocka_unit_test(test_arguments_for_real),
		cmocka_unit_test(test_socket_for_real),
#if defined(__x86_64__)
		cmocka_unit_test(test_foreign_for_real),
#endif
		cmocka_unit_test(test_oci),
		cmocka_unit_test(test_oci_same_argument),
		cmocka_unit_test(test_oci_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
