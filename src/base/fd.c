/* SPDX-License-Identifier: MIT */
/* Descriptors: see fd.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

void fd_closep(int *fd)
{
	int keep = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = keep;
}

int fd_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

pid_t fd_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

union control {
	char buffer[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int fd_send_all(int socket, const void *data, size_t n, const int *fds, size_t n_fds)
{
	union control control = {0};
	struct iovec part = {(void *)(uintptr_t)data, n};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds) {
		struct cmsghdr *c;

		m.msg_control = control.buffer;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(*fds));
		c = &control.align;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(*fds));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(*fds));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

int fd_send(int socket, const void *data, size_t n, int fd)
{
	return fd_send_all(socket, data, n, &fd, fd >= 0);
}

ssize_t fd_receive_all(int socket, void *data, size_t n, int flags, int fds[FDS_MAX])
{
	union control control = {0};
	struct iovec part = {data, n};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = control.buffer,
			   .msg_controllen = sizeof(control.buffer)};
	struct cmsghdr *c;
	ssize_t got;

	for (int i = 0; i < FDS_MAX; i++)
		fds[i] = -1;
	/* ECONNRESET: see channel_receive. */
	do
		got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | flags);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return got;
}

int fd_receive(int socket, void *data, size_t n, int *fd)
{
	int fds[FDS_MAX];
	ssize_t got = fd_receive_all(socket, data, n, 0, fds);

	*fd = fds[0];
	for (int i = 1; i < FDS_MAX; i++)
		fd_closep(&fds[i]);
	return got < 0 ? -1 : got > 0;
}

ssize_t fd_read_all(struct pool *p, int fd, size_t max, char **ret)
{
	size_t cap = 4096, used = 0;
	char *text = pool_alloc(p, cap);

	for (;;) {
		ssize_t n;

		if (used + 1 >= cap) {
			char *more = pool_alloc(p, 2 * cap);

			memcpy(more, text, used);
			text = more;
			cap *= 2;
		}
		n = read(fd, text + used, cap - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			errno = EFBIG;
			return -1;
		}
	}
	text[used] = '\0';
	*ret = text;
	return (ssize_t)used;
}

ssize_t fd_read_path(struct pool *p, const char *path, size_t max, char **ret)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -1 : fd_read_all(p, fd, max, ret);
}

int fd_write_path(int dir, const char *path, const char *text, size_t n)
{
	_cleanup_fd_ int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, text, n);
	if (done >= 0 && (size_t)done != n)
		errno = EIO;
	return done == (ssize_t)n ? 0 : -1;
}
