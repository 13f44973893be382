/* SPDX-License-Identifier: MIT */
/* base/seccomp_args: what is refused by its arguments, and what must go on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bpf.h"

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

#define UPPER UINT64_C(0xdeadbeef00000000)

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
	{"TIOCSTI", __NR_ioctl, {0, TIOCSTI}, 0, EPERM},
	{"TIOCSTI, upper half", __NR_ioctl, {0, TIOCSTI | UPPER}, 0, EPERM},
	{"TIOCLINUX", __NR_ioctl, {0, TIOCLINUX}, 0, EPERM},
	{"TIOCLINUX, upper half", __NR_ioctl, {0, TIOCLINUX | 1ULL << 32}, 0, EPERM},
	{"clone user", __NR_clone, {CLONE_NEWUSER | SIGCHLD}, NS, EPERM},
	{"clone mount", __NR_clone, {CLONE_NEWNS}, NS, EPERM},
	{"clone cgroup", __NR_clone, {CLONE_NEWCGROUP}, NS, EPERM},
	{"clone uts", __NR_clone, {CLONE_NEWUTS}, NS, EPERM},
	{"clone ipc", __NR_clone, {CLONE_NEWIPC}, NS, EPERM},
	{"clone pid", __NR_clone, {CLONE_NEWPID}, NS, EPERM},
	{"clone net", __NR_clone, {CLONE_NEWNET}, NS, EPERM},
	{"clone user, upper half", __NR_clone, {CLONE_NEWUSER | UPPER}, NS, EPERM},
	{"clone all bits", __NR_clone, {UINT64_MAX}, NS, EPERM},
	{"unshare user", __NR_unshare, {CLONE_NEWUSER}, NS, EPERM},
	{"unshare mount", __NR_unshare, {CLONE_NEWNS}, NS, EPERM},
	{"unshare time", __NR_unshare, {CLONE_NEWTIME}, NS, EPERM},
	{"unshare net and files", __NR_unshare, {CLONE_NEWNET | CLONE_FILES}, NS, EPERM},
	{"setns", __NR_setns, {3, 0}, NS, EPERM},
	{"setns net", __NR_setns, {3, CLONE_NEWNET}, NS, EPERM},
	{"clone3", __NR_clone3, {0}, NS, ENOSYS},
	{"personality", __NR_personality, {READ_IMPLIES_EXEC}, PERS | WX, EPERM},
	{"personality linux32", __NR_personality, {PER_LINUX32}, PERS | WX, EPERM},
	{"personality almost the question", __NR_personality, {0xfffffffe}, PERS | WX, EPERM},
	{"personality, upper half",
	 __NR_personality,
	 {ADDR_NO_RANDOMIZE | UPPER},
	 PERS | WX,
	 EPERM},
	{"mmap", __NR_mmap, {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC}, WX, EPERM},
	{"mmap, not readable", __NR_mmap, {0, 4096, PROT_WRITE | PROT_EXEC | UPPER}, WX, EPERM},
	{"mprotect", __NR_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, WX, EPERM},
	{"pkey_mprotect", __NR_pkey_mprotect, {0, 4096, PROT_EXEC, 1}, WX, EPERM},
	{"shmat", __NR_shmat, {1, 0, SHM_EXEC}, WX, EPERM},
#ifdef __NR_open
	{"chmod", __NR_chmod, {0, 04755}, SUID, EPERM},
	{"chmod sgid", __NR_chmod, {0, 02755}, SUID, EPERM},
	{"creat", __NR_creat, {0, 04700}, SUID, EPERM},
	{"mknod", __NR_mknod, {0, S_IFREG | 04700}, SUID, EPERM},
	{"open", __NR_open, {0, O_CREAT | O_WRONLY, 04700}, SUID, EPERM},
	{"open tmpfile", __NR_open, {0, O_TMPFILE | O_WRONLY, 02700}, SUID, EPERM},
#endif
	{"fchmod", __NR_fchmod, {3, 04755}, SUID, EPERM},
	{"fchmod, upper half", __NR_fchmod, {3, 04755 | UPPER}, SUID, EPERM},
	{"fchmodat", __NR_fchmodat, {3, 0, 02755}, SUID, EPERM},
	{"fchmodat2", __NR_fchmodat2, {3, 0, 06755, AT_EMPTY_PATH}, SUID, EPERM},
	{"mknodat", __NR_mknodat, {3, 0, S_IFREG | S_ISGID}, SUID, EPERM},
	{"openat", __NR_openat, {3, 0, O_CREAT | O_EXCL | O_RDWR, 04700}, SUID, EPERM},
	{"openat tmpfile", __NR_openat, {3, 0, O_TMPFILE | O_RDWR, 04700}, SUID, EPERM},
	{"openat2", __NR_openat2, {3}, SUID, ENOSYS},
	{"io_uring_setup", __NR_io_uring_setup, {1}, SUID | FAM, ENOSYS},
	{"socket packet", __NR_socket, {AF_PACKET, SOCK_RAW}, FAM, EAFNOSUPPORT},
	{"socket vsock", __NR_socket, {AF_VSOCK}, FAM, EAFNOSUPPORT},
	{"socket unspecified", __NR_socket, {AF_UNSPEC}, FAM, EAFNOSUPPORT},
	{"socket 46", __NR_socket, {46}, FAM, EAFNOSUPPORT},
	{"socket 1000", __NR_socket, {1000}, FAM, EAFNOSUPPORT},
	{"socket -1", __NR_socket, {UINT64_MAX}, FAM, EAFNOSUPPORT},
	{"socket alg, upper half", __NR_socket, {AF_ALG | UPPER}, FAM, EAFNOSUPPORT},
	{"socket, one bit too many", __NR_socket, {AF_INET | 1U << 31}, FAM, EAFNOSUPPORT},
	{"socketpair", __NR_socketpair, {AF_TIPC}, FAM, EAFNOSUPPORT},
	{"socketpair inet", __NR_socketpair, {AF_INET, SOCK_STREAM}, FAM, EAFNOSUPPORT},
	{"netlink audit", __NR_socket, {AF_NETLINK, SOCK_RAW, 9}, FAM, EAFNOSUPPORT},
	{"netlink netfilter", __NR_socket, {AF_NETLINK, SOCK_RAW, 12}, FAM, EAFNOSUPPORT},
};

/* What must go on whatever is restricted. */
static const struct refusal allowed[] = {
	{"TIOCGWINSZ", __NR_ioctl, {0, TIOCGWINSZ}, 0, 0},
	{"ioctl 0", __NR_ioctl, {0, 0}, 0, 0},
	{"ioctl like TIOCSTI above", __NR_ioctl, {0, (uint64_t)TIOCSTI << 32}, 0, 0},
	{"fork", __NR_clone, {SIGCHLD}, 0, 0},
	{"pthread_create", __NR_clone, {0x3d0f00}, 0, 0},
	{"vfork", __NR_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}, 0, 0},
	{"clone, exit signal 0x80", __NR_clone, {0x80}, 0, 0},
	{"unshare files", __NR_unshare, {CLONE_FILES | CLONE_FS}, 0, 0},
	{"personality 0", __NR_personality, {0}, 0, 0},
	{"personality?", __NR_personality, {0xffffffff}, 0, 0},
	{"personality? of a long", __NR_personality, {UINT64_MAX}, 0, 0},
	{"mmap rw", __NR_mmap, {0, 4096, PROT_READ | PROT_WRITE}, 0, 0},
	{"mmap rx", __NR_mmap, {0, 4096, PROT_READ | PROT_EXEC}, 0, 0},
	{"mprotect r", __NR_mprotect, {0, 4096, PROT_READ}, 0, 0},
	{"shmat", __NR_shmat, {1, 0, SHM_RDONLY}, 0, 0},
	{"fchmod", __NR_fchmod, {3, 01777}, 0, 0},
	{"fchmodat", __NR_fchmodat, {3, 0, 0777}, 0, 0},
	{"mkdirat", __NR_mkdirat, {3, 0, 06777}, 0, 0},
	{"openat", __NR_openat, {3, 0, O_CREAT | O_WRONLY, 0666}, 0, 0},
	{"openat, mode not looked at", __NR_openat, {3, 0, O_RDONLY | O_DIRECTORY, 06777}, 0, 0},
	{"socket unix", __NR_socket, {AF_UNIX}, 0, 0},
	{"netlink route", __NR_socket, {AF_NETLINK, SOCK_RAW, 0}, 0, 0},
	{"socket inet, upper half", __NR_socket, {AF_INET | UPPER}, 0, 0},
	{"socketpair unix", __NR_socketpair, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}, 0, 0},
	{"socketpair unix dgram", __NR_socketpair, {AF_UNIX, SOCK_DGRAM}, 0, 0},
	{"getppid", __NR_getppid, {0}, 0, 0},
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static struct seccomp_args args_by(unsigned int by)
{
	return (struct seccomp_args){.restrict_namespaces = by & NS,
				     .lock_personality = by & PERS,
				     .memory_deny_write_execute = by & WX,
				     .restrict_suid_sgid = by & SUID,
				     .restrict_families = by & FAM,
				     .families = families,
				     .n_families = COUNT(families)};
}

/*
 * Each call of the two tables under each of the 32 combinations: refused by its switch, and by no
 * other.
 */
static void test_arguments(void **state)
{
	(void)state;
	for (unsigned int by = 0; by < 32; by++) {
		struct seccomp_args args = args_by(by);
		struct bpf b = compile(NULL, 0, 0, &args);

		for (size_t i = 0; i < COUNT(refusals); i++) {
			const struct refusal *r = &refusals[i];
			uint32_t got = bpf_call(&b, BPF_ARCH, r->number, r->args).answer;

			if (got !=
			    (!r->by || r->by & by ? errno_answer(r->error) : SECCOMP_RET_ALLOW))
				fail_msg("%s: %#x with %#x", r->what, got, by);
		}
		for (size_t i = 0; i < COUNT(allowed); i++) {
			uint32_t got =
				bpf_call(&b, BPF_ARCH, allowed[i].number, allowed[i].args).answer;

			if (got != SECCOMP_RET_ALLOW)
				fail_msg("%s: %#x with %#x", allowed[i].what, got, by);
		}
		bpf_done(&b);
	}
}

/* A call that the list refuses is refused with the list's errno, arguments or not. */
static void test_list_and_arguments(void **state)
{
	static const struct seccomp_name list[] = {{"openat", 0}, {"socket", EACCES}, {"mmap", 0}};
	struct seccomp_args args = args_by(31);
	struct bpf b = compile(list, COUNT(list), ENOENT, &args);
	const uint64_t suid[6] = {3, 0, O_CREAT, 04755}, write_execute[6] = {0, 1, 6};

	(void)state;
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_openat, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_openat, suid).answer, errno_answer(EPERM));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_mmap, NULL).answer, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_mmap, write_execute).answer,
			 errno_answer(EPERM));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_socket, NULL).answer, errno_answer(EACCES));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_fchmod, NULL).answer, errno_answer(ENOENT));
	assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_ioctl, NULL).answer, errno_answer(ENOENT));
	bpf_done(&b);
}

static void test_families(void **state)
{
	int many[300];
	struct seccomp_args args = {.restrict_families = true};
	struct bpf b = compile(NULL, 0, 0, &args);
	uint64_t call[6] = {0};

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
		assert_int_equal(bpf_call(&b, BPF_ARCH, __NR_socket, call).answer,
				 i % 3 == 0 && i < 900 ? SECCOMP_RET_ALLOW
						       : errno_answer(EAFNOSUPPORT));
	}
	bpf_done(&b);
	args.families = calloc(5000, sizeof(int));
	assert_non_null(args.families);
	args.n_families = 5000;
	{
		struct err e = {0};

		assert_int_equal(seccomp_compile(NULL, &args, &b, &e), -1);
		assert_non_null(strstr(e.text, "more than"));
	}
	free((void *)(uintptr_t)args.families);
}

/*
 * Every refusal for real: with its switch our errno, and without it, as control, whatever the
 * kernel says.
 */
static int errno_of(const struct refusal *r, unsigned int by)
{
	struct seccomp_args args = args_by(by);
	struct bpf b = compile(NULL, 0, 0, &args);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		const uint64_t *a = r->args;

		if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			bpf_exit(254);
		if (bpf_load(&b) < 0)
			bpf_exit(255);
		if (syscall(r->number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0)
			bpf_exit(errno);
		bpf_exit(0);
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
		if (!r->by || r->number == __NR_clone || r->error == EAFNOSUPPORT ||
		    r->number == __NR_clone3)
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
	static const struct refusal inet = {"inet", __NR_socket, {AF_INET, SOCK_DGRAM}, FAM, 0};
	static const struct refusal upper = {
		"inet", __NR_socket, {AF_INET | UPPER, SOCK_DGRAM}, FAM, 0};
	static const struct refusal alg = {
		"netlink", __NR_socket, {AF_KEY, SOCK_RAW}, FAM, EAFNOSUPPORT};

	(void)state;
	assert_int_equal(errno_of(&inet, 31), 0);
	assert_int_equal(errno_of(&upper, 31), 0);
	assert_int_equal(errno_of(&alg, 31), EAFNOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),	cmocka_unit_test(test_list_and_arguments),
		cmocka_unit_test(test_families),	cmocka_unit_test(test_arguments_for_real),
		cmocka_unit_test(test_socket_for_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
