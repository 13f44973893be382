/* SPDX-License-Identifier: MIT */
/* Descriptors, and the system calls that the C library of Debian 12 has no function for. */
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/pool.h"

void fd_closep(int *fd); /* closes and sets to -1; keeps errno */
/* Gives the descriptor away: what stands in *fd is not closed any more. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))

/* openat2(2). `resolve` is a set of RESOLVE_*; O_CLOEXEC is added. */
int fd_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/* clone3(2); only meant without CLONE_VM: the child goes on with a copy of the parent's memory. */
pid_t fd_clone3(struct clone_args *args);

/*
 * clone3(2) with CLONE_VM and CLONE_VFORK: as vfork(2), and with what else clone3 can. Negative: -errno.
 * The child goes on with the caller's stack, so the caller must call a function that does not return.
 * There is no such function in the C library, and one that returned would find its return address
 * overwritten; hence no call.
 */
static inline __attribute__((always_inline)) long fd_vfork3(struct clone_args *args)
{
#if defined(__x86_64__)
	long ret = 435; /* __NR_clone3 */

	__asm__ volatile("syscall"
			 : "+a"(ret)
			 : "D"(args), "S"(sizeof(*args))
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long number __asm__("x8") = 435;
	register long ret __asm__("x0") = (long)args;
	register unsigned long size __asm__("x1") = sizeof(*args);

	__asm__ volatile("svc #0" : "+r"(ret) : "r"(number), "r"(size) : "memory");
	return ret;
#else
#error "clone3(2) without a call is written for x86-64 and aarch64"
#endif
}

/* Sends `n` bytes over a Unix socket, with a descriptor unless `fd` is -1; and receives them: 1, with *fd
 * -1 if none came; 0: the other end is gone; -1 and errno. */
int fd_send(int socket, const void *data, size_t n, int fd);
int fd_receive(int socket, void *data, size_t n, int *fd);
/* The same with several descriptors; what recvmsg(2) returned, and -1 in `fds` where none came. */
enum { FDS_MAX = 4 };
int fd_send_all(int socket, const void *data, size_t n, const int *fds, size_t n_fds);
ssize_t fd_receive_all(int socket, void *data, size_t n, int flags, int fds[FDS_MAX]);

/* All of a regular or /proc file, NUL-terminated, at most `max` bytes; -1 and errno (EFBIG:
 * longer). */
ssize_t fd_read_all(struct pool *p, int fd, size_t max, char **ret);
ssize_t fd_read_path(struct pool *p, const char *path, size_t max, char **ret);
/* open, write, close; for files of /proc, where one write is one value. */
int fd_write_path(int dir, const char *path, const char *text, size_t n);
